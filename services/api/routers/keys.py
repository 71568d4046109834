"""The account's API keys, for who holds one of the scope `admin`."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from sqlalchemy.orm import Session as SyncSession

from services.api.auth import Admin, Caller
from services.api.bodies import check_kind
from services.api.problems import problems
from services.api.schemas.keys import KeyPage, KeyRequest, KeyView, KeyWithSecret
from services.api.schemas.pages import USUAL_LIMIT, Cursor, Limit, cut
from services.api.sessions import Session
from services.backbone import keys
from services.backbone.clock import utc_now
from services.backbone.errors import BadRequest, Conflict, Unprocessable
from services.backbone.ledger.tables import ApiKey

router = APIRouter(prefix="/v1/keys", tags=["keys"])

_NOT_TWICE = (
    "A key is shown once, since only a hash of it is kept, so this request cannot be repeated under an "
    "Idempotency-Key; leave the header out, and revoke a key whose answer was lost."
)
_ITSELF = "This is the key that asks; revoke it with another key that has the scope admin, or have the operator do it."


@router.get("", responses=problems(422))
async def list_keys(caller: Admin, session: Session, cursor: Cursor = None, limit: Limit = USUAL_LIMIT) -> KeyPage:
    """The account's keys, newest first, revoked and expired ones too. Needs the scope `admin`, as all about keys."""
    rows = await session.run_sync(lambda sync: keys.list_keys(sync, caller.account_id, cursor, limit + 1))
    shown, following = cut(rows, limit, lambda row: row.id)
    return KeyPage(data=[KeyView.of(row) for row in shown], next_cursor=following)


@router.post("", status_code=201, responses=problems(400, 409, 415, 422), dependencies=[Depends(check_kind)])
async def create_key(request: Request, body: KeyRequest, caller: Admin, session: Session) -> KeyWithSecret:
    """Make a key of the same account. It is shown in this answer only: an `Idempotency-Key` is refused."""
    if "idempotency-key" in request.headers:
        raise BadRequest(_NOT_TWICE)
    row, key = await session.run_sync(lambda sync: _made(sync, caller, body))
    return KeyWithSecret.with_secret(row, key)


def _made(session: SyncSession, caller: Caller, body: KeyRequest) -> tuple[ApiKey, str]:
    keys.check_room(session, caller.account_id)
    return keys.create(
        session,
        caller.account_id,
        body.name,
        body.scopes,
        rate_per_minute=_rate(caller, body.rate_per_minute),
        expires_at=utc_now() + timedelta(seconds=body.expires_in) if body.expires_in is not None else None,
    )


def _rate(caller: Caller, asked: int | None) -> int:
    most = caller.rate_per_minute
    if asked is not None and asked > most:
        raise Unprocessable(
            f"The key that asks may make {most} requests a minute, and none it makes may make more; ask for fewer.",
            pointer="/rate_per_minute",
        )
    return most if asked is None else asked


@router.delete("/{id}", status_code=204, responses=problems(404, 409))
async def revoke_key(
    id: Annotated[str, Path(description="The key's id, `key_…`")], caller: Admin, session: Session
) -> None:
    """Make a key good for nothing, from now on; one that is revoked stays so. The key that asks is not revoked."""
    if id == caller.key_id:
        raise Conflict(_ITSELF)
    await session.run_sync(lambda sync: keys.revoke(sync, caller.account_id, id))
