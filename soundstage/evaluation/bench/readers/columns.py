"""Kling-Audio-Eval, and any table of films with columns of obvious names.

The form of Kling-Audio-Eval's list is not documented where it could be looked up: what is read here is any CSV, JSON
list or JSON lines that names a film and says something of it.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from soundstage.errors import BadBench
from soundstage.evaluation.bench.readers.gathering import Gathering, Read
from soundstage.evaluation.bench.readers.lists import records_of
from soundstage.evaluation.bench.readers.media import Media

# What a column may be called, the surest name first; case, spaces and hyphens do not count.
_FILM: Final = ("video", "video_path", "video_file", "video_name", "file_name", "filename", "file", "path", "film")
_ID: Final = ("id", "video_id", "sample_id", "item_id", "name", "uuid", "key", "index")
_SOUND: Final = ("audio", "audio_path", "audio_file", "sound", "wav")
_SAYS: Final = ("caption", "audio_caption", "video_caption", "description", "text", "prompt", "sound_caption")
_KIND: Final = ("category", "categories", "label", "labels", "class", "sound_type", "tag", "tags")


def read_columns(path: Path, media: Media) -> Read:
    """The films of a table that are there.

    Raises:
        StorageError: the table cannot be read.
        BadBench: no column names a film.
    """
    records = [_plain(record) for record in records_of(path)]
    if not any(_value(record, (*_FILM, *_ID)) for record in records):
        raise BadBench(f"{path} has no column that names a film; call it 'id' or 'video'.")
    found = Gathering(media, str(path))
    for number, record in enumerate(records, start=1):
        film, name = _value(record, _FILM), _value(record, _ID)
        if not film and not name:
            found.leave(f"row {number}", "no column names its film; fill in 'id' or 'video'")
            continue
        stems = [PurePosixPath(stem).name for stem in (film, name, _value(record, _SOUND)) if stem]
        found.add(name or PurePosixPath(film).stem, stems, description=_value(record, _SAYS), categories=_kinds(record))
    return found.read("Kling-Audio-Eval", f"Films of the table {path.name}.")


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key).strip().lower().replace(" ", "_").replace("-", "_"): value for key, value in record.items()}


def _value(record: Mapping[str, Any], names: Iterable[str]) -> str:
    """The first value under one of the names that says something."""
    values = (record.get(name) for name in names)
    return next((str(value).strip() for value in values if isinstance(value, str | int) and str(value).strip()), "")


def _kinds(record: Mapping[str, Any]) -> tuple[str, ...]:
    for name in _KIND:
        value = record.get(name)
        told = [str(each) for each in value] if isinstance(value, list) else str(value or "").split(";")
        if kinds := tuple(dict.fromkeys(each.strip() for each in told if each.strip())):
            return kinds
    return ()
