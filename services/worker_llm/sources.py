"""Films that the service fetches itself: over https from public addresses, or from buckets it may read."""

from pathlib import Path

from services.backbone.dispatch.running import Tell
from services.backbone.errors import BadRequest
from services.backbone.ledger.tables.base import Document
from services.backbone.net.fetch import fetch_film
from services.backbone.net.guard import Guard
from services.backbone.objects.store import ObjectStore
from services.backbone.settings import settings


def bring_source(source: Document, path: Path, limit: int, tell: Tell) -> str | None:
    """Bring the film that `source` names to `path`; returns a name to show for it, where its server gives one.

    Args:
        source: the job's.
        path: where to write.
        limit: most bytes that are accepted.
        tell: hears of the progress, 0 to 1.

    Raises:
        Refused: its address may not be reached, or its bucket not be read.
        Unreachable: its server does not answer as it should; worth another try.
        TooLarge: it has more bytes than are accepted.
    """
    kind = source.get("kind")
    if kind == "url":
        return _fetched(str(source["url"]), path, limit, tell)
    if kind == "s3":
        ObjectStore.of(settings()).get_foreign(str(source["bucket"]), str(source["key"]), path, limit)
        return str(source["key"]).rpartition("/")[2] or None
    raise BadRequest("The job names no film that could be fetched; create it again with a source.")


def _fetched(url: str, path: Path, limit: int, tell: Tell) -> str | None:
    def told(done: int, total: int | None) -> None:
        tell(min(1.0, done / total) if total else 0.0)

    guard = Guard(allow_loopback=settings().allow_loopback)
    return fetch_film(url, path, limit, guard=guard, progress=told).name
