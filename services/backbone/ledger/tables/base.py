"""What all tables share: naming of constraints, types of columns, ids and times."""

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import DateTime, Enum, MetaData, String, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Id = Annotated[str, mapped_column(String(48), primary_key=True)]
Created = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
Document = dict[str, Any]


class Base(DeclarativeBase):
    """All tables of the ledger."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 -- SQLAlchemy declares it so
        datetime: DateTime(timezone=True),
        Document: JSONB(none_as_null=True),
        list[str]: ARRAY(String),
    }


def words(kind: type) -> Enum:
    """A column of one of the words of a StrEnum, kept as text with a check."""
    return Enum(
        kind,
        native_enum=False,
        length=16,
        create_constraint=True,
        values_callable=lambda members: [m.value for m in members],
    )
