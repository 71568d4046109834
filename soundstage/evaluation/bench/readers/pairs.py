"""Folders of pairs: films, each with a sound file of the same name, or with its own track as the reference."""

from pathlib import Path

from soundstage.evaluation.bench.readers.gathering import Gathering, Read
from soundstage.evaluation.bench.readers.media import Media


def read_pairs(path: Path, media: Media) -> Read:
    """All films of a folder and below; a text file of the same name is the description."""
    found = Gathering(media, str(path))
    for film in media.films:
        note = film.with_suffix(".txt")
        described = note.read_text(encoding="utf-8", errors="replace").strip() if note.is_file() else ""
        found.add(film.stem, [film.stem], description=described)
    return found.read(path.resolve().name, "Films of a folder, with the sounds of the same names.")
