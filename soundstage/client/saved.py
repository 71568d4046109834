"""The service on this machine, as `soundstage up` notes it, so that the other commands find it without being told."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

from soundstage.errors import StorageError

_VARIABLE = "SOUNDSTAGE_CONFIG"


@dataclass(frozen=True)
class Connection:
    """Where a service is, and the key to it."""

    url: str
    key: str

    def __repr__(self) -> str:
        return f"Connection({self.url!r})"  # never the key in a log


def connection_file() -> Path:
    """Where the note lies: where SOUNDSTAGE_CONFIG says, or in the user's folder for such things."""
    if named := os.environ.get(_VARIABLE):
        return Path(named)
    return platformdirs.user_config_path("soundstage", appauthor=False) / "service.json"


def saved() -> Connection | None:
    """The service that is noted, if one is. A note that is damaged counts as none."""
    try:
        noted = json.loads(connection_file().read_text())
        return Connection(str(noted["url"]), str(noted["key"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save(connection: Connection) -> Path:
    """Note a service; nobody but its user may read the note. Raises StorageError when it cannot be written."""
    path = connection_file()
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(connection), file)
        aside.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error.strerror}); check its folder.") from error
    return path
