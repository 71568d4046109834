"""Jobs, their batches and events, and requests that were answered before."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.backbone.ledger.tables.base import Base, Created, Document, Id, words


class JobStatus(StrEnum):
    """How a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Whether nothing happens to the job any more, unless it is asked for again."""
        return self not in ACTIVE


ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING)


class Priority(StrEnum):
    """Which queues carry a job: `bulk` goes only where `normal` leaves room."""

    NORMAL = "normal"
    BULK = "bulk"


class Batch(Base):
    """Many jobs under one reference of the client's."""

    __tablename__ = "batches"
    __table_args__ = (UniqueConstraint("account_id", "reference"), Index(None, "account_id", "id"))

    id: Mapped[Id]
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    reference: Mapped[str | None] = mapped_column(String(500))
    errors: Mapped[Document]
    created_at: Mapped[Created]
    canceled_at: Mapped[datetime | None]


class Job(Base):
    """One film through the pipeline.

    `revision` counts the rounds of work: 0 is the first, each new render or retry is another. `rank` is its place in
    line; all its steps inherit it. `event_seq` is the number of its last event. `steps_done` of `steps_total` count
    the present stage. `options` are those of `JobOptions`, `source` says where the film comes from, `film` what was
    read of it, `usage` what it cost. `keep` is how many seconds it is kept once it has ended, where it says so itself.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("account_id", "client_id"),
        Index(None, "account_id", "id"),
        Index(None, "account_id", "status"),
        Index(None, "account_id", "reference", postgresql_where=text("reference is not null")),
        Index(None, "asset_id"),
        Index(None, "batch_id", "status"),
        Index("ix_jobs_active_rank", "rank", postgresql_where=text("status in ('queued', 'running')")),
        Index("ix_jobs_deadline_at", "deadline_at", postgresql_where=text("status in ('queued', 'running')")),
        Index(None, "expires_at"),
    )

    id: Mapped[Id]
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    client_id: Mapped[str | None] = mapped_column(String(128))
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("batches.id", ondelete="SET NULL"))
    reference: Mapped[str | None] = mapped_column(String(500))
    status: Mapped[JobStatus] = mapped_column(words(JobStatus), default=JobStatus.QUEUED)
    stage: Mapped[str | None] = mapped_column(String(16))
    progress: Mapped[float] = mapped_column(default=0.0, server_default="0")
    steps_done: Mapped[int] = mapped_column(default=0, server_default="0")
    steps_total: Mapped[int] = mapped_column(default=0, server_default="0")
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    priority: Mapped[Priority] = mapped_column(words(Priority), default=Priority.NORMAL)
    rank: Mapped[float]
    options: Mapped[Document]
    source: Mapped[Document]
    asset_id: Mapped[str | None] = mapped_column(ForeignKey("assets.id", ondelete="SET NULL"))
    film: Mapped[Document | None]
    usage: Mapped[Document | None]
    error: Mapped[Document | None]
    fingerprint: Mapped[str] = mapped_column(String(64), default="", server_default="")
    event_seq: Mapped[int] = mapped_column(default=0, server_default="0")
    traceparent: Mapped[str | None] = mapped_column(String(64))
    keep: Mapped[float | None]
    cancel_requested_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[Created]
    queued_at: Mapped[Created]
    running_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    canceled_at: Mapped[datetime | None]
    expired_at: Mapped[datetime | None]


class Event(Base):
    """Something that happened to a job; `seq` counts from 1 without gaps, in the order of the commits."""

    __tablename__ = "events"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(40))
    data: Mapped[Document]
    at: Mapped[Created]


class IdempotencyKey(Base):
    """A request of a client that named a key: what it was, and what was answered (None while it is worked on)."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index(None, "created_at"),)

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    body: Mapped[str | None] = mapped_column(Text)
    headers: Mapped[Document | None]
    created_at: Mapped[Created]
