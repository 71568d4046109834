"""How long films and sounds are, and the film without its own sound."""

import math
import os
from pathlib import Path
from typing import Final

import ffmpeg as graph

from soundstage import ffmpeg
from soundstage.errors import BadFilm, BadOption
from soundstage.evaluation.bench.sounding import picture_seconds
from soundstage.film.probe import Probe, probe

# Containers that any of the pictures that are read can be copied into, by the one they come in.
_KEPT: Final = {"mov": ("mp4", ".mp4")}
_OTHERS: Final = ("matroska", ".mkv")
_SHORTEST: Final = 0.1  # seconds of the shortest window


def seconds_of(film: Path) -> float:
    """The length of a film's pictures in seconds, without decoding them.

    Raises:
        StorageError: it cannot be read.
        BadFilm: it is not a film, or does not tell.
    """
    seconds = picture_seconds(probe(film))
    if seconds is None:
        raise BadFilm(f"{film} does not tell how long it is; give a whole copy of it.")
    return seconds


def borders(seconds: float, window: float) -> tuple[float, ...]:
    """Where windows of one length begin and end in a film; a rest too short for a sound joins the one before it.

    Raises:
        BadOption: windows of that length make no sense.
    """
    if window <= 0:
        raise BadOption(f"Windows of {window:g} s make no sense; choose a length above 0.")
    count = max(1, math.ceil((seconds - _SHORTEST) / window))
    return (*(round(number * window, 6) for number in range(count)), seconds)


def silent_film(film: Path, folder: Path, stem: str) -> Path:
    """The film without any sound of its own, its pictures copied bit for bit; the film itself where it has none.

    So no system can listen to the reference, where that is the film's own track.

    Args:
        film: the film.
        folder: where a copy is kept; it must exist.
        stem: what the copy is called.

    Raises:
        StorageError: a path cannot be read or written.
        BadFilm: it is not a film.
        ToolFailed: its pictures cannot be copied.
    """
    facts = probe(film)
    if facts.sound is None:
        return film
    container, suffix = _KEPT.get(facts.container, _OTHERS)
    copy = folder / f"{stem}-{facts.digest[:16]}{suffix}"
    if not copy.exists():
        _copy_pictures(film, facts, container, copy)
    return copy


def _copy_pictures(film: Path, facts: Probe, container: str, copy: Path) -> None:
    aside = copy.with_name(f".{copy.name}.{os.getpid()}.part")
    try:
        with ffmpeg.open_film(film) as file:
            source = graph.input("fd:", **ffmpeg.guarded_input(facts.container))
            shown = graph.output(source[str(facts.picture)], str(aside), c="copy", f=container, map_metadata=0)
            ffmpeg.run(shown.overwrite_output().get_args(), stdin=file)
        aside.replace(copy)
    finally:
        aside.unlink(missing_ok=True)
