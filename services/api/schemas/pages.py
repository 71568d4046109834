"""Lists in pages: newest first, each page naming where the next begins."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import Field

from services.api.schemas.base import View

Item = TypeVar("Item")
Row = TypeVar("Row")

_RANDOM = "[0-9a-hjkmnp-tv-z]{26}"
JOB_ID = f"^job_{_RANDOM}$"

Cursor = Annotated[
    str | None,
    Query(pattern=f"^[a-z]+_{_RANDOM}$", description="`next_cursor` of the page before; none for the first"),
]
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most")]
USUAL_LIMIT = 20


class Page(View, Generic[Item]):
    """A part of a list."""

    data: list[Item]
    next_cursor: str | None = Field(description="Give it as `cursor` to get what follows; null at the end")


def cut(rows: Sequence[Row], limit: int, id_of: Callable[[Row], str]) -> tuple[Sequence[Row], str | None]:
    """A page of rows, and where the next begins; one row more than `limit` was asked for, to know whether it does."""
    shown = rows[:limit]
    return shown, id_of(shown[-1]) if len(rows) > limit else None
