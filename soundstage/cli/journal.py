"""What a batch brought home, noted beside the results: one JSON object a line, appended when a film is there whole."""

import json
import threading
from pathlib import Path

from soundstage.errors import StorageError

NAME = "soundstage-batch.jsonl"


class Journal:
    """Of one folder of results."""

    def __init__(self, folder: Path) -> None:
        """Args: folder: where the results go."""
        self._path = folder / NAME
        self._lock = threading.Lock()

    def fetched(self) -> dict[str, int]:
        """Jobs whose results were brought, and at which revision. A line that was cut short counts for nothing."""
        found: dict[str, int] = {}
        if not self._path.exists():
            return found
        for line in self._path.read_text("utf-8", "replace").splitlines():
            try:
                noted = json.loads(line)
                found[str(noted["job"])] = int(noted["revision"])
            except (ValueError, KeyError, TypeError):
                continue
        return found

    def note(self, job: str, revision: int, film: str, folder: str) -> None:
        """A result is here. Raises StorageError when that cannot be noted."""
        line = json.dumps({"job": job, "revision": revision, "film": film, "folder": folder}, ensure_ascii=False)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._lock, self._path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        except OSError as error:
            raise StorageError(f"{self._path} cannot be written ({error.strerror}); free space.") from error
