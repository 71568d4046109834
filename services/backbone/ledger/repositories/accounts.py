"""Queries about accounts and their keys."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from services.backbone.ids import is_id, new_id
from services.backbone.ledger.tables import Account, ApiKey

_USE_NOTED_EVERY = timedelta(minutes=1)


class Accounts:
    """All accounts; for operators, and for finding out who calls."""

    def __init__(self, session: Session) -> None:
        """Args: session: of the transaction that asks."""
        self._session = session

    def named(self, name: str) -> Account | None:
        """The account of that name."""
        return self._session.scalar(select(Account).where(Account.name == name))

    def all(self) -> Sequence[Account]:
        """All, the oldest first."""
        return self._session.scalars(select(Account).order_by(Account.id)).all()

    def create(self, name: str) -> Account:
        """A new account without limits of its own."""
        account = Account(id=new_id("acc"), name=name)
        self._session.add(account)
        self._session.flush()
        return account

    def lock(self, account_id: str) -> Account:
        """The account, locked: what is counted against its quotas stands still until the transaction ends."""
        return self._session.scalars(
            select(Account).where(Account.id == account_id).with_for_update(key_share=True)
        ).one()

    def note_use(self, key_id: str) -> None:
        """Write down that a key is used now; at most once a minute, for many requests at once use the same."""
        stale = func.now() - _USE_NOTED_EVERY
        self._session.execute(
            update(ApiKey)
            .where(ApiKey.id == key_id, or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < stale))
            .values(last_used_at=func.now())
        )


class Keys:
    """The keys of one account."""

    def __init__(self, session: Session, account_id: str) -> None:
        """Args: session: of the transaction that asks. account_id: whose keys."""
        self._session = session
        self._account_id = account_id

    def page(self, after: str | None, limit: int | None) -> Sequence[ApiKey]:
        """The newest first, revoked and expired ones too, that were made before the one named; None for all."""
        older = self._own().where(ApiKey.id < after) if after else self._own()
        return self._session.scalars(older.order_by(ApiKey.id.desc()).limit(limit)).all()

    def count_good(self) -> int:
        """How many are neither revoked nor expired."""
        lasting = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now())
        good = self._own().where(ApiKey.revoked_at.is_(None), lasting).subquery()
        return self._session.scalar(select(func.count()).select_from(good)) or 0

    def find(self, key_id: str) -> ApiKey | None:
        """One of them."""
        return self._session.scalar(self._own().where(ApiKey.id == key_id)) if is_id(key_id, "key") else None

    def _own(self) -> Select[ApiKey]:
        return select(ApiKey).where(ApiKey.account_id == self._account_id)
