import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from services.backbone.errors import BadRequest
from services.backbone.webhooks.signing import check_secret, make_secret, sign, verify

SECRET, OTHER = (f"whsec_{base64.b64encode(bytes(range(start, start + 32))).decode()}" for start in (0, 100))
IDS = st.from_regex(r"[A-Za-z0-9_]{1,40}", fullmatch=True)


def now() -> datetime:
    return datetime.now(UTC)


def by_hand(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """The specification, in its own words: base64 of HMAC-SHA256 of `id.timestamp.body`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


@given(IDS, st.text().map(str.encode), st.integers(24, 64))
def test_what_is_signed_verifies(message_id: str, body: bytes, size: int) -> None:
    secret = make_secret(size)
    headers = sign(message_id, now(), body, [secret])
    assert verify(headers, body, [secret])
    assert headers["webhook-signature"] == by_hand(secret, message_id, headers["webhook-timestamp"], body)


def test_a_known_delivery() -> None:
    at = datetime(2021, 2, 25, 12, 0, 30, tzinfo=UTC)
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}', [secret])
    expected = by_hand(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614254430", b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614254430",
        "webhook-signature": expected,
    }


@pytest.mark.parametrize("hours", [-11, 0, 5.5])
def test_the_time_zone_makes_no_difference(hours: float) -> None:
    at = now().astimezone(timezone(timedelta(hours=hours)))
    assert verify(sign("msg_1", at, b"{}", [SECRET]), b"{}", [SECRET])


def test_during_a_rotation_either_secret_verifies() -> None:
    headers = sign("msg_1", now(), b"{}", [SECRET, OTHER])
    assert len(headers["webhook-signature"].split(" ")) == 2
    assert verify(headers, b"{}", [SECRET])
    assert verify(headers, b"{}", [OTHER])
    assert not verify(headers, b"{}", [make_secret()])


def test_a_receiver_may_know_two_secrets() -> None:
    assert verify(sign("msg_1", now(), b"{}", [SECRET]), b"{}", [OTHER, SECRET])


def test_the_package_alone_verifies_it() -> None:
    Webhook(SECRET).verify(b"{}", sign("msg_1", now(), b"{}", [OTHER, SECRET]))


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "99999999999"},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "now"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,a,b"},
        {"webhook-signature": "v1,===="},
        {"webhook-signature": "v1," + "A" * 43 + "="},
        {"webhook-signature": "v1,\u00e9"},
    ],
)
def test_what_was_changed_does_not_verify(changed: dict[str, str]) -> None:
    assert not verify({**sign("msg_1", now(), b"{}", [SECRET]), **changed}, b"{}", [SECRET])


@pytest.mark.parametrize("body", [b"", b"{} ", b"\xff"])
def test_another_body_does_not_verify(body: bytes) -> None:
    assert not verify(sign("msg_1", now(), b"{}", [SECRET]), body, [SECRET])


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_is_missing_does_not_verify(missing: str) -> None:
    headers = sign("msg_1", now(), b"{}", [SECRET])
    del headers[missing]
    assert not verify(headers, b"{}", [SECRET])


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_or_early_delivery_does_not_verify(minutes: int) -> None:
    assert not verify(sign("msg_1", now() + timedelta(minutes=minutes), b"{}", [SECRET]), b"{}", [SECRET])


def test_tokens_of_another_kind_are_passed_over() -> None:
    headers = sign("msg_1", now(), b"{}", [SECRET])
    headers["webhook-signature"] = f"v1a,abc nonsense  v1,x,y {headers['webhook-signature']}"
    assert verify({name.title(): value for name, value in headers.items()}, b"{}", [SECRET])


def test_secrets_are_unlike_and_as_long_as_asked() -> None:
    assert len({make_secret() for _ in range(100)}) == 100
    for size in (24, 64):
        check_secret(make_secret(size))
    for size in (23, 65):
        with pytest.raises(ValueError, match="24 to 64"):
            make_secret(size)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "secret",
        SECRET.removeprefix("whsec_"),
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_" + "é" * 40,
        SECRET[:-1],
        SECRET[:10] + "-" + SECRET[10:],
        f"{SECRET}\n",
    ],
)
def test_a_secret_that_is_none_is_told(secret: str) -> None:
    with pytest.raises(BadRequest):
        check_secret(secret)


@pytest.mark.parametrize(
    ("message_id", "at", "secrets"),
    [
        ("msg.1", now(), [SECRET]),
        ("", now(), [SECRET]),
        ("msg_1", datetime(2026, 1, 1), [SECRET]),
        ("msg_1", now(), []),
    ],
    ids=["dot", "no id", "naive", "no secret"],
)
def test_what_cannot_be_signed_well_is_not_signed(message_id: str, at: datetime, secrets: list[str]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        sign(message_id, at, b"{}", secrets)
