"""Standard Webhooks signatures: made for every delivery, checked by receivers and tests.

The package `standardwebhooks` does the arithmetic; this module keeps its callers out of its traps.
"""

import base64
import binascii
import re
import secrets as randomness
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook, WebhookVerificationError

from services.backbone.errors import BadRequest

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64

_SIGNATURE = re.compile(r"(?<!\S)v1,[A-Za-z0-9+/]{43}=(?!\S)")


def make_secret(size: int = 32) -> str:
    """A new secret: `whsec_` and `size` random bytes, 24 to 64, in base64."""
    if not SHORTEST <= size <= LONGEST:
        raise ValueError(f"a webhook secret has {SHORTEST} to {LONGEST} bytes, not {size}")
    return PREFIX + base64.b64encode(randomness.token_bytes(size)).decode()


def check_secret(secret: str) -> None:
    """Look at a secret that a user brings along. Raises BadRequest when it is not one of Standard Webhooks."""
    try:
        # Strictly: the package drops what is not base64 and would sign with another key than the receiver's.
        size = len(base64.b64decode(secret.removeprefix(PREFIX), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not secret.startswith(PREFIX) or not SHORTEST <= size <= LONGEST:
        raise BadRequest(f"The secret is not {PREFIX} and {SHORTEST} to {LONGEST} bytes in base64; let one be made.")


def sign(message_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers of one attempt.

    Args:
        message_id: the same for every attempt at a message; the receiver's idempotency key.
        at: when the attempt is made, aware.
        body: exactly what is sent, UTF-8.
        secrets: one; during a rotation, the old and the new.
    """
    if "." in message_id or not message_id:
        raise ValueError("a message id has no dot: it would blur where the signed text's parts end")
    if at.tzinfo is None:
        raise ValueError("the time of an attempt is aware")
    if not secrets:
        raise ValueError("a delivery is signed with at least one secret")
    # The package replaces the time zone instead of converting it: only UTC comes out right.
    moment = at.astimezone(UTC)
    signatures = (Webhook(secret).sign(message_id, moment, body.decode()) for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
    """Whether a delivery was signed with one of the secrets, not over five minutes ago; its content never raises."""
    lowered = {name.lower(): value for name, value in headers.items()}
    # One token that is no signature would make the package raise before it looks at the next.
    lowered["webhook-signature"] = " ".join(_SIGNATURE.findall(lowered.get("webhook-signature", "")))
    return any(_verifies(Webhook(secret), lowered, body) for secret in secrets)


def _verifies(webhook: Webhook, headers: dict[str, str], body: bytes) -> bool:
    try:
        webhook.verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False  # ValueError: a body that is no UTF-8
    return True
