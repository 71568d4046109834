"""Conditional and range requests: entity tags, dates and byte ranges, as RFC 9110 has them (sections 13 and 14)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.exceptions import HTTPException

_TAG = re.compile(r'(?P<weak>W/)?"(?P<value>[\x21\x23-\x7e\x80-\xff]*)"')
_RANGE = re.compile(r"bytes=(?P<first>\d{0,18})-(?P<last>\d{0,18})")


@dataclass(frozen=True)
class Version:
    """Which version of something is served: its tag, without quotes, and when it was made."""

    tag: str
    modified: datetime

    @property
    def etag(self) -> str:
        """The strong entity tag."""
        return f'"{self.tag}"'

    @property
    def headers(self) -> dict[str, str]:
        """What tells the version; caches ask each time, for it may be gone."""
        return {
            "ETag": self.etag,
            "Last-Modified": format_datetime(self.modified.astimezone(UTC), usegmt=True),
            "Cache-Control": "private, no-cache",
        }

    def is_known(self, headers: Mapping[str, str]) -> bool:
        """Whether a GET or HEAD is to be answered 304: by If-None-Match, else by If-Modified-Since."""
        if (tags := headers.get("if-none-match")) is not None:
            return tags.strip() == "*" or any(match["value"] == self.tag for match in _TAG.finditer(tags))
        since = _date(headers.get("if-modified-since"))
        return since is not None and self._second <= since

    def is_meant(self, if_match: str) -> bool:
        """Whether If-Match names this version; compared strongly."""
        tags = _TAG.finditer(if_match)
        return if_match.strip() == "*" or any(match["value"] == self.tag and not match["weak"] for match in tags)

    def continues(self, headers: Mapping[str, str]) -> bool:
        """Whether a range of this very version is wanted: If-Range names it, or there is none."""
        condition = headers.get("if-range")
        if condition is None:
            return True
        return condition.strip() == self.etag or _date(condition) == self._second

    @property
    def _second(self) -> datetime:
        """Dates of HTTP know no fractions."""
        return self.modified.astimezone(UTC).replace(microsecond=0)


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The first and last byte that are asked for; None when it is all, or nothing that is served in parts.

    Several ranges at once are not served apart: the whole is an answer too (RFC 9110, section 14.2).

    Raises:
        HTTPException: 416, there is none of these bytes.
    """
    match = _RANGE.fullmatch(header.replace(" ", "")) if header else None
    if match is None or not (match["first"] or match["last"]):
        return None
    if not match["first"]:
        first, last = max(0, size - int(match["last"])), size - 1
    else:
        first, last = int(match["first"]), min(int(match["last"] or size - 1), size - 1)
        if match["last"] and int(match["last"]) < first:
            return None  # not a range at all, so the header does not count
    if first > last:
        raise HTTPException(
            416, f"It has {size} bytes, and none of those asked for.", headers={"Content-Range": f"bytes */{size}"}
        )
    return first, last


def _date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
