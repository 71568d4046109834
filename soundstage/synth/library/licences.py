"""Recognises licences in words, and says under which licence several recordings may be used together."""

import re
from collections.abc import Iterable

from soundstage.synth.library.recording import UNKNOWN

# The surest sign first; Creative Commons versions are taken over from the text.
_SIGNS: tuple[tuple[str, str], ...] = (
    (r"cc0|creative commons (?:zero|0)|publicdomain/zero|public[ -]domain", "CC0-1.0"),
    (r"cc[ -]by[ -]nc[ -]nd|licenses/by-nc-nd|noncommercial[ -]+noderiv", "CC-BY-NC-ND"),
    (r"cc[ -]by[ -]nc[ -]sa|licenses/by-nc-sa|noncommercial[ -]+share ?alike", "CC-BY-NC-SA"),
    (r"cc[ -]by[ -]nc|licenses/by-nc|non-?commercial", "CC-BY-NC"),
    (r"cc[ -]by[ -]nd|licenses/by-nd|noderiv", "CC-BY-ND"),
    (r"cc[ -]by[ -]sa|licenses/by-sa|share ?alike", "CC-BY-SA"),
    (r"cc[ -]by|licenses/by|\battribution\b", "CC-BY"),
    (r"sampling\+|sampling plus", "Sampling-Plus-1.0"),
    (r"\bmit licen[cs]e|\bmit\b", "MIT"),
    (r"apache[ -]?(?:licen[cs]e)?[ ,-]*(?:version )?2", "Apache-2.0"),
    (r"\bisc\b", "ISC"),
    (r"wtfpl", "WTFPL"),
    (r"royalty[ -]free", "royalty-free"),
    (r"all rights reserved", "all-rights-reserved"),
)
_VERSION = re.compile(r"(?:v|version |licenses/[a-z-]+/|[ -])([1-4]\.[0-9])", re.IGNORECASE)
_VERSIONED = "CC-BY"
_USUAL_VERSION = "4.0"
# The most restrictive first: what cannot be told apart is treated with the most care.
_ORDER = (
    UNKNOWN,
    "all-rights-reserved",
    "CC-BY-NC-ND",
    "CC-BY-NC-SA",
    "CC-BY-NC",
    "CC-BY-ND",
    "CC-BY-SA",
    "Sampling-Plus",
    "royalty-free",
    "CC-BY",
    "Apache",
    "MIT",
    "ISC",
    "WTFPL",
    "CC0",
)


def licence_in(text: str) -> str | None:
    """The licence that a text names, as an SPDX name where it has one, or None."""
    lowered = " ".join(text.lower().split())
    for sign, name in _SIGNS:
        found = re.search(sign, lowered)
        if found:
            return _versioned(name, lowered[found.start() : found.end() + 60])
    return None


def together(licences: Iterable[str]) -> str:
    """Several licences as one SPDX expression, the most restrictive first."""
    return " AND ".join(sorted(set(licences), key=lambda name: (_strictness(name), name))) or UNKNOWN


def _versioned(name: str, text: str) -> str:
    if not name.startswith(_VERSIONED):
        return name
    version = _VERSION.search(text)
    return f"{name}-{version.group(1) if version else _USUAL_VERSION}"


def _strictness(name: str) -> int:
    families = [number for number, family in enumerate(_ORDER) if name.startswith(family)]
    # "CC-BY-NC-ND-4.0" starts with several families; the first in the order is the longest.
    return families[0] if families else 1
