"""The account's API keys; the client's own key must have the scope admin."""

from collections.abc import AsyncGenerator, Sequence

from soundstage.client.core import Core
from soundstage.client.models import Key
from soundstage.client.pages import walk
from soundstage.client.request import delete, post

_KEYS = "/v1/keys"


async def create_key(
    core: Core,
    name: str,
    scopes: Sequence[str] = (),
    *,
    expires_in: int | None = None,
    rate_per_minute: int | None = None,
) -> Key:
    """Make a key; its `key` is told in this answer only.

    Args:
        core: of the client.
        name: what it is for.
        scopes: of read, write and admin, each with those before it; read and write when empty.
        expires_in: seconds until it expires; never when left out.
        rate_per_minute: writes a minute, at most those of the client's own key, and as many when left out.

    Raises:
        Forbidden: the client's key lacks the scope admin.
        Conflict: the account has as many good keys as it may.
    """
    asked = {
        "name": name,
        "scopes": list(scopes) or None,
        "expires_in": expires_in,
        "rate_per_minute": rate_per_minute,
    }
    return await core.ask(post(_KEYS, {word: value for word, value in asked.items() if value is not None}), Key)


def keys(core: Core, *, most: int | None = None) -> AsyncGenerator[Key, None]:
    """The account's keys, newest first, revoked and expired ones too."""
    return walk(core, _KEYS, Key, most)


async def revoke_key(core: Core, id: str) -> None:
    """Make a key good for nothing. Raises Conflict when it is the client's own."""
    await core.send(delete(f"{_KEYS}/{id}"))
