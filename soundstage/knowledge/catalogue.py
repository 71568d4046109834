"""Reads the labels and joins them with the recipes that make them.

`data/labels.yaml` holds families with what their labels share; `data/recipes.yaml` holds, by label name, the recipe,
its parameters, its fidelity and, where the recipe differs from the label, its acoustics.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from soundstage.knowledge.cache import remembered
from soundstage.knowledge.label import Label

DATA = Path(__file__).parent / "data"
_FORMAT = 1  # raise it when the same files would be joined differently
_LABELS = TypeAdapter(tuple[Label, ...])


@dataclass(frozen=True)
class Catalogue:
    """All labels in order, the scenarios with what they are, and recipes that name no label (there should be none)."""

    labels: tuple[Label, ...]
    scenarios: Mapping[str, str]
    strays: tuple[str, ...]


def read_catalogue(folder: Path = DATA) -> Catalogue:
    """Read the data files of a folder; `recipes.yaml` may be missing.

    Raises:
        pydantic.ValidationError: a label breaks the rules of `Label`.
    """
    sources = [_bytes(folder / "labels.yaml"), _bytes(folder / "recipes.yaml")]
    key = hashlib.sha256(b"\0".join([str(_FORMAT).encode(), *sources])).hexdigest()[:32]
    joined = json.loads(remembered(f"labels-{key}.json", lambda: _joined(*sources)))
    return Catalogue(_LABELS.validate_python(joined["labels"]), joined["scenarios"], tuple(joined["strays"]))


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _joined(labels: bytes, recipes: bytes) -> bytes:
    book = yaml.load(labels, yaml.CSafeLoader)
    made = yaml.load(recipes, yaml.CSafeLoader) or {}
    entries = [
        _with_recipe(_entry(kind, family, name, own or {}), made.get(name))
        for kind, family in book["families"].items()
        for name, own in family["labels"].items()
    ]
    strays = sorted(made.keys() - {entry["name"] for entry in entries})
    return json.dumps({"labels": entries, "scenarios": book["scenarios"], "strays": strays}).encode()


def _entry(kind: str, family: Mapping[str, Any], name: str, own: Mapping[str, Any]) -> dict[str, Any]:
    shared = {field: value for field, value in family.items() if field != "labels"}
    acoustics = {**shared.get("acoustics", {}), **own.get("acoustics", {})}
    return {"kind": kind, **shared, **own, "name": name, "acoustics": acoustics}


def _with_recipe(entry: dict[str, Any], recipe: Mapping[str, Any] | None) -> dict[str, Any]:
    if recipe is None:
        return entry
    return {
        **entry,
        "recipe": {"name": recipe["recipe"], "parameters": recipe.get("parameters", {})},
        "fidelity": recipe.get("fidelity", 0.5),
        "acoustics": {**entry["acoustics"], **recipe.get("acoustics", {})},
    }
