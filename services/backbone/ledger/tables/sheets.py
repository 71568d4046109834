"""What the studio knows of a job's film: cue sheets, scenes, cues, takes, and all that was said."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.backbone.ledger.tables.base import Base, Created, Document, Id


class Sheet(Base):
    """A job's cue sheet as it stands, and the studio's own (`baseline`), from which edits are told.

    `version` counts every write and is the ETag; `edited_at` is set while a user's edit waits to be rendered.
    """

    __tablename__ = "sheets"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int]
    document: Mapped[Document]
    baseline: Mapped[Document]
    talk: Mapped[str] = mapped_column(Text, default="", server_default="")
    updated_at: Mapped[Created]
    edited_at: Mapped[datetime | None]


class Scene(Base):
    """A scene of the sheet that is being rendered."""

    __tablename__ = "scenes"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int]
    start: Mapped[float]
    end: Mapped[float]
    summary: Mapped[str] = mapped_column(Text)


class Cue(Base):
    """A cue of the sheet that is being rendered: its take, or why it stays silent (neither: still to be made)."""

    __tablename__ = "cues"
    __table_args__ = (Index(None, "take_id"),)

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    scene: Mapped[str] = mapped_column(String(64))
    layer: Mapped[str] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(120))
    start: Mapped[float]
    end: Mapped[float]
    identity: Mapped[str] = mapped_column(String(32))
    take_id: Mapped[str | None] = mapped_column(ForeignKey("takes.id", ondelete="SET NULL"))
    silent: Mapped[str | None] = mapped_column(Text)


class Take(Base):
    """A rendering that was chosen, under the identity of the cues it serves; `record` is the engine's."""

    __tablename__ = "takes"
    __table_args__ = (UniqueConstraint("job_id", "identity"), Index(None, "object_key"))

    id: Mapped[Id]
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    identity: Mapped[str] = mapped_column(String(32))
    step_id: Mapped[str] = mapped_column(String(48))
    attempt: Mapped[int]
    object_key: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    record: Mapped[Document]
    created_at: Mapped[Created]


class Memory(Base):
    """A result of the agents under the hash of its inputs, as the engine's work folder keeps them."""

    __tablename__ = "memories"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    document: Mapped[Document]
    created_at: Mapped[Created]


class Turn(Base):
    """One thing said by an agent; a model's answers come with what they cost."""

    __tablename__ = "agent_turns"
    __table_args__ = (Index(None, "job_id", "position"),)

    id: Mapped[Id]
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    step_id: Mapped[str] = mapped_column(String(48))
    position: Mapped[int]
    role: Mapped[str] = mapped_column(String(24))
    text: Mapped[str] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(String(120))
    prompt_version: Mapped[str | None] = mapped_column(String(40))
    tokens_in: Mapped[int | None]
    tokens_out: Mapped[int | None]
    cost: Mapped[float | None]
    seconds: Mapped[float | None]
    created_at: Mapped[Created]
