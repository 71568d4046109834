"""The read stage: a film becomes a reading, in one pass of decoding.

Pictures and sound come out of one ffmpeg; sound is written by a thread of its own while the pictures
are measured, and the dialogue is transcribed while the shots are found.
"""

import contextlib
import math
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import structlog

from soundstage import ffmpeg
from soundstage.cuesheet import Line
from soundstage.errors import BadFilm, MissingPart, StorageError
from soundstage.film.clips import remove_clips, write_clips
from soundstage.film.features import Looker, Looks, Thumbnails
from soundstage.film.frames import Decoding, Pictures, decoding, pictures, sounds
from soundstage.film.keyframes import Stills, write_keyframes
from soundstage.film.motion import MotionMeter, Movement, find_onsets
from soundstage.film.original import FilmClock, SoundLevels, write_original
from soundstage.film.probe import Probe, probe
from soundstage.film.shots import Boundary, find_boundaries
from soundstage.reading import SOUND_FILE, FilmFacts, Keyframe, Onset, Reading, Shot, VideoFacts

log = structlog.get_logger()

_DECODED = 0.85
# Cutting the clips decodes the film once more; so much of the time is the reading's where both are done.
_READ = 0.6
_GRADUAL_HALF = 0.3
_MISSING_END = 0.5
_USUAL_LENGTH = 1 / 25
_UNEVEN = 0.1
_CLOCK_ROUNDING = 0.0015

# Words of ffmpeg's that tell of damage, among warnings that do not.
_DAMAGE = re.compile(
    r"corrupt|error while|invalid (data|nal)|missing (picture|reference)|concealing|partial file", re.I
)
_DAMAGED = "Parts of the film are damaged; there, pictures or sound may be missing or wrong."
_TRUNCATED = "The film ends before its declared end; it was read as far as it goes."
_SOUND_FAILED = "The film's sound could not be decoded; the film was taken as silent."


def _ignore(_: float) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class _Seen:
    """All that one pass over the film gave."""

    start: float
    looks: Looks
    movement: Movement
    levels: SoundLevels | None
    sound_end: float
    duration: float
    complaints: str


def read_film(
    film: Path,
    folder: Path,
    *,
    progress: Callable[[float], None] = _ignore,
    transcribe: bool = True,
    clips: bool = False,
) -> Reading:
    """Read all that can be read off a film, and write it into `folder`.

    There will be `keyframes/*.jpg`, `motion.npz`, `original.flac` (only if the film has sound; 48 kHz
    stereo, aligned to the first picture and as long as the film), `clips/*.mp4` (only if they are
    wanted) and, last, `reading.json`.

    Args:
        film: the film.
        folder: where to write; made if missing.
        progress: called with 0..1 as reading goes on.
        transcribe: whether to listen for dialogue.
        clips: whether to write a proxy clip of every shot, which takes a second pass over the film.

    Raises:
        BadFilm: it is not a film that can be read.
        StorageError: a path cannot be read or written, or the disk is full.
        ToolFailed: the film was read, but nothing of it could be decoded a second time.
    """
    facts = probe(film)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_clips(folder)
        share = _READ if clips else 1.0
        reading = _read(film, facts, folder, lambda done: progress(share * done), transcribe)
        if clips:
            reading = _with_clips(film, facts, reading, folder, lambda done: progress(share + (1 - share) * done))
        reading.save(folder)
        progress(1.0)
        return reading
    except OSError as error:
        raise StorageError(f"{folder} cannot be written ({error.strerror}); free space or choose another.") from error


def add_clips(film: Path, reading: Reading, folder: Path, *, progress: Callable[[float], None] = _ignore) -> Reading:
    """Write the proxy clips that a saved reading does not have; nothing else of it is read again.

    Args:
        film: the film that was read.
        reading: what was read off it.
        folder: where the reading lies.
        progress: called with 0..1 as clips are done.

    Raises:
        BadFilm: it is not a film that can be read.
        StorageError: a path cannot be read or written, or the disk is full.
        ToolFailed: nothing of the film can be decoded any more.
    """
    facts = probe(film)
    with_clips = _with_clips(film, facts, reading, folder, progress)
    with_clips.save(folder)
    return with_clips


def _with_clips(film: Path, facts: Probe, reading: Reading, folder: Path, progress: Callable[[float], None]) -> Reading:
    # ffmpeg counts times as it did for the reading only where it uses the same streams.
    used = facts if reading.facts.sound else replace(facts, sound=None)
    shots = write_clips(film, used, reading.shots, reading.facts.offset, folder, progress)
    return reading.model_copy(update={"shots": shots})


