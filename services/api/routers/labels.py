"""The sounds that can be asked for."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from services.api.auth import Reader
from services.api.problems import problems
from services.api.schemas.labels import LabelList, LabelView
from soundstage.knowledge.base import Match, knowledge

router = APIRouter(prefix="/v1/labels", tags=["labels"])


@router.get("", responses=problems(422))
async def search_labels(
    caller: Reader,
    q: Annotated[str, Query(max_length=500, description="What should be heard, in a few words; all when empty")] = "",
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most")] = 10,
) -> LabelList:
    """Labels by meaning, the nearest first."""
    del caller
    # In a thread: the vectors are loaded when they are first asked for, which takes a moment.
    return LabelList(data=[LabelView.of(match) for match in await asyncio.to_thread(_found, q, limit)])


def _found(words: str, limit: int) -> tuple[Match, ...]:
    if words.strip():
        return knowledge().search(words, limit)
    return tuple(Match(label, 0.0) for label in sorted(knowledge().labels.values(), key=lambda label: label.name))[
        :limit
    ]
