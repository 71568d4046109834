"""Who calls: the account of the API key, which must have the scope that the route needs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.api.edge import RATE_HEADERS
from services.api.resources import resources
from services.api.sessions import Session
from services.backbone.errors import Forbidden, TooMany, Unauthorized
from services.backbone.keys import Scope, allows, digest_of, is_key
from services.backbone.ledger.repositories.accounts import Accounts
from services.backbone.limits import Allowance

_bearer = HTTPBearer(
    auto_error=False, scheme_name="key", description="An API key: `Authorization: Bearer sk_…`", bearerFormat="sk_…"
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]

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


def require_room(allowance: Allowance) -> None:
    """Raises TooMany when the key's limit is used up."""
    if allowance.is_used_up:
        raise TooMany(
            f"The API key may make {allowance.rate} {allowance.policy} requests a minute; wait as Retry-After says.",
            wait=allowance.wait,
        )


def _needs(needed: Scope) -> Callable[..., Awaitable[Caller]]:
    async def caller(request: Request, session: Session, credentials: Credentials) -> Caller:
        del credentials  # only for OpenAPI: it does not tell a missing key from a malformed one
        digest = digest_of(key_in(request.headers.get("authorization")))
        key = await session.run_sync(lambda sync: Accounts(sync).holder(digest))
        if key is None:
            raise Unauthorized(NOT_GOOD)
        found = Caller(key.account_id, key.id, tuple(key.scopes), key.rate_per_minute)
        structlog.contextvars.bind_contextvars(account_id=found.account_id, key_id=found.key_id)
        require(found, needed)
        held = resources(request)
        held.uses.note(found.key_id)
        if needed is Scope.READ:
            allowance = held.limits.read(found.key_id, found.rate_per_minute)
        else:
            allowance = await held.limits.write(found.key_id, found.rate_per_minute)
        setattr(request.state, RATE_HEADERS, allowance.headers)
        require_room(allowance)
        return found

    return caller


Reader = Annotated[Caller, Depends(_needs(Scope.READ), scope="function")]
Writer = Annotated[Caller, Depends(_needs(Scope.WRITE), scope="function")]
Admin = Annotated[Caller, Depends(_needs(Scope.ADMIN), scope="function")]
