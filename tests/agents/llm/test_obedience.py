from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agents.llm.obedience import obedient

NODE = {
    "type": "object",
    "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}},
    "required": ["next"],
}
BOUNDS = st.floats(-1e6, 1e6)


def of(part: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"value": part}, "required": ["value"], **more}


@pytest.mark.parametrize(
    ("part", "value"),
    [
        pytest.param({"enum": ["near", "far"]}, "near", id="enum"),
        pytest.param({"const": 3}, 3, id="const"),
        pytest.param({"type": "string"}, "a", id="string"),
        pytest.param({"type": "string", "minLength": 4}, "aaaa", id="long string"),
        pytest.param({"type": "string", "maxLength": 0}, "", id="empty string"),
        pytest.param({"type": ["string", "null"]}, None, id="string or null"),
        pytest.param({"anyOf": [{"type": "integer"}, {"type": "string"}]}, 0, id="first choice"),
        pytest.param({"type": "array", "items": {"type": "boolean"}}, [], id="empty array"),
        pytest.param({"type": "array", "items": {"type": "boolean"}, "minItems": 2}, [False, False], id="array"),
        pytest.param({"type": "array", "prefixItems": [{"type": "integer"}]}, [0], id="pair"),
        pytest.param({"type": "integer", "minimum": 3}, 3, id="at least"),
        pytest.param({"type": "integer", "exclusiveMinimum": 3}, 4, id="above"),
        pytest.param({"type": "number", "maximum": -5.5}, -5.5, id="at most"),
        pytest.param({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5, id="between"),
        pytest.param({"allOf": [{"type": "integer"}, {"minimum": 2}]}, 2, id="all of"),
    ],
)
def test_least_value(part: dict[str, Any], value: object):
    assert obedient(of(part)) == {"value": value}
    jsonschema.validate({"value": value}, of(part))


def test_definition_that_holds_itself():
    assert obedient(of({"$ref": "#/$defs/Node"}, **{"$defs": {"Node": NODE}})) == {"value": {"next": None}}


def test_only_what_is_required():
    assert obedient({"type": "object", "properties": {"note": {"type": "string"}}}) == {}


def test_schema_of_no_object():
    with pytest.raises(ValueError, match="object"):
        obedient({"type": "string"})


@given(st.tuples(BOUNDS, BOUNDS).map(sorted), st.sampled_from(["minimum", "exclusiveMinimum"]), st.booleans())
def test_number_lies_in_its_bounds(bounds: list[float], lower: str, whole: bool):
    low, high = bounds
    schema = of({"type": "integer" if whole else "number", lower: low, "maximum": high + 2})
    jsonschema.validate(obedient(schema), schema)
