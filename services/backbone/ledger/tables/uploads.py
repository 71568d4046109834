"""Uploads on their way in, and assets: objects of the store that are whole."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.backbone.ledger.tables.base import Base, Created, Document, Id, words


class UploadState(StrEnum):
    """What became of an upload."""

    WAITING = "waiting"
    COMPLETED = "completed"
    ABORTED = "aborted"
    EXPIRED = "expired"


class Upload(Base):
    """A film that its owner sends straight to the store, part by part.

    `parts` lists what was declared: number, bytes and, where given, the SHA-256 of each part.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        Index(None, "account_id", "id"),
        Index(None, "state", "expires_at"),
        Index(None, "asset_id"),
        Index(None, "object_key"),
    )

    id: Mapped[Id]
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    state: Mapped[UploadState] = mapped_column(words(UploadState), default=UploadState.WAITING)
    filename: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    parts: Mapped[Document]
    object_key: Mapped[str] = mapped_column(Text)
    store_upload: Mapped[str] = mapped_column(Text)
    asset_id: Mapped[str | None] = mapped_column(ForeignKey("assets.id", ondelete="SET NULL"))
    created_at: Mapped[Created]
    expires_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]


class Asset(Base):
    """An object that is whole in the store: a film that came in, or something a job made.

    `name` says what it is to its job ("film", "stems/ambience.flac", "reading/motion.npz"); a film that came in by
    itself has no job. `public` assets are offered as artifacts. `revision` is the job's when it was made.
    """

    __tablename__ = "assets"
    __table_args__ = (UniqueConstraint("job_id", "name"), Index(None, "account_id"), Index(None, "object_key"))

    id: Mapped[Id]
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE", use_alter=True))
    name: Mapped[str] = mapped_column(String(255))
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    public: Mapped[bool] = mapped_column(default=False, server_default="false")
    object_key: Mapped[str] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(String(120))
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Created]
