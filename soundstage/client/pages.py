"""Lists that come in pages, walked as one."""

from collections.abc import AsyncGenerator
from typing import Any, TypeVar

from soundstage.client.core import Core
from soundstage.client.models import Model
from soundstage.client.request import Value, get

Item = TypeVar("Item", bound=Model)

_PAGE = 100


class Page(Model):
    """A part of a list."""

    data: list[dict[str, Any]]
    next_cursor: str | None = None


async def walk(
    core: Core, url: str, model: type[Item], most: int | None = None, **query: Value | list[str] | None
) -> AsyncGenerator[Item, None]:
    """All items of a list, or the first `most`; the next page is asked for when it is needed."""
    cursor: str | None = None
    left = most
    while left is None or left > 0:
        limit = _PAGE if left is None else min(left, _PAGE)
        page = await core.ask(get(url, **query, cursor=cursor, limit=limit), Page)
        for item in page.data:
            yield model.model_validate(item)
        cursor = page.next_cursor
        left = None if left is None else left - len(page.data)
        if cursor is None:
            return
