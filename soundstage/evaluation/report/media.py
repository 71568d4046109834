"""Soundtracks to be heard and seen: small copies for a page to carry, and spectrograms, of any sound or film."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import ffmpeg as compose
import soundfile

from soundstage import ffmpeg, sound
from soundstage.evaluation.bench.entries import Entry
from soundstage.evaluation.bench.sounding import track_blocks
from soundstage.film.probe import probe
from soundstage.inspection import embed
from soundstage.inspection.spectrogram import Spectrogram

_BITRATE: Final = "64k"
_COLUMNS, _ROWS = 700, 120
_READ_AS_SOUND: Final = frozenset(f".{name.lower()}" for name in soundfile.available_formats()) | {
    ".aif",
    ".oga",
    ".opus",
}


@contextmanager
def readable(path: Path) -> Iterator[Path]:
    """A sound file with the sound of `path`: itself, or the track of the film that it is, for as long as it is needed.

    Raises:
        BadSound: there is no sound in it.
        BadFilm: it is neither a sound nor a film.
        StorageError: it cannot be read.
    """
    if path.suffix.lower() in _READ_AS_SOUND:
        sound.facts(path)
        yield path
        return
    with TemporaryDirectory(prefix="soundstage-") as folder:
        track = Path(folder) / "track.flac"
        sound.write_blocks(track, track_blocks(path, probe(path)), channels=2)
        yield track


def has_reference(entry: Entry, film: Path) -> bool:
    """Whether there is a reference sound: without a file of it, a film may have no track. Raises as `probe` does."""
    return entry.sound is not None or probe(film).sound is not None


def preview(path: Path, folder: Path, start: float = 0.0, seconds: float | None = None) -> Path:
    """A small AAC copy of a sound, or of a part of it, in `folder`; the same bytes are not encoded again.

    Args:
        path: a sound file, or a film.
        folder: receives the copy; made if missing.
        start: of the part, in seconds.
        seconds: how long the part is; None for all.
    """
    status = path.stat()
    told = f"{path.resolve()}:{status.st_size}:{status.st_mtime_ns}:{start}:{seconds}:{_BITRATE}"
    target = folder / f"{hashlib.sha256(told.encode()).hexdigest()[:20]}.m4a"
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with readable(path) as heard:
        encode(heard, target, ss=start, **({} if seconds is None else {"t": seconds}))
    return target


def encode(heard: Path, target: Path, **part: float) -> None:
    """A sound file as AAC, with nothing in it that tells where it is from; written aside, then renamed."""
    aside = target.with_name(f".{target.name}.part")
    copy = compose.output(
        compose.input(f"file:{heard}", **part),
        f"file:{aside}",
        f="mp4",
        acodec="aac",
        audio_bitrate=_BITRATE,
        aac_coder="fast",
        map_metadata=-1,
        fflags="+bitexact",
    )
    try:
        ffmpeg.run(copy.overwrite_output().get_args())
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


def spectrum(path: Path, seconds: float | None = None) -> str:
    """The spectrogram of a sound as a picture in a data URI: 40 Hz to 20 kHz, and all of its length.

    Args:
        path: a sound file, or a film.
        seconds: the length that the picture shows, to lie under another of that length; None for the sound's own.
    """
    with readable(path) as heard:
        facts = sound.facts(heard)
        wanted = facts.frames if seconds is None else round(seconds * facts.sample_rate)
        picture = Spectrogram(_COLUMNS, _ROWS, wanted, facts.sample_rate)
        for block in _first(sound.read_blocks(heard), wanted):
            picture.add(block)
    return embed.spectrum(picture.shades())


def length(path: Path) -> float:
    """Seconds of sound."""
    with readable(path) as heard:
        return sound.facts(heard).duration


def _first(blocks: Iterable[sound.Block], frames: int) -> Iterator[sound.Block]:
    for block in blocks:
        if frames <= 0:
            return
        yield block[:frames]
        frames -= len(block)
