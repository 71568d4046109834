"""What the service answers. Fields that a newer service adds are kept and harm nothing."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from soundstage.cuesheet import CueSheet

ACTIVE = ("queued", "running")


class Model(BaseModel):
    """What all answers share."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Fault(Model):
    """One thing that is wrong with a request."""

    detail: str = ""
    pointer: str | None = None
    parameter: str | None = None


class Problem(Model):
    """A problem document (RFC 9457)."""

    type: str = ""
    title: str = ""
    status: int = 0
    detail: str = ""
    instance: str | None = None
    errors: tuple[Fault, ...] | None = None


class Steps(Model):
    """Steps of the present stage."""

    done: int = 0
    total: int = 0


class Job(Model):
    """A film on its way through the pipeline.

    `status` is queued, running, succeeded, failed, canceled or expired; `progress` runs from 0 to 1 over all stages.
    """

    id: str
    status: str
    client_id: str | None = None
    batch_id: str | None = None
    reference: str | None = None
    stage: str | None = None
    progress: float = 0.0
    steps: Steps = Steps()
    revision: int = 0
    priority: str = "normal"
    options: dict[str, Any] = {}
    source: dict[str, Any] = {}
    film: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    deadline_at: datetime | None = None
    expires_at: datetime | None = None
    created_at: datetime | None = None
    queued_at: datetime | None = None
    running_at: datetime | None = None
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    canceled_at: datetime | None = None
    expired_at: datetime | None = None
    webhook_secret: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing happens to it any more, unless it is asked for again."""
        return self.status not in ACTIVE

    @property
    def why(self) -> str:
        """Why it failed, in a sentence."""
        return str((self.error or {}).get("detail") or f"The job {self.status}.")


class Event(Model):
    """Something that happened to a job; `id` says where to go on from."""

    id: str
    type: str
    at: datetime | None = None
    data: dict[str, Any] = {}

    @property
    def is_end(self) -> bool:
        """Whether a round of work is over with it."""
        return self.type in ("job.succeeded", "job.failed", "job.canceled", "job.expired")


class Sheet(Model):
    """A job's cue sheet and its version; give it back with `put_cuesheet` after an edit."""

    etag: str
    document: dict[str, Any]

    @property
    def cuesheet(self) -> CueSheet:
        """As the engine's model. Raises pydantic's ValidationError when the service's is newer than this package."""
        return CueSheet.model_validate(self.document)


class Endpoint(Model):
    """An address that is called when something happens; `secret` is told only when it was just made."""

    id: str
    url: str
    job_id: str | None = None
    events: tuple[str, ...] = ()
    state: str = "enabled"
    disabled_why: str | None = None
    failing_since: datetime | None = None
    old_secret_until: datetime | None = None
    created_at: datetime | None = None
    secret: str | None = None


class Delivery(Model):
    """One attempt to deliver a message."""

    id: str
    message_id: str
    endpoint_id: str
    state: str
    type: str = ""
    job_id: str | None = None
    number: int = 1
    due_at: datetime | None = None
    attempted_at: datetime | None = None
    status_code: int | None = None
    response: str | None = None
    error: str | None = None
    seconds: float | None = None


class Key(Model):
    """An API key; `hint` is its beginning, and `key` itself is told only when it was just made."""

    id: str
    name: str = ""
    hint: str = ""
    scopes: tuple[str, ...] = ()
    rate_per_minute: int = 0
    created_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    key: str | None = None


class Artifact(Model):
    """A file that a job made; `name` is a relative path. `presigned_url` leads to the store, for a while only."""

    name: str
    bytes: int
    sha256: str
    presigned_url: str
    content_type: str = "application/octet-stream"
    revision: int = 0
    created_at: datetime | None = None
    expires_at: datetime | None = None


class Turn(Model):
    """One thing said by an agent; `model` is None for the house cast."""

    position: int
    role: str
    text: str
    model: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    seconds: float | None = None
    at: datetime | None = None


class Part(Model):
    """Where a part of an upload is to be sent, and how."""

    number: int
    size: int
    method: str = "PUT"
    url: str
    headers: dict[str, str] = {}
    expires_at: datetime | None = None


class ArrivedPart(Model):
    """A part that is in the store."""

    number: int
    size: int


class Upload(Model):
    """A film on its way into the store; `state` is waiting, completed, aborted or expired.

    `arrived` is told by `find_upload`, `parts` (the first hundred at most) when it is begun.
    """

    id: str
    state: str
    filename: str = ""
    size: int = 0
    part_count: int = 0
    arrived: tuple[ArrivedPart, ...] = ()
    parts: tuple[Part, ...] = ()
    created_at: datetime | None = None
    expires_at: datetime | None = None
    completed_at: datetime | None = None


class Batch(Model):
    """Many jobs under one reference; `counts` by status, and in total."""

    id: str
    reference: str | None = None
    counts: dict[str, int] = {}
    refused: int = 0
    errors: tuple[dict[str, Any], ...] = ()
    created_at: datetime | None = None
    canceled_at: datetime | None = None


class Taken(Model):
    """What became of one item of a batch: `created`, `attached` to a job that was there, or `refused`."""

    index: int
    outcome: str
    client_id: str | None = None
    job_id: str | None = None
    webhook_secret: str | None = None
    problem: Problem | None = None


class BatchTaken(Model):
    """A batch, and what became of each item that was sent."""

    batch: Batch
    items: tuple[Taken, ...]


class Label(Model):
    """A sound label of the knowledge base, and how well it fits what was asked for."""

    name: str
    similarity: float = 1.0