def _read(film: Path, facts: Probe, folder: Path, progress: Callable[[float], None], transcribe: bool) -> Reading:
    with contextlib.ExitStack() as stack:
        thumbnails = stack.enter_context(contextlib.closing(Thumbnails(folder)))
        stills = stack.enter_context(contextlib.closing(Stills(folder)))
        try:
            seen = _watch(film, facts, folder, thumbnails, stills, progress)
        except BadFilm:
            if facts.sound is None:
                raise
            facts = replace(facts, sound=None, notes=(*facts.notes, _SOUND_FAILED))
            seen = _watch(film, facts, folder, thumbnails, stills, progress)
        worker = stack.enter_context(ThreadPoolExecutor(max_workers=1))
        stopped = threading.Event()
        stack.callback(stopped.set)  # who interrupts does not wait for the rest of the speech
        language = facts.sound.facts.language if facts.sound else None
        heard = transcribe and seen.levels is not None
        dialogue = worker.submit(_dialogue, folder / SOUND_FILE, language, stopped) if heard else None
        boundaries = find_boundaries(thumbnails, seen.looks.times)
        progress(0.95)
        spans = _spans(boundaries, seen)
        keyframes = write_keyframes(stills, seen.looks, spans, seen.start, folder)
        shots = _shots(boundaries, spans, keyframes, seen)
        seen.movement.curve.save(folder)
        lines, unheard = dialogue.result() if dialogue else ((), ())
    film_facts, notes = _facts(film, facts, seen)
    log.info("film read", shots=len(shots), seconds=round(seen.duration, 2), lines=len(lines))
    return Reading(facts=film_facts, shots=shots, dialogue=lines, notes=(*facts.notes, *notes, *unheard))


def _watch(
    film: Path, facts: Probe, folder: Path, thumbnails: Thumbnails, stills: Stills, progress: Callable[[float], None]
) -> _Seen:
    """The one pass over pictures and sound."""
    looker, meter, clock = Looker(thumbnails), MotionMeter(), FilmClock()
    times: list[np.ndarray] = []
    complaints = ""
    try:
        with decoding(film, facts) as running, _hearing(running, folder, clock) as levels:
            for seen in pictures(running.pictures):
                if not isinstance(seen, Pictures):
                    stills.add(seen)
                    continue
                if not times:
                    clock.start = float(seen.times[0])
                times.append(seen.times)
                luma = seen.luma.astype(np.float32)
                looker.add(seen, luma)
                meter.add(luma)
                clock.reached = float(seen.times[-1])
                progress(_share(clock, facts))
            end = _end(np.concatenate(times), facts) if times else math.nan
            clock.finish(end)
            heard = levels.result() if levels else None
            complaints = ffmpeg.complaints(running.log)
    except ffmpeg.Failure as failure:
        if not times:
            raise BadFilm(f"{film} has no picture that can be decoded; it is damaged: give a whole copy.") from failure
        complaints = failure.log
    if not times:
        raise BadFilm(f"{film} has no picture that can be decoded, so it lasts no time at all; give a whole copy.")
    looks = looker.looks(clock.start)
    return _Seen(
        start=clock.start,
        looks=looks,
        movement=meter.movement(looks.times),
        levels=heard,
        sound_end=clock.sound_end,
        duration=round(clock.end - clock.start, 6),
        complaints=complaints,
    )


@contextlib.contextmanager
def _hearing(running: Decoding, folder: Path, clock: FilmClock) -> Iterator[Future[SoundLevels] | None]:
    """Write the sound in a thread of its own, which ends with the block whatever happens."""
    if running.sound is None:
        yield None
        return
    with ThreadPoolExecutor(max_workers=1) as worker:
        pipe = running.sound

        def write() -> SoundLevels:
            # The pipe is closed however this ends: else ffmpeg would wait for ever to be heard.
            with pipe:
                return write_original(folder / SOUND_FILE, sounds(pipe), clock)

        try:
            yield worker.submit(write)
        except BaseException:
            running.stop()
            raise
        finally:
            clock.finish(clock.end)


def _dialogue(sound: Path, language: str | None, stopped: threading.Event) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """Lines heard, and a note when nothing here can listen."""
    from soundstage.film.dialogue import transcribe  # speech models load only when needed

    try:
        return transcribe(sound, language=language, stopped=stopped.is_set), ()
    except MissingPart as missing:
        return (), (f"Dialogue was not transcribed: {missing}",)


def _share(clock: FilmClock, facts: Probe) -> float:
    if facts.declared is None:
        return _DECODED / 2
    length = max(0.1, facts.declared - facts.start)
    return _DECODED * min(1.0, max(0.0, clock.reached / length))


