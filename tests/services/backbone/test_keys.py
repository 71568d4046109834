from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from services.backbone.clock import utc_now
from services.backbone.errors import BadRequest, NotFound
from services.backbone.keys import Scope, allows, create, digest_of, is_key, list_keys, make_key, revoke
from services.backbone.ledger.sessions import transaction
from services.backbone.settings import Settings, settings
from tests.services import rows


@pytest.fixture
def session(service_settings: Settings) -> Iterator[Session]:
    with transaction() as session:
        yield session


def test_a_key_has_a_prefix_and_no_two_are_alike() -> None:
    keys = {make_key() for _ in range(100)}

    assert len(keys) == 100
    assert all(key.startswith("sk_") and len(key) == 41 and is_key(key) for key in keys)


@given(st.integers(3, 40), st.sampled_from("0123456789ABCxyz"))
def test_a_mistyped_key_is_told_by_its_shape(place: int, instead: str) -> None:
    key = make_key()
    mistyped = key[:place] + instead + key[place + 1 :]

    assert is_key(mistyped) == (mistyped == key)


@given(st.text())
def test_hardly_anything_else_is_a_key(text: str) -> None:
    assert not is_key(text)


def test_the_checksum_is_the_one_that_scanners_of_secrets_know() -> None:
    # CRC32 over the random part, as six digits of base 62 (0-9, A-Z, a-z).
    assert is_key("sk_" + "0" * 32 + _base62(_crc("0" * 32)))


def _crc(text: str) -> int:
    """CRC-32 (ISO 3309) bit by bit."""
    value = 0xFFFFFFFF
    for byte in text.encode():
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def _base62(number: int) -> str:
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return "".join(digits[number // 62**place % 62] for place in reversed(range(6)))


@pytest.mark.parametrize(
    ("scopes", "needed", "is_allowed"),
    [
        ((Scope.READ,), Scope.READ, True),
        ((Scope.READ,), Scope.WRITE, False),
        ((Scope.WRITE,), Scope.READ, True),
        ((Scope.WRITE,), Scope.ADMIN, False),
        ((Scope.ADMIN,), Scope.WRITE, True),
        ((), Scope.READ, False),
    ],
)
def test_a_scope_includes_those_before_it(scopes: tuple[Scope, ...], needed: Scope, is_allowed: bool) -> None:
    assert allows(scopes, needed) is is_allowed


def test_nothing_of_a_key_is_kept_but_its_digest_and_its_beginning(session: Session) -> None:
    row, key = create(session, rows.account(session).id, "backend")

    assert row.digest == digest_of(key)
    assert key.startswith(row.hint)
    assert len(row.hint) == 9
    assert key not in str(vars(row))


def test_the_digest_depends_on_the_service_s_secret(
    service_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = digest_of("sk_1")
    monkeypatch.setenv("SOUNDSTAGE_SECRET", "x" * 40)
    settings.cache_clear()

    assert digest_of("sk_1") != here


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"scopes": ["root"]}, "root"),
        ({"scopes": []}, "none"),
        ({"expires_at": utc_now() - timedelta(seconds=1)}, "expired"),
    ],
)
def test_a_key_that_would_be_good_for_nothing_is_not_made(
    session: Session, more: dict[str, object], message: str
) -> None:
    with pytest.raises(BadRequest, match=message):
        create(session, rows.account(session).id, "backend", **more)


def test_keys_are_listed_and_revoked_by_their_account_only(session: Session) -> None:
    mine, other = rows.account(session), rows.account(session)
    key, _ = create(session, mine.id, "backend")

    with pytest.raises(NotFound):
        revoke(session, other.id, key.id)
    revoked = revoke(session, mine.id, key.id)

    assert revoked.revoked_at is not None
    assert revoke(session, mine.id, key.id).revoked_at == revoked.revoked_at
    assert [each.id for each in list_keys(session, mine.id)] == [key.id]
    assert list(list_keys(session, other.id)) == []
