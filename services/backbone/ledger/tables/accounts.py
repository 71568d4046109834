"""Accounts and their API keys."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.backbone.ledger.tables.base import Base, Created, Id


class Account(Base):
    """Whose films they are, and how much of the house they may use at once.

    `concurrency` limits steps that run at the same time; `weight` is its share beside other accounts; `last_rank` is
    where its latest job's place in line ends (start-time fair queueing). None as a limit is none.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("weight > 0", "weight"),
        CheckConstraint("least(concurrency, max_jobs, max_minutes, max_bytes) >= 0", "limits"),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(120), unique=True)
    created_at: Mapped[Created]
    concurrency: Mapped[int] = mapped_column(default=64, server_default="64")
    weight: Mapped[float] = mapped_column(default=1.0, server_default="1")
    last_rank: Mapped[float] = mapped_column(default=0.0, server_default="0")
    max_jobs: Mapped[int | None] = mapped_column(default=None)
    max_minutes: Mapped[float | None] = mapped_column(default=None)
    max_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)


class ApiKey(Base):
    """A key of an account; only `digest`, a keyed hash of it, is kept. `hint` is its visible beginning."""

    __tablename__ = "api_keys"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[Id]
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    hint: Mapped[str] = mapped_column(String(24))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    rate_per_minute: Mapped[int] = mapped_column(default=600, server_default="600")
    created_at: Mapped[Created]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
