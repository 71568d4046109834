"""One soundtrack, made ready and heard by all offline metrics, whole or its beginning only."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from soundstage import sound
from soundstage.errors import SoundstageError
from soundstage.evaluation.bench.entries import Bench, Entry
from soundstage.evaluation.offline.listening import Heard, Soundtrack, hear
from soundstage.evaluation.offline.profile import house_blocks
from soundstage.evaluation.report.media import has_reference, readable
from soundstage.evaluation.systems.lengths import seconds_of
from soundstage.evaluation.systems.results import Failure, Results
from soundstage.film.read import read_film
from soundstage.reading import MOTION_FILE, MotionCurve
from soundstage.seals import seal

_STEREO = 2
_SLACK: Final = 0.1  # seconds by which a soundtrack may differ from its film


@dataclass(frozen=True)
class Track:
    """A soundtrack of a system and the film that it is for; `cut` (s): only what is before it counts.

    `reading` is where what is read off the film lies, or will lie.
    """

    system: str
    entry: Entry
    sound: Path
    reference: Path
    film: Path
    reading: Path
    joins: tuple[float, ...] = ()
    cut: float | None = None


def tracks_of(bench: Bench, systems: Sequence[Results], readings: Path, cut: float | None = None) -> Iterator[Track]:
    """All soundtracks of all systems, system by system.

    A system that made a film in one piece is measured where the others joined theirs: at those instants its own sound
    goes on, which is what their seams are to be held against.
    """
    joins = _joins(bench, systems)
    for each in systems:
        for entry in bench.entries:
            result, path = each.result_of(entry), each.sound_of(entry)
            if result is None or path is None:
                continue
            yield Track(
                system=each.system,
                entry=entry,
                sound=path,
                reference=bench.sound_of(entry),
                film=bench.film_of(entry),
                reading=readings / entry.id,
                joins=result.joins or joins[entry.id],
                cut=cut,
            )


def listen(track: Track) -> Heard | Failure:
    """Hear a soundtrack; one that cannot be heard is a failure of its film, and the others go on."""
    try:
        with ExitStack() as held:
            made = _part(_fitted(track, held), track.cut, held)
            truth = _part(track.reference, track.cut, held) if has_reference(track.entry, track.film) else None
            return hear(_known(track, made, truth))
    except SoundstageError as problem:
        return Failure(entry=track.entry.id, reason=str(problem))


def read_motion(film: Path, folder: Path) -> Path:
    """Read a film's motion curve into a folder, once for each film; returns where it lies.

    Raises:
        BadFilm: it is not a film.
        StorageError: the folder cannot be written.
    """
    place = folder / str(seal(film)["sha256"])[:16]
    if not (place / MOTION_FILE).exists():
        read_film(film, place, transcribe=False)
    return place


def _known(track: Track, made: Path, truth: Path | None) -> Soundtrack:
    entry, end = track.entry, track.cut if track.cut is not None else float("inf")
    return Soundtrack(
        film=entry.id,
        sound=made,
        reference=truth,
        events=tuple(event for event in entry.events if event.time < end),
        joins=tuple(join for join in track.joins if join < end),
        scenes=tuple(scene for scene in entry.scenes if scene < end),
        motion=_motion(track, end),
    )


def _motion(track: Track, end: float) -> MotionCurve | None:
    curve = MotionCurve.load(read_motion(track.film, track.reading))
    return curve.between(0.0, end)


def _fitted(track: Track, held: ExitStack) -> Path:
    """The soundtrack, as long as its film: where it ends early there is silence, and what follows the film is cut."""
    whole, seconds = held.enter_context(readable(track.sound)), seconds_of(track.film)
    facts = sound.facts(whole)
    if abs(facts.duration - seconds) <= _SLACK:
        return whole
    fitted = Path(held.enter_context(TemporaryDirectory(prefix="soundstage-"))) / "fitted.flac"
    channels = facts.channels if facts.channels <= _STEREO else 1
    missing = sound.frames_of(max(0.0, seconds - facts.duration))
    sound.write_blocks(fitted, chain(house_blocks(whole, 0.0, seconds), _silence(missing, channels)), channels)
    return fitted


def _silence(frames: int, channels: int) -> Iterator[sound.Block]:
    for start in range(0, frames, sound.SAMPLE_RATE):
        yield np.zeros((min(sound.SAMPLE_RATE, frames - start), channels), np.float32)


def _part(path: Path, cut: float | None, held: ExitStack) -> Path:
    """The sound before an instant, in a file that lasts as long as `held`; all of it without one."""
    whole = held.enter_context(readable(path))
    if cut is None:
        return whole
    first = Path(held.enter_context(TemporaryDirectory(prefix="soundstage-"))) / "beginning.flac"
    channels = sound.facts(whole).channels
    sound.write_blocks(first, house_blocks(whole, 0.0, cut), channels if channels <= _STEREO else 1)
    return first


def _joins(bench: Bench, systems: Sequence[Results]) -> dict[str, tuple[float, ...]]:
    """Of each film the instants at which any system joined its sound."""
    found: dict[str, set[float]] = {entry.id: set() for entry in bench.entries}
    for each in systems:
        for result in each.results:
            found.get(result.entry, set()).update(result.joins)
    return {film: tuple(sorted(joins)) for film, joins in found.items()}
