"""SHA-256 as people write it, in hex, and as the store wants it, in base 64."""

import base64
import binascii
import re

from services.backbone.errors import Unprocessable

_HEX = re.compile(r"[0-9a-fA-F]{64}")


def to_header(sha256: str) -> str:
    """A digest in hex as the value of `x-amz-checksum-sha256`. Raises Unprocessable when it is none."""
    if not _HEX.fullmatch(sha256):
        raise Unprocessable("A SHA-256 has 64 hexadecimal digits; send the digest of the part.", pointer="/sha256")
    return base64.b64encode(bytes.fromhex(sha256)).decode()


def from_header(value: str | None) -> str | None:
    """The digest in hex that the store tells; None where it tells none of these bytes alone."""
    try:
        return base64.b64decode(value or "", validate=True).hex() or None
    except binascii.Error:
        return None  # of several parts: "...=-3"
