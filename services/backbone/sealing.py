"""Secrets at rest, and answers that tell them: encrypted and authenticated by a key that the database does not hold."""

import base64
from functools import cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.backbone.errors import BadSetting
from services.backbone.settings import settings

_PURPOSE = b"soundstage webhook secrets"


def seal(secret: str) -> str:
    """The secret as it may lie in the ledger (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return _box(settings().secret.get_secret_value()).encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """The secret that was sealed.

    Raises:
        BadSetting: it was sealed with another service secret, or was changed.
    """
    try:
        return _box(settings().secret.get_secret_value()).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise BadSetting(
            "A webhook secret cannot be unsealed: SOUNDSTAGE_SECRET is not the one it was sealed with; "
            "set the old one again, or rotate the endpoint's secret."
        ) from error


@cache
def _box(secret: str) -> Fernet:
    """A key of its own (HKDF, RFC 5869): the service's secret keys the hashes of API keys too."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(key))
