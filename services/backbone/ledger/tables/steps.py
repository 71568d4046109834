"""Steps, their attempts, the outbox that dispatches them, and the workers that claim them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from services.backbone.ledger.tables.base import Base, Created, Document, Id, words


class StepState(StrEnum):
    """How a step stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


class Outcome(StrEnum):
    """How an attempt ended."""

    DONE = "done"
    FAILED = "failed"
    LOST = "lost"
    HANDED_BACK = "handed-back"
    CANCELED = "canceled"


class Step(Base):
    """A unit of work that a worker claims.

    `kind` names its handler, `key` tells it from others of its kind, `unit` says what to work on. `attempt` is the
    fencing token: only the attempt that holds the lease may write. `rank` orders the queue over all accounts.
    `failures` count against the limit of attempts; being handed back does not.
    """

    __tablename__ = "steps"
    __table_args__ = (
        UniqueConstraint("job_id", "revision", "kind", "key"),
        Index("ix_steps_runnable", "queue", "rank", "position", postgresql_where=text("state = 'queued'")),
        Index("ix_steps_leases", "lease_expires_at", postgresql_where=text("state = 'running'")),
        Index("ix_steps_busy", "account_id", postgresql_where=text("state = 'running'")),
    )

    id: Mapped[Id]
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    stage: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(80), default="", server_default="")
    queue: Mapped[str] = mapped_column(String(16))
    rank: Mapped[float]
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    weight: Mapped[float] = mapped_column(default=1.0, server_default="1")
    unit: Mapped[Document]
    state: Mapped[StepState] = mapped_column(words(StepState), default=StepState.QUEUED)
    attempt: Mapped[int] = mapped_column(default=0, server_default="0")
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    progress: Mapped[float] = mapped_column(default=0.0, server_default="0")
    not_before: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_expires_at: Mapped[datetime | None]
    worker_id: Mapped[str | None] = mapped_column(String(80))
    error: Mapped[Document | None]
    created_at: Mapped[Created]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Attempt(Base):
    """One claim of a step."""

    __tablename__ = "attempts"

    step_id: Mapped[str] = mapped_column(ForeignKey("steps.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    worker_id: Mapped[str] = mapped_column(String(80))
    started_at: Mapped[Created]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None] = mapped_column(words(Outcome))
    error: Mapped[Document | None]


class Outbox(Base):
    """A message to be sent to a queue once the transaction that wrote it is committed; its id is the task's."""

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "created_at"),)

    id: Mapped[Id]
    queue: Mapped[str] = mapped_column(String(16))
    traceparent: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[Created]


class Worker(Base):
    """A process that works, as its last heartbeat tells; `draining` asks it to hand its step back."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    host: Mapped[str] = mapped_column(String(120))
    queues: Mapped[list[str]]
    ready: Mapped[bool] = mapped_column(default=False, server_default="false")
    draining: Mapped[bool] = mapped_column(default=False, server_default="false")
    info: Mapped[Document | None]
    started_at: Mapped[Created]
    heartbeat_at: Mapped[Created]
