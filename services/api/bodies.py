"""JSON bodies: of what kind they must be, and those that a route reads itself."""

from collections.abc import Iterator
from typing import Annotated, TypeVar

import pydantic_core
from fastapi import Depends, Request
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from services.api.problems import NO_JSON, pointer_to
from services.backbone.errors import BadRequest, Unprocessable

Model = TypeVar("Model", bound=BaseModel)

_JSON = "application/json"


async def json_body(request: Request, model: type[Model]) -> Model:
    """The body of a request.

    Raises:
        HTTPException: it says that it is of another kind (415).
        BadRequest: it is no JSON.
        ValidationError: it is not what the model asks for.
    """
    check_kind(request)
    return parsed(await request.body(), model)


def check_kind(request: Request) -> None:
    """Raises HTTPException (415) when a body says that it is no JSON; also a dependency of routes."""
    kind = request.headers.get("content-type", _JSON).partition(";")[0].strip().lower()
    if kind != _JSON and not kind.endswith("+json"):
        raise HTTPException(415, f"A body of the type {kind[:80]} is not read here; send {_JSON}.")


async def _whole(request: Request) -> bytes:
    check_kind(request)
    return await request.body()


# Read before the caller is asked for, whose transaction would wait for a slow sender.
WholeBody = Annotated[bytes, Depends(_whole)]


def parsed(text: bytes | str, model: type[Model]) -> Model:
    """A model from its JSON. Raises as `json_body`."""
    return checked(from_json(text), model)


def from_json(text: bytes | str) -> object:
    """Any JSON. Raises BadRequest when it is none."""
    try:
        return pydantic_core.from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest(NO_JSON) from error


def checked(value: object, model: type[Model]) -> Model:
    """A model from what JSON says. Raises as `json_body`."""
    for pointer in _nuls(value, ()):
        raise Unprocessable("A text holds a NUL character; leave it out.", pointer=pointer)
    return model.model_validate(value)


def _nuls(value: object, place: tuple[int | str, ...]) -> Iterator[str]:
    """Where NUL characters stand, which the ledger cannot keep."""
    if isinstance(value, str):
        if "\0" in value:
            yield pointer_to(place)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _nuls(name, place)
            yield from _nuls(inner, (*place, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _nuls(inner, (*place, number))
