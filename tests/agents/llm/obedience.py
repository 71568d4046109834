"""The least value that fits a JSON schema, so that a load test needs no scripted answers."""

import math
from collections.abc import Mapping
from operator import ge, gt, le, lt
from typing import Any

Schema = Mapping[str, Any]
_BOUNDS = {"minimum": ge, "exclusiveMinimum": gt, "maximum": le, "exclusiveMaximum": lt}


def obedient(schema: Schema, word: str = "a") -> dict[str, Any]:
    """The least object that fits: what is required, the first of the choices, null where that may be.

    Free strings are `word`, repeated until it is long enough. A `pattern` is not obeyed.

    Raises:
        ValueError: the schema is not one of an object.
    """
    value = _least(schema, schema, word)
    if not isinstance(value, dict):
        raise ValueError(f"A schema of an object is needed, not one of {type(value).__name__}.")
    return value


def _least(schema: Schema, root: Schema, word: str) -> Any:
    if "$ref" in schema:
        return _least(_pointed(root, schema["$ref"]), root, word)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "allOf" in schema:
        return _least(_joined(schema, root), root, word)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return _least(_simplest(schema[choice]), root, word)
    return _of_type(schema, root, word)


def _pointed(root: Schema, ref: str) -> Schema:
    found: Any = root
    for step in ref.removeprefix("#").split("/")[1:]:
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return dict(found)


def _joined(schema: Schema, root: Schema) -> Schema:
    joined = {name: value for name, value in schema.items() if name != "allOf"}
    for part in schema["allOf"]:
        joined |= _pointed(root, part["$ref"]) if "$ref" in part else part
    return joined


def _simplest(choices: list[Schema]) -> Schema:
    """Null if it may be, for a schema may hold itself; else the first."""
    return next((choice for choice in choices if choice.get("type") == "null"), choices[0])


def _of_type(schema: Schema, root: Schema, word: str) -> Any:
    named = schema.get("type", "object" if "properties" in schema else "string")
    kind = named if isinstance(named, str) else "null" if "null" in named else named[0]
    if kind == "object":
        return {name: _least(schema["properties"][name], root, word) for name in schema.get("required", ())}
    if kind == "array":
        return _items(schema, root, word)
    if kind == "string":
        return _text(schema, word)
    if kind in ("integer", "number"):
        return _number(schema, whole=kind == "integer")
    return False if kind == "boolean" else None


def _items(schema: Schema, root: Schema, word: str) -> list[Any]:
    first = [_least(part, root, word) for part in schema.get("prefixItems", ())]
    missing = schema.get("minItems", 0) - len(first)
    return first + [_least(schema.get("items", {}), root, word) for _ in range(missing)]


def _text(schema: Schema, word: str) -> str:
    least: int = schema.get("minLength", 0)
    repeated = word * max(1, math.ceil(least / len(word)))
    return repeated[: schema.get("maxLength")]


def _number(schema: Schema, *, whole: bool) -> float:
    """Nought if it may be, else the first that may of those by the bounds and between them."""
    low = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf))
    high = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf))
    tried = (0, low, high, low + 1, high - 1, (low + high) / 2)
    if whole:
        tried = (0, *(math.floor(bound) + step for bound in (low, high) if math.isfinite(bound) for step in (0, 1, -1)))
    return next(number for number in tried if math.isfinite(number) and _fits(number, schema))


def _fits(number: float, schema: Schema) -> bool:
    return all(bound not in schema or fits(number, schema[bound]) for bound, fits in _BOUNDS.items())
