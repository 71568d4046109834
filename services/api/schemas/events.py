"""What happened to a job, as it is told."""

from typing import Any

from pydantic import Field

from services.api.schemas.base import Moment, View
from services.backbone.ledger.tables import Event


class EventView(View):
    """Something that happened to a job."""

    seq: int = Field(description="Counts from 1 without gaps; the `id` of the server-sent event")
    type: str = Field(description="job.queued, job.running, job.stage, job.progress, job.succeeded, job.failed, ...")
    at: Moment
    data: dict[str, Any]

    @classmethod
    def of(cls, row: Event) -> "EventView":
        """As the ledger has it."""
        return cls(seq=row.seq, type=row.type, at=row.at, data=row.data)


class EventList(View):
    """Events of a job, in order."""

    data: list[EventView]
    has_more: bool = Field(description="Whether more have happened: ask again with `after` the last of these")
