"""API keys: made, recognized by their shape, kept as keyed hashes only, revoked.

A key is `sk_`, 32 random characters of base 62 and six of a checksum over them: scanners of leaked secrets know one
when they see it, and a mistyped key is told from a wrong one without asking the ledger.
"""

import hmac
import re
import secrets
import string
import zlib
from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from services.backbone.clock import utc_now
from services.backbone.errors import BadRequest, Conflict, NotFound
from services.backbone.ids import new_id
from services.backbone.ledger.repositories.accounts import Accounts, Keys
from services.backbone.ledger.tables import ApiKey
from services.backbone.settings import settings

PREFIX = "sk_"
# Good ones of an account; beyond what any needs, for each has a rate of its own.
MOST_KEYS = 100

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM, _CHECK = 32, 6
_HINT = len(PREFIX) + 6
_SHAPE = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM + _CHECK}}}")


class Scope(StrEnum):
    """What a key may do; each includes those before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


USUAL_SCOPES = (Scope.READ, Scope.WRITE)
_ORDER = tuple(Scope)


def allows(scopes: Collection[str], needed: Scope) -> bool:
    """Whether a key of these scopes may do what `needed` allows."""
    return any(scope in scopes for scope in _ORDER[_ORDER.index(needed) :])


def make_key() -> str:
    """A new key: 190 random bits."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return f"{PREFIX}{body}{_checksum(body)}"


def is_key(text: str) -> bool:
    """Whether `text` can be a key: its shape, and its checksum."""
    if _SHAPE.fullmatch(text) is None:
        return False
    body = text[len(PREFIX) : -_CHECK]
    return hmac.compare_digest(_checksum(body), text[-_CHECK:])


def digest_of(key: str) -> str:
    """What is kept of a key: its HMAC-SHA256 under the service's secret, in hexadecimal digits."""
    return hmac.digest(settings().secret.get_secret_value().encode(), key.encode(), "sha256").hex()


def create(
    session: Session,
    account_id: str,
    name: str,
    scopes: Collection[str] = USUAL_SCOPES,
    *,
    rate_per_minute: int = 600,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key of an account: its row, and the key itself, which nothing can show again.

    Raises:
        BadRequest: there is no such scope, or it would have expired already.
    """
    unknown = sorted(set(scopes) - set(_ORDER))
    if unknown or not scopes:
        raise BadRequest(f"A key's scopes are {', '.join(_ORDER)}, not {', '.join(unknown) or 'none'}; name some.")
    if expires_at is not None and expires_at <= utc_now():
        raise BadRequest("The key would have expired already; give a time that lies ahead.")
    key = make_key()
    row = ApiKey(
        id=new_id("key"),
        account_id=account_id,
        name=name,
        hint=key[:_HINT],
        digest=digest_of(key),
        scopes=[scope for scope in _ORDER if scope in scopes],
        rate_per_minute=rate_per_minute,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return row, key


def check_room(session: Session, account_id: str) -> None:
    """Before an account makes itself a key. Raises Conflict when it has as many as it may."""
    Accounts(session).lock(account_id)  # so that two at once are counted one after the other
    if Keys(session, account_id).count_good() >= MOST_KEYS:
        raise Conflict(f"The account has {MOST_KEYS} keys that are good, the most it may; revoke one of them.")


def list_keys(
    session: Session, account_id: str, after: str | None = None, limit: int | None = None
) -> Sequence[ApiKey]:
    """The keys of an account, the newest first; all, or so many that were made before the one named."""
    return Keys(session, account_id).page(after, limit)


def revoke(session: Session, account_id: str, key_id: str) -> ApiKey:
    """Make a key good for nothing, from now on.

    Raises:
        NotFound: the account has no such key.
    """
    row = Keys(session, account_id).find(key_id)
    if row is None:
        raise NotFound(f"This account has no key {key_id}; list its keys to see their ids.")
    row.revoked_at = row.revoked_at or utc_now()
    return row


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = []
    for _ in range(_CHECK):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
