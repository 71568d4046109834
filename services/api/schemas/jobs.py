"""Jobs as clients ask for them, and as they are told of them."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from services.api.schemas.base import NO_NUL, Body, Moment, Reference, View
from services.backbone.ledger.tables import JobStatus, Priority
from services.backbone.options import JobOptions, MostDollars, MostTokens

SOURCES = ("upload_id", "url", "s3")

_YEAR = 366 * 24 * 3600
_Event = Literal["job.running", "job.stage", "job.succeeded", "job.failed", "job.canceled", "job.expired"]

Url = Annotated[str, StringConstraints(min_length=9, max_length=2048, pattern=r"^https?://[^\s\x00]+$")]
S3Url = Annotated[
    str, StringConstraints(max_length=1100, pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^\x00-\x1f]{1,1024}$")
]
ClientId = Annotated[str, StringConstraints(max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]
JobId = Annotated[str, Field(description="The job's id, `job_…`", examples=["job_01jdk3w5t7m2q9v8x4c6b1n0za"])]


class JobWebhook(Body):
    """Whom to call about this job alone."""

    url: Url = Field(description="An https address that anybody on the internet can reach")
    events: tuple[_Event, ...] = Field((), max_length=6, description="What to tell; all but job.stage when empty")
    secret: Annotated[str, StringConstraints(max_length=128, pattern=NO_NUL)] | None = Field(
        None, description="Signs the calls (Standard Webhooks, `whsec_…`); one is made when none is given"
    )


class JobTerms(Body):
    """How a film is to be worked, wherever it comes from."""

    options: JobOptions = Field(default_factory=JobOptions, description="How the film is to be dubbed")
    client_id: ClientId | None = Field(None, description="Your own id; unique in your account")
    reference: Reference | None = Field(None, description="Any text of yours; told back, and to be searched for")
    priority: Priority = Field(Priority.NORMAL, description="`bulk` goes only where `normal` leaves room")
    deadline: Moment | None = Field(None, description="When the result is of no use any more: the job then expires")
    webhook: JobWebhook | None = Field(None, description="Whom to call about this job alone")
    expires_in: Annotated[int, Field(ge=60, le=_YEAR)] | None = Field(
        None, description="Seconds for which the job and its files are kept after it ended"
    )


class JobRequest(JobTerms):
    """A job for a film that was uploaded, or that we fetch: exactly one of `upload_id`, `url` and `s3`."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": [name], "properties": {name: {"type": "string"}}} for name in SOURCES],
            "examples": [
                {"upload_id": "up_01jdk3w5t7m2q9v8x4c6b1n0za", "options": {"hint": "a harbour at dawn"}},
                {"url": "https://films.example/harbour.mp4", "reference": "episode 7", "priority": "bulk"},
            ],
        }
    )

    upload_id: Annotated[str, StringConstraints(max_length=48, pattern=NO_NUL)] | None = Field(
        None, description="A completed upload"
    )
    url: Url | None = Field(None, description="An https address from which we fetch the film")
    s3: S3Url | None = Field(None, description="`s3://bucket/key` in a bucket that the operator allows")

    @model_validator(mode="after")
    def _one_source(self) -> "JobRequest":
        given = [name for name in SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of upload_id, url and s3, not {len(given)}")
        return self


class RetryTerms(Body):
    """What a job that is tried again may spend in all; what is not named stays as it was."""

    most_tokens: MostTokens | None = Field(None, description="On models, in tokens asked and answered")
    most_dollars: MostDollars | None = Field(None, description="On models, in US dollars; prices must be known")


class JobForm(JobTerms):
    """A job with its film in one form; `options` and `webhook` are JSON, and all fields may follow the file."""

    file: Annotated[str, Field(json_schema_extra={"format": "binary"})] = Field(description="The film")


class Steps(View):
    """Steps of the present stage."""

    done: int
    total: int


class AgentsUsage(View):
    """What a job has asked of models so far."""

    questions: int
    tokens_in: int
    tokens_out: int
    cost: float | None = Field(description="In US dollars, of the questions whose price is known")
    stood_in: int = Field(description="How often the house cast answered in a model's place")


class JobUsage(View):
    """What a job cost."""

    agents: AgentsUsage


class JobView(View):
    """A job as it stands."""

    id: JobId
    client_id: str | None
    batch_id: str | None
    reference: str | None
    status: JobStatus
    stage: str | None = Field(description="read, describe, storyboard, design, synthesize or mix")
    progress: float = Field(ge=0, le=1, description="How much of the whole is done")
    steps: Steps
    revision: int = Field(description="Rounds of work after the first: renders")
    priority: Priority
    options: dict[str, Any] = Field(description="As given, with the defaults; lines to be spoken are left out")
    source: dict[str, Any] = Field(description="Where the film comes from")
    film: dict[str, Any] | None = Field(description="What was read of the film: container, duration, streams, shots")
    usage: JobUsage | None = Field(description="What the job cost, where it asked models; null else")
    error: dict[str, Any] | None = Field(
        description="Why it failed: kind, detail, stage, and the attempts that were made"
    )
    deadline_at: Moment | None
    expires_at: Moment | None = Field(description="When the job and its files are forgotten")
    created_at: Moment
    queued_at: Moment
    running_at: Moment | None
    succeeded_at: Moment | None
    failed_at: Moment | None
    canceled_at: Moment | None
    expired_at: Moment | None
    status_url: str
    events_url: str
    cancel_url: str
    retry_url: str
    cuesheet_url: str
    artifacts_url: str


class JobCreated(JobView):
    """A job that was just taken in."""

    webhook_secret: str | None = Field(
        None, description="The secret that signs calls to the job's own webhook, when we made it; not shown again"
    )


class JobPage(View):
    """A page of jobs, the newest first."""

    data: list[JobView]
    next_cursor: str | None = Field(description="Give it as `cursor` to get what follows; null at the end")
