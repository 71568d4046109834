"""The film that a command line names, as the source of a job."""

from pathlib import Path
from typing import Any

from soundstage.client import Client
from soundstage.client.progress import OnProgress
from soundstage.errors import StorageError

_S3 = "s3://"
_REMOTE = ("http://", "https://")


def source_of(client: Client, film: str, told: OnProgress | None) -> dict[str, Any]:
    """A URL as it is; a file is uploaded first. Raises StorageError when it cannot be read."""
    if film.startswith(_REMOTE):
        return {"url": film}
    if film.startswith(_S3):
        return {"s3": film}
    path = Path(film)
    if not path.is_file():
        raise StorageError(f"{film} is not a file that can be read; check the path.")
    return {"upload_id": client.upload(path, told=told).id}
