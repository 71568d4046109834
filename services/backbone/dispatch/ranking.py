"""Fair sharing: every job takes a place in line when it comes, over all accounts.

Start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996): an account's jobs are spaced by 1/weight, starting where
the line stands now. Ten thousand films of one account lie one behind the other, and the first film of another account
stands beside the first of them that is not worked yet.
"""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.backbone.ledger.tables import Account, Job, JobStatus


def next_rank(session: Session, account: Account) -> float:
    """The next place for a job of `account`, whose row must be locked; it is taken by the call."""
    return next_ranks(session, account, 1)[0]


def next_ranks(session: Session, account: Account, count: int) -> Sequence[float]:
    """The next places for so many jobs; as `next_rank`."""
    first, gap = max(account.last_rank, _now(session)), 1.0 / account.weight
    account.last_rank = first + count * gap
    return [first + place * gap for place in range(count)]


def _now(session: Session) -> float:
    """Where the line stands: at the latest that is worked; else at the first that waits; else at its end."""
    for place in (
        select(func.max(Job.rank)).where(Job.status == JobStatus.RUNNING),
        select(func.min(Job.rank)).where(Job.status == JobStatus.QUEUED),
        select(func.max(Account.last_rank)),
    ):
        if (rank := session.scalar(place)) is not None:
            return rank
    return 0.0
