"""Batches as clients ask for them, and as they are told of them."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from services.api.documentation import reference
from services.api.schemas.base import Body, Moment, Reference, View
from services.api.schemas.jobs import JobRequest
from services.api.schemas.pages import Page
from services.api.schemas.problems import Problem

MOST_ITEMS = 1000

# Each item is judged by itself: what is no job is refused in the answer, and the others go on.
_ITEM = {"anyOf": [reference(JobRequest), {"description": "Anything else is refused by itself"}]}
_ITEMS = {"type": "array", "minItems": 1, "maxItems": MOST_ITEMS, "items": _ITEM}
# Looked at one by one: what is wrong with one item is told with it, and is no matter to the others.
Items = Annotated[
    list[Any],
    Field(min_length=1, max_length=MOST_ITEMS, description="Jobs; give each a `client_id`, so that none comes twice"),
    WithJsonSchema(_ITEMS),
]
Defaults = Annotated[
    dict[str, Any],
    Field(description="What holds for all items that do not say otherwise: members of a job, `options` one by one"),
]


class BatchItems(Body):
    """Films for a batch."""

    items: Items
    defaults: Defaults = Field(default_factory=dict)


class BatchRequest(BatchItems):
    """A batch with its first films."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reference": "season 2",
                    "defaults": {"priority": "bulk", "options": {"target": -23}},
                    "items": [{"client_id": "s02e01", "url": "https://films.example/s02e01.mp4"}],
                }
            ]
        }
    )

    reference: Reference | None = Field(
        None, description="Your name for it; a batch of that name that is there already is added to"
    )


class BatchCounts(View):
    """How many jobs of a batch have which status."""

    total: int
    queued: int
    running: int
    succeeded: int
    failed: int
    canceled: int
    expired: int


class BatchView(View):
    """A batch as it stands."""

    id: str
    reference: str | None
    created_at: Moment
    canceled_at: Moment | None
    counts: BatchCounts
    refused: int = Field(description="Items that were refused when they came, and did not come again")
    status_url: str
    jobs_url: str = Field(description="Lists its jobs")


class BatchError(View):
    """Why there is no result for an item of a batch."""

    client_id: str | None
    job_id: str | None = Field(description="Null when the item was refused, and no job made of it")
    kind: str = Field(description="As in the type of a problem")
    detail: str
    stage: str | None = Field(description="Where the job failed")


class BatchDetail(BatchView):
    """A batch as it stands, with what went wrong."""

    errors: list[BatchError] = Field(description="The first hundred; see also the jobs that failed")


class BatchPage(Page[BatchView]):
    """A page of batches, the newest first."""


class ItemResult(View):
    """What became of an item."""

    index: int = Field(description="Its place among the items sent")
    client_id: str | None
    outcome: Literal["created", "attached", "refused"] = Field(
        description="attached: the job was there already, of the same request"
    )
    job_id: str | None
    status_url: str | None
    webhook_secret: str | None = Field(None, description="Of the job's own webhook, when we made it; not shown again")
    problem: Problem | None = Field(None, description="Why it was refused; its pointers lead into the body sent")


class BatchTaken(View):
    """A batch, and what became of each item sent."""

    batch: BatchView
    items: list[ItemResult]
