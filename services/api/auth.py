"""Who calls: the account of the API key, which must have the scope that the route needs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.types import Scope as ASGIScope

from services.api.edge import RATE_HEADERS
from services.api.resources import resources
from services.backbone.errors import Forbidden, TooMany, Unauthorized
from services.backbone.keys import Scope, allows, digest_of, is_key
from services.backbone.limits import Allowance

bearer = HTTPBearer(
    auto_error=False, scheme_name="key", description="An API key: `Authorization: Bearer sk_…`", bearerFormat="sk_…"
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]

NO_KEY = "No API key came with the request; send it as the header Authorization: Bearer sk_…"
NOT_A_KEY = "This is no API key of ours; it begins with sk_ and has 41 characters, check that it is whole."
NOT_GOOD = "The API key is not good: it is unknown, revoked or expired; use another."


@dataclass(frozen=True)
class Caller:
    """The account in whose name a request is made, and its key."""

    account_id: str
    key_id: str
    scopes: tuple[str, ...]
    rate_per_minute: int


def key_in(request_header: str | None) -> str:
    """The key of an Authorization header. Raises Unauthorized when there is none, or nothing like one."""
    if not request_header:
        raise Unauthorized(NO_KEY)
    scheme, _, key = request_header.partition(" ")
    if scheme.lower() != "bearer" or not is_key(key.strip()):
        raise Unauthorized(NOT_A_KEY)
    return key.strip()


def require(caller: Caller, needed: Scope) -> None:
    """Raises Forbidden unless the caller's key has the scope."""
    if not allows(caller.scopes, needed):
        raise Forbidden(f"The API key lacks the scope {needed}; use one that has it.")


def require_room(scope: ASGIScope, allowance: Allowance) -> None:
    """Have the answer tell what is left of the key's limit. Raises TooMany when nothing is."""
    scope.setdefault("state", {})[RATE_HEADERS] = allowance.headers
    if allowance.is_used_up:
        raise TooMany(
            f"The API key may make {allowance.rate} {allowance.policy} requests a minute; wait as Retry-After says.",
            wait=allowance.wait,
        )


def _needs(needed: Scope) -> Callable[..., Awaitable[Caller]]:
    async def caller(request: Request, credentials: Credentials) -> Caller:
        del credentials  # only for OpenAPI: it does not tell a missing key from a malformed one
        held = resources(request)
        key = await held.statuses.holder(digest_of(key_in(request.headers.get("authorization"))))
        if key is None:
            raise Unauthorized(NOT_GOOD)
        found = Caller(key["account_id"], key["key_id"], tuple(key["scopes"]), key["rate_per_minute"])
        structlog.contextvars.bind_contextvars(account=found.account_id, key=found.key_id)
        require(found, needed)
        held.uses.note(found.key_id)
        if needed is Scope.READ:
            allowance = held.limits.read(found.key_id, found.rate_per_minute)
        else:
            allowance = await held.limits.write(found.key_id, found.rate_per_minute)
        require_room(request.scope, allowance)
        return found

    return caller


Reader = Annotated[Caller, Depends(_needs(Scope.READ))]
Writer = Annotated[Caller, Depends(_needs(Scope.WRITE))]
Admin = Annotated[Caller, Depends(_needs(Scope.ADMIN))]