def _end(times: np.ndarray, facts: Probe) -> float:
    """End of the last picture, in ffmpeg time: as the container says of it, else as pictures usually last."""
    last = float(times[-1])
    if facts.last_start is not None and facts.last_end is not None:
        length = facts.last_end - facts.last_start
        if abs(facts.last_start - facts.start - last) < length / 2 + _CLOCK_ROUNDING:
            return last + length
    if len(times) > 1:
        return last + float(np.median(np.diff(times)))
    return last + _USUAL_LENGTH


def _spans(boundaries: list[Boundary], seen: _Seen) -> list[tuple[float, float]]:
    starts = [0.0, *(round(float(seen.looks.times[b.picture]), 6) for b in boundaries)]
    return list(zip(starts, [*starts[1:], seen.duration], strict=True))


def _shots(
    boundaries: list[Boundary],
    spans: list[tuple[float, float]],
    keyframes: list[tuple[Keyframe, ...]],
    seen: _Seen,
) -> tuple[Shot, ...]:
    kinds = ["start", *(boundary.kind for boundary in boundaries)]
    onsets = find_onsets(seen.movement, [_changing(kind, span[0]) for kind, span in zip(kinds, spans, strict=True)])
    return tuple(
        _shot(index, kind, span, frames, seen, onsets)
        for index, (kind, span, frames) in enumerate(zip(kinds, spans, keyframes, strict=True))
    )


def _changing(kind: str, time: float) -> tuple[float, float]:
    half = _GRADUAL_HALF if kind in ("dissolve", "fade") else 0.0
    return time - half, time + half


def _shot(
    index: int,
    kind: str,
    span: tuple[float, float],
    keyframes: tuple[Keyframe, ...],
    seen: _Seen,
    onsets: list[Onset],
) -> Shot:
    start, end = span
    first, last = np.searchsorted(seen.looks.times, [start - 1e-6, end - 1e-6])
    part = slice(int(first), max(int(last), int(first) + 1))
    # The motion into a shot's first picture belongs to the cut.
    inner = slice(min(part.start + 1, part.stop - 1), part.stop)
    return Shot(
        index=index,
        start=start,
        end=end,
        transition=kind,
        keyframes=keyframes,
        colour=seen.looks.mean_colour(start, end),
        brightness=_mean(seen.looks.brightness[part]),
        saturation=_mean(seen.looks.saturation[part]),
        texture=_mean(seen.looks.texture[part]),
        motion=_mean(seen.movement.energy[inner]),
        sound_level=seen.levels.between(start, end) if seen.levels else None,
        onsets=tuple(onset for onset in onsets if start <= onset.time < end),
    )


def _mean(values: np.ndarray) -> float:
    return round(min(1.0, max(0.0, float(values.mean()))), 4)


def _facts(film: Path, facts: Probe, seen: _Seen) -> tuple[FilmFacts, tuple[str, ...]]:
    """Facts as the decoded pictures confirm them, and notes on what is wrong with the film."""
    truncated = _truncated(facts, seen)
    notes = (_TRUNCATED,) if truncated else (_DAMAGED,) if _DAMAGE.search(seen.complaints) else ()
    gaps = np.diff(seen.looks.times)
    usual = float(np.median(gaps)) if len(gaps) else seen.duration
    uneven = np.abs(gaps - usual) > max(_UNEVEN * usual, _CLOCK_ROUNDING)
    video = VideoFacts(
        codec=facts.codec,
        width=facts.width,
        height=facts.height,
        rotation=facts.rotation,
        fps=round(len(gaps) / float(gaps.sum()) if len(gaps) else 1 / seen.duration, 4),
        frames=len(seen.looks.times),
        # A few uneven steps are dropped or damaged pictures, not a varying rate.
        variable_rate=bool(uneven.mean() > 0.02) if len(gaps) else False,
    )
    return FilmFacts(
        digest=facts.digest,
        name=film.name,
        container=facts.container,
        duration=seen.duration,
        offset=round(seen.start + facts.start, 6),
        video=video,
        sound=facts.sound.facts if facts.sound else None,
        truncated=truncated,
    ), notes


def _truncated(facts: Probe, seen: _Seen) -> bool:
    if facts.cut_short:
        return True
    if facts.declared is None:
        return False
    pictures_end = seen.start + seen.duration
    reached = pictures_end if facts.declared_for_pictures else max(pictures_end, seen.sound_end)
    return reached + facts.start < facts.declared - _MISSING_END
