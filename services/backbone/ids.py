"""Ids of everything in the ledger: a word for the kind, then 26 characters that sort by time.

`job_01jdk3…`: 48 bits of milliseconds and 80 random bits in Crockford's base 32, as a ULID, in lower case. They sort
by creation, so that a page of a list ends where the next begins.
"""

import re
import secrets
import time
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 26
_RANDOM_BITS = 80
_ID = re.compile(rf"[a-z]+_[{_ALPHABET}]{{{_LENGTH}}}")


def new_id(kind: str) -> str:
    """A new id of a kind ("job", "step", ...)."""
    return _spelt(kind, (time.time_ns() // 1_000_000 << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS))


def first_id(kind: str, at: datetime) -> str:
    """The least id of a kind that can be made from `at` on: all that are older sort before it."""
    return _spelt(kind, int(at.timestamp() * 1000) << _RANDOM_BITS)


def _spelt(kind: str, number: int) -> str:
    digits = (_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
    return f"{kind}_{''.join(digits)}"


def is_id(text: str, kind: str) -> bool:
    """Whether `text` can be an id of that kind."""
    return text.startswith(f"{kind}_") and _ID.fullmatch(text) is not None
