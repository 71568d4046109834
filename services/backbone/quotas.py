"""What an account may keep and have under way, where the true size and length of a film become known.

A film that is fetched, or that nobody has read yet, counts nothing when its job is taken in; so workers ask here.
"""

import math

from sqlalchemy.orm import Session

from services.backbone.errors import TooMany, Unprocessable
from services.backbone.ledger.repositories.accounts import Accounts
from services.backbone.ledger.repositories.jobs import Jobs
from services.backbone.ledger.repositories.uploads import Uploads
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Account
from services.backbone.settings import settings

_WAIT = 60.0


def bytes_left(session: Session, account: Account) -> float:
    """How many more bytes an account, whose row is locked, may keep; infinite where it has no limit."""
    if account.max_bytes is None:
        return math.inf
    return max(0, account.max_bytes - Uploads(session, account.id).bytes_held())


def most_bytes(account_id: str) -> int:
    """The most bytes that a film may have that is fetched now. Raises TooMany when the account may keep no more."""
    with transaction() as session:
        left = bytes_left(session, Accounts(session).lock(account_id))
    if not left:
        raise TooMany("The account may keep no more bytes; delete jobs first.", wait=_WAIT)
    return int(min(left, settings().max_upload))


def hold_minutes(account_id: str, job_id: str, seconds: float) -> None:
    """Count a film of that length among what the account has under way.

    Raises:
        Unprocessable: it is longer than all that the account may have under way.
        TooMany: it is too long beside the others; worth another try when some have ended.
    """
    with transaction() as session:
        account = Accounts(session).lock(account_id)
        if account.max_minutes is None:
            return
        jobs, minutes, most = Jobs(session, account_id), seconds / 60, account.max_minutes
        if minutes > most:
            raise Unprocessable(
                f"The film has {minutes:.1f} minutes, the account may have {most:g}; give a shorter one."
            )
        if jobs.active_minutes(besides=job_id) + minutes > most:
            raise TooMany(f"The account may have {most:g} minutes of film under way; try again when some have ended.")
        job = jobs.get(job_id, lock=True)
        job.film = {**(job.film or {}), "duration": seconds}
