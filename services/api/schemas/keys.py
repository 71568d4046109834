"""API keys, as they are asked for and told of."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from services.api.schemas.base import NO_NUL, Body, View
from services.api.schemas.pages import Page
from services.backbone.keys import USUAL_SCOPES, Scope
from services.backbone.ledger.tables import ApiKey

_TEN_YEARS = 3650 * 24 * 3600
_SCOPES = "What it may do: `read`, `write`, `admin` (keys); each includes those before it"


class KeyRequest(Body):
    """A key to be made."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "the player", "scopes": ["read"], "expires_in": 7776000}]}
    )

    name: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=NO_NUL)] = Field(
        description="What it is for, in your words"
    )
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=len(Scope))] = Field(
        USUAL_SCOPES, description=_SCOPES
    )
    expires_in: Annotated[int, Field(ge=60, le=_TEN_YEARS)] | None = Field(
        None, description="Seconds until it expires; never when left out"
    )
    rate_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="Writes a minute, and ten times as many reads; at most, and else, those of the key that asks"
    )


class KeyView(View):
    """A key; of itself only the beginning is known."""

    id: str
    name: str
    hint: str = Field(description="How the key begins")
    scopes: list[Scope] = Field(description=_SCOPES)
    rate_per_minute: int = Field(description="Writes a minute, and ten times as many reads")
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute")

    @classmethod
    def of(cls, row: ApiKey) -> "KeyView":
        """As the ledger has it."""
        return cls(**_columns(row))


class KeyPage(Page[KeyView]):
    """A page of keys, the newest first."""


class KeyWithSecret(KeyView):
    """A new key."""

    key: str = Field(description="`sk_…`, the key itself; shown this once")

    @classmethod
    def with_secret(cls, row: ApiKey, key: str) -> "KeyWithSecret":
        """As the ledger has it, with the key, of which the ledger keeps a hash only."""
        return cls(**_columns(row), key=key)


def _columns(row: ApiKey) -> dict[str, Any]:
    return {name: getattr(row, name) for name in KeyView.model_fields}
