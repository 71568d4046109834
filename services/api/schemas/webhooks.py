"""Webhook endpoints and deliveries, as they are sent and answered."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from services.api.schemas.base import Body, View
from services.api.schemas.jobs import Url
from services.api.schemas.pages import Page
from services.backbone.ledger.tables import Delivery, DeliveryState, Endpoint, EndpointState, Message

EventType = Literal["job.running", "job.succeeded", "job.failed", "job.canceled", "job.expired", "job.stage"]
Events = Annotated[
    tuple[EventType, ...],
    Field(max_length=6, description="What it is told of; when empty all but `job.stage`"),
]
_SECRET = "`whsec_…`, to verify signatures with (Standard Webhooks); shown this once"


class EndpointRequest(Body):
    """An endpoint to be called."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "https://example.com/hooks/soundstage", "events": ["job.succeeded"]}]},
    )

    url: Url = Field(description="An https URL that anybody can reach, on port 443 or 8443")
    events: Events = ()


class EndpointChange(Body):
    """What is to be changed of an endpoint; what is left out stays."""

    url: Url | None = Field(None, description="An https URL that anybody can reach, on port 443 or 8443")
    events: Events | None = None


class EndpointView(View):
    """An endpoint."""

    id: str
    job_id: str | None = Field(description="The only job that it is told of")
    url: str
    events: list[str] = Field(description="What it is told of; when empty all but `job.stage`")
    state: EndpointState = Field(description="Disabled ones are not called, see `disabled_why`")
    disabled_why: str | None
    failing_since: datetime | None = Field(description="Since when all attempts failed; after 5 days it is disabled")
    old_secret_until: datetime | None = Field(description="Until when messages are signed with the old secret too")
    created_at: datetime

    @classmethod
    def of(cls, row: Endpoint) -> "EndpointView":
        """As the ledger has it."""
        return cls(**_columns(row))


class EndpointPage(Page[EndpointView]):
    """A page of endpoints, the newest first."""


class EndpointWithSecret(EndpointView):
    """A new endpoint, or one with a new secret."""

    secret: str = Field(description=_SECRET)

    @classmethod
    def with_secret(cls, row: Endpoint, secret: str) -> "EndpointWithSecret":
        """As the ledger has it, with the secret, which the ledger does not show."""
        return cls(**_columns(row), secret=secret)


class DeliveryView(View):
    """One attempt to deliver a message."""

    id: str
    message_id: str = Field(description="The `webhook-id` header; the same at all attempts")
    endpoint_id: str
    job_id: str | None
    type: str
    number: int = Field(description="Counts the attempts of a series, from 1")
    state: DeliveryState = Field(
        description="`failed`: see the next attempt, if there is one; `dropped`: the endpoint was disabled before"
    )
    due_at: datetime
    attempted_at: datetime | None
    status_code: int | None = Field(description="What the endpoint answered")
    response: str | None = Field(description="The beginning of its answer's body")
    error: str | None
    seconds: float | None = Field(description="How long the attempt took")
    created_at: datetime

    @classmethod
    def of(cls, row: Delivery, message: Message) -> "DeliveryView":
        """As the ledger has it."""
        return cls(
            id=row.id,
            message_id=row.message_id,
            endpoint_id=row.endpoint_id,
            job_id=message.job_id,
            type=message.type,
            number=row.number,
            state=row.state,
            due_at=row.due_at,
            attempted_at=row.attempted_at,
            status_code=row.status_code,
            response=row.response,
            error=row.error,
            seconds=row.seconds,
            created_at=row.created_at,
        )


class DeliveryPage(Page[DeliveryView]):
    """A page of attempts, the newest first."""


def _columns(row: Endpoint) -> dict[str, Any]:
    return {
        "id": row.id,
        "job_id": row.job_id,
        "url": row.url,
        "events": row.events,
        "state": row.state,
        "disabled_why": row.disabled_why,
        "failing_since": row.failing_since,
        "old_secret_until": row.previous_until,
        "created_at": row.created_at,
    }
