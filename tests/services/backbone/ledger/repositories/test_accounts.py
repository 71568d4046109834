from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.backbone.clock import utc_now
from services.backbone.keys import create
from services.backbone.ledger.repositories.accounts import Accounts, Keys
from services.backbone.ledger.tables import ApiKey
from services.backbone.settings import Settings


def test_accounts_are_found_by_name(session: Session) -> None:
    made = Accounts(session).create("house")

    assert Accounts(session).named("house") is made
    assert Accounts(session).named("nobody") is None
    assert made in Accounts(session).all()


def test_a_use_is_written_at_most_once_a_minute(session: Session, service_settings: Settings) -> None:
    accounts = Accounts(session)
    key, _ = create(session, accounts.create("house").id, "backend")

    accounts.note_use(key.id)
    session.refresh(key)
    first = key.last_used_at
    assert first is not None

    long_ago = first - timedelta(seconds=59)
    session.execute(update(ApiKey).values(last_used_at=long_ago))
    accounts.note_use(key.id)
    session.refresh(key)
    assert key.last_used_at == long_ago

    session.execute(update(ApiKey).values(last_used_at=first - timedelta(seconds=61)))
    accounts.note_use(key.id)
    session.refresh(key)
    assert key.last_used_at == first


def test_only_keys_that_are_neither_revoked_nor_expired_count(session: Session, service_settings: Settings) -> None:
    account = Accounts(session).create("house")
    lasting, expired, revoked, _ = (create(session, account.id, name)[0] for name in "abcd")
    lasting.expires_at, expired.expires_at = (utc_now() + timedelta(hours=step) for step in (1, -1))
    revoked.revoked_at = utc_now()

    assert Keys(session, account.id).count_good() == 2
    assert Keys(session, Accounts(session).create("other").id).count_good() == 0
