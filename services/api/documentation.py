"""The OpenAPI document: what FastAPI finds by itself, and what it cannot know."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.api.schemas.problems import Problem

_REF = "#/components/schemas/{model}"
# Schemas that no signature names, for the routes read the body themselves or answer with bytes.
_MODELS: list[type[BaseModel]] = [Problem]
# FastAPI's own description of validation errors; ours are problems.
_NOT_OURS = ("HTTPValidationError", "ValidationError")


def describe(*models: type[BaseModel]) -> None:
    """Have the schemas of models in the document, so that routes may refer to them."""
    _MODELS.extend(model for model in models if model not in _MODELS)


def reference(model: type[BaseModel]) -> dict[str, str]:
    """A reference to a described model."""
    return {"$ref": _REF.format(model=model.__name__)}


def install(app: FastAPI) -> None:
    """Replace the app's document by the completed one."""
    plain = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(plain())
        return app.openapi_schema

    app.openapi = complete  # type: ignore[method-assign]


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _NOT_OURS:
        schemas.pop(name, None)
    _, defined = models_json_schema([(model, "validation") for model in _MODELS], ref_template=_REF)
    for name, schema in defined.get("$defs", {}).items():
        schemas.setdefault(name, schema)
    for operation in _operations(document):
        _tell_problems(operation)
    return document


def _operations(document: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def _tell_problems(operation: dict[str, Any]) -> None:
    """FastAPI adds its own 422 wherever something is validated."""
    told = operation["responses"].get("422", {}).get("content", {}).get("application/json")
    if told is not None and told["schema"].get("$ref", "").endswith("HTTPValidationError"):
        operation["responses"]["422"] = {
            "description": "Unprocessable Content",
            "content": {"application/problem+json": {"schema": reference(Problem)}},
        }
