"""Content-Disposition for any file name, as RFC 6266 and RFC 5987 want it."""

import re
import unicodedata
from urllib.parse import quote

_LONGEST = 150
_ATTR_CHARS = "!#$&+-.^_`|~"  # what RFC 5987 leaves as it is, beside letters and digits
# Control, format (text that turns round), surrogates, line and paragraph ends: nothing for a file name.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def attachment(filename: str, *, inline: bool = False) -> str:
    """The header that saves an answer under `filename`, or shows it: always ASCII, on one line, and never a path."""
    name = _tame(filename)
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", name)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_ATTR_CHARS)}"


def _tame(filename: str) -> str:
    last = re.split(r"[/\\]", filename)[-1]
    visible = "".join(char for char in last if unicodedata.category(char) not in _HIDDEN).strip(" .")
    return _shortened(visible) or "download"


def _shortened(name: str) -> str:
    if len(name) <= _LONGEST:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix) > 10:
        return name[:_LONGEST]
    return f"{stem[: _LONGEST - len(suffix) - 1]}.{suffix}"
