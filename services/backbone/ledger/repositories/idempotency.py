"""Queries about requests that were answered before."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.backbone.ledger.tables import IdempotencyKey

# How long an answer is repeated; after that the key is as good as new.
KEPT_FOR = timedelta(hours=24)


class Answers:
    """The answers that one account was given."""

    def __init__(self, session: Session, account_id: str) -> None:
        """Args: session: of the transaction that asks. account_id: whose requests."""
        self._session = session
        self._account_id = account_id

    def hold(self, key: str) -> bool:
        """Whether nobody else works on a request with this key; then nobody does until this transaction ends.

        The lock is the transaction's: it ends with it, and with the process.
        """
        name = func.hashtextextended(f"{self._account_id}:{key}", 0)
        return bool(self._session.scalar(select(func.pg_try_advisory_xact_lock(name))))

    def find(self, key: str) -> IdempotencyKey | None:
        """What was answered to the request with this key."""
        return self._session.scalar(
            select(IdempotencyKey).where(
                IdempotencyKey.account_id == self._account_id,
                IdempotencyKey.key == key,
                IdempotencyKey.created_at > func.now() - KEPT_FOR,
            )
        )

    def keep(self, key: str, fingerprint: str, status: int, body: str, headers: dict[str, str]) -> None:
        """Write down what is answered."""
        self._session.merge(
            IdempotencyKey(
                account_id=self._account_id,
                key=key,
                fingerprint=fingerprint,
                status=status,
                body=body,
                headers=headers,
                created_at=func.now(),
            )
        )
