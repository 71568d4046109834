"""The first account of a service on one machine, and the key that its user's commands use."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.backbone.clock import utc_now
from services.backbone.keys import Scope, create, digest_of, is_key, list_keys
from services.backbone.ledger.repositories.accounts import Accounts
from services.backbone.ledger.sessions import transaction
from soundstage.client.saved import Connection, save, saved
from soundstage.errors import StorageError

ACCOUNT = "home"
_KEY_NAME = "soundstage up"
# One user on one machine: the limit is only against loops gone wild.
_RATE_PER_MINUTE = 60_000


@dataclass(frozen=True)
class Introduction:
    """How the user's commands reach the service; `is_new` when the key was made just now."""

    account_id: str
    connection: Connection
    is_new: bool
    note: str


def introduce(url: str) -> Introduction:
    """Find the key that is noted, or make one, and note it with the service's address."""
    noted = saved()
    with transaction() as session:
        accounts = Accounts(session)
        account = accounts.named(ACCOUNT) or accounts.create(ACCOUNT)
        key = noted.key if noted and _is_good(session, account.id, noted.key) else None
        is_new = key is None
        if key is None:
            _, key = create(session, account.id, _KEY_NAME, (Scope.ADMIN,), rate_per_minute=_RATE_PER_MINUTE)
    connection = Connection(url, key)
    return Introduction(account.id, connection, is_new, _note(connection))


def _is_good(session: Session, account_id: str, key: str) -> bool:
    """Whether a key that was noted is one of this very service's, and still good."""
    digest, now = digest_of(key), utc_now()
    return is_key(key) and any(
        row.digest == digest and row.revoked_at is None and (row.expires_at is None or row.expires_at > now)
        for row in list_keys(session, account_id)
    )


def _note(connection: Connection) -> str:
    try:
        return f"The other commands find it by {save(connection)}."
    except StorageError as error:
        return f"{error} Until then, give the other commands --url and --key."
