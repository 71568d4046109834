"""Webhook endpoints, the messages for them, and one row for each attempt to deliver one."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.backbone.ledger.tables.base import Base, Created, Document, Id, words


class EndpointState(StrEnum):
    """Whether an endpoint is called."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class DeliveryState(StrEnum):
    """How an attempt to deliver stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"


class Endpoint(Base):
    """An address that an account wants to be called at; with a `job_id`, for that job only.

    Secrets are sealed with the service's own (see `services.backbone.webhooks`). While `previous_until` lies ahead,
    messages are signed with both secrets. `failing_since` starts the clock that disables it.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (Index(None, "account_id"), Index(None, "job_id"))

    id: Mapped[Id]
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[list[str]]
    secret: Mapped[str] = mapped_column(Text)
    previous_secret: Mapped[str | None] = mapped_column(Text)
    previous_until: Mapped[datetime | None]
    state: Mapped[EndpointState] = mapped_column(words(EndpointState), default=EndpointState.ENABLED)
    disabled_why: Mapped[str | None] = mapped_column(Text)
    failing_since: Mapped[datetime | None]
    created_at: Mapped[Created]


class Message(Base):
    """What an account is told; the same id over all attempts and endpoints."""

    __tablename__ = "webhook_messages"
    __table_args__ = (Index(None, "account_id", "id"),)

    id: Mapped[Id]
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    job_id: Mapped[str | None] = mapped_column(String(48))
    type: Mapped[str] = mapped_column(String(40))
    payload: Mapped[Document]
    created_at: Mapped[Created]


class Delivery(Base):
    """One attempt to deliver a message to an endpoint; pending ones wait for `due_at`."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index(None, "endpoint_id", "id"),
        Index(None, "message_id"),
        Index("ix_webhook_deliveries_due", "due_at", postgresql_where=text("state = 'pending'")),
    )

    id: Mapped[Id]
    message_id: Mapped[str] = mapped_column(ForeignKey("webhook_messages.id", ondelete="CASCADE"))
    endpoint_id: Mapped[str] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    number: Mapped[int]
    state: Mapped[DeliveryState] = mapped_column(words(DeliveryState), default=DeliveryState.PENDING)
    due_at: Mapped[datetime]
    lease_expires_at: Mapped[datetime | None]
    status_code: Mapped[int | None]
    response: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    seconds: Mapped[float | None]
    created_at: Mapped[Created]
    attempted_at: Mapped[datetime | None]
