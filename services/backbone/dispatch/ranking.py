"""Fair sharing: every job takes a place in line when it comes, over all accounts.

Start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996): an account's jobs are spaced by 1/weight, starting where
the line stands now. Ten thousand films of one account lie one behind the other, and the first film of another account
stands beside the first of them that is not worked yet.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.backbone.ledger.tables import ACTIVE, Account, Job


def next_rank(session: Session, account: Account) -> float:
    """The next place for a job of `account`, whose row must be locked; it is taken by the call."""
    now = session.scalar(select(func.min(Job.rank)).where(Job.status.in_(ACTIVE))) or 0.0
    account.last_rank = max(account.last_rank, now) + 1.0 / account.weight
    return account.last_rank
