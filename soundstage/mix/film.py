"""The stage `mix`: takes to stems, master, film, captions and timeline."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from soundstage.cuesheet import Cue, CueSheet, Layer, write_aside
from soundstage.errors import BadOption
from soundstage.ffmpeg import open_film
from soundstage.loudness import LoudnessMeter
from soundstage.mix.bus import Bus
from soundstage.mix.captions import captions_of, webvtt
from soundstage.mix.containers import Container, container_for
from soundstage.mix.ducking import Ducking, Original, ducking
from soundstage.mix.files import FlacWriter, Publication, writing
from soundstage.mix.mastering import mastered, plan_master
from soundstage.mix.mixing import StemPath, mix
from soundstage.mix.mux import film_writer
from soundstage.mix.placement import PlacedCue, Take
from soundstage.mix.premaster import Premaster
from soundstage.mix.timeline import TimelineFiles, timeline_of
from soundstage.reading import SOUND_FILE, Reading
from soundstage.sound import BLOCK_FRAMES, Block, frames_of

__all__ = ["MixOptions", "MixResult", "Original", "Outputs", "mix_film"]

# Names the stems in a folder that are ours.
_STEM_LIST = ".stems"
# What a meter shows for silence: the lower ends of its scales.
SILENT_LOUDNESS = -70.0
SILENT_PEAK = -120.0
# Between which loudness (LUFS) a master can be asked for.
LOUDEST, QUIETEST = -5.0, -40.0
# Shares of the stage's time, for its progress.
_MIXED, _PLANNED = 0.45, 0.55


@dataclass(frozen=True)
class Outputs:
    """Where to write what; only the master is always written.

    `container` names the film's container, such as "mp4" (None: by the film's suffix). `stems` is a
    folder that receives one FLAC per layer; stems of earlier mixes there are replaced.
    """

    master: Path
    film: Path | None = None
    stems: Path | None = None
    captions: Path | None = None
    timeline: Path | None = None
    container: str | None = None


@dataclass(frozen=True)
class MixOptions:
    """How to mix.

    `target` is the master's loudness in LUFS (`QUIETEST` to `LOUDEST`), `true_peak` its highest level in dBTP
    (-20 to 0). `only` are the ids of the scenes whose cues are heard (empty: all); the film keeps
    its length. `block_frames` changes nothing but memory and speed.
    """

    target: float = -16.0
    true_peak: float = -1.0
    original: Original = Original.DUCK
    only: tuple[str, ...] = ()
    block_frames: int = BLOCK_FRAMES

    def check(self) -> None:
        """Raise BadOption when a value is out of range."""
        if not QUIETEST <= self.target <= LOUDEST:
            raise BadOption(f"A target of {self.target:g} LUFS is out of range; choose {QUIETEST:g} to {LOUDEST:g}.")
        if not -20 <= self.true_peak <= 0:
            raise BadOption(f"A true peak of {self.true_peak:g} dBTP is out of range; choose -20 to 0.")
        if self.block_frames < 1:
            raise BadOption("Blocks must have at least one frame.")


@dataclass(frozen=True)
class MixResult:
    """What was measured on the master.

    `loudness` in LUFS (-70 when silent), `true_peak` in dBTP (-120 when silent), `gain` the dB it
    was raised by, `frames` its length at 48 kHz, `stems` the layers present, `captions` how many
    were written. `notes` are sentences for the user.
    """

    loudness: float
    true_peak: float
    gain: float
    frames: int
    silent: bool = False
    stems: tuple[str, ...] = ()
    captions: int = 0
    notes: tuple[str, ...] = ()


def mix_film(
    film: Path,
    reading: Reading,
    reading_folder: Path,
    sheet: CueSheet,
    takes: Mapping[str, Take],
    out: Outputs,
    options: MixOptions | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> MixResult:
    """Mix the takes, master the mix, and give the film its sound.

    Cues without a take stay silent. All outputs are written aside and appear together at the end.

    Args:
        film: read again only when `out.film` is asked for; its pictures are copied bit for bit.
        reading: what was read off the film.
        reading_folder: where the film's own sound lies.
        sheet: when what sounds.
        takes: by cue id.
        out: where to write what.
        options: how to mix.
        progress: told the fraction done, 0 to 1.

    Raises:
        BadOption: the container cannot hold the pictures, the output is the film itself, a scene is
            unknown, or a value is out of range.
        BadSound: a take cannot be read.
        BadFilm: the film cannot be copied.
        StorageError: the disk is full or a path cannot be written.
        ToolFailed: ffmpeg ended with an error.
    """
    options = options or MixOptions()
    options.check()
    job = _Job(film, reading, reading_folder, sheet, _heard(sheet, takes, options.only), takes, out, options)
    job.check()
    with Publication() as publication:
        result = _mix_and_master(job, publication, progress)
        captions = _write_captions(job, publication)
        _write_timeline(job, publication)
        publication.publish()
        _drop_stale_stems(out.stems, result.stems)
    return replace(result, captions=captions)


class _Writer(Protocol):
    def write(self, block: Block) -> None: ...


@dataclass(frozen=True)
class _Job:
    """One call of `mix_film`."""

    film: Path
    reading: Reading
    folder: Path
    sheet: CueSheet
    cues: Sequence[Cue]
    takes: Mapping[str, Take]
    out: Outputs
    options: MixOptions

    @property
    def length(self) -> int:
        """Frames of the film."""
        return frames_of(self.reading.facts.duration)

    @property
    def own_sound(self) -> Path | None:
        """The film's own sound, where it has any that is wanted."""
        path = self.folder / SOUND_FILE
        wanted = self.reading.facts.sound is not None and self.options.original is not Original.REMOVE
        return path if wanted and path.exists() else None

    def check(self) -> None:
        """Refuse before any work what would fail at its end."""
        self.container()
        if self.out.film is None:
            return
        open_film(self.film).close()
        if self.out.film.exists() and self.out.film.samefile(self.film):
            raise BadOption(f"{self.out.film} is the film itself; choose another name for the result.")

    def container(self) -> Container | None:
        """How the film is written; BadOption when it cannot be."""
        if self.out.film is None:
            return None
        name = self.out.container or self.out.film.suffix.lstrip(".")
        return container_for(name, self.reading.facts.video.codec)

    def buses(self) -> list[Bus]:
        """One for each layer on which something sounds."""
        placed = {layer: [PlacedCue(c, self.takes[c.id]) for c in self.cues if c.layer is layer] for layer in Layer}
        plan = self._ducking(placed)
        return [
            Bus(layer, cues, plan.gain(layer), own, plan.original_gain)
            for layer, cues in placed.items()
            if (own := self.own_sound if layer is Layer.ORIGINAL else None) or cues
        ]

    def _ducking(self, placed: Mapping[Layer, Sequence[PlacedCue]]) -> Ducking:
        edited = [line for scene in self.sheet.scenes for line in scene.dialogue]
        lines = [*self.reading.dialogue, *edited] if self.own_sound else []
        spoken = [cue.seconds for cue in placed[Layer.SPEECH]]
        ours = [cue.seconds for layer, cues in placed.items() if layer is not Layer.ORIGINAL for cue in cues]
        return ducking(self.options.original, lines, spoken, ours)


def _heard(sheet: CueSheet, takes: Mapping[str, Take], only: Sequence[str]) -> list[Cue]:
    """The cues that have a take, of the scenes asked for and of those that run on under them."""
    known = {scene.id for scene in sheet.scenes}
    if missing := next((name for name in only if name not in known), None):
        raise BadOption(f"The film has no scene {missing!r}; its scenes are {', '.join(sorted(known))[:200]}.")
    wanted = [scene for scene in sheet.scenes if not only or scene.id in only]
    shared = {name for scene in wanted for name in scene.shares}
    own = {cue.id for scene in wanted for cue in scene.cues}
    return [cue for cue in sheet.cues() if cue.id in takes and cue.id in own | shared]


def _mix_and_master(job: _Job, publication: Publication, progress: Callable[[float], None]) -> MixResult:
    frames = job.options.block_frames
    stems, master = job.out.stems, publication.aside(job.out.master)
    buses = job.buses()
    with contextlib.closing(Premaster(master.parent)) as premaster:
        paths = {} if stems is None else {bus.layer: _stem(stems, bus.layer, publication) for bus in buses}
        mix(buses, premaster, job.length, frames, paths, _part(progress, 0.0, _MIXED))
        planning = _part(progress, _MIXED, _PLANNED)
        plan = plan_master(premaster, job.options.target, job.options.true_peak, planning)
        meter = LoudnessMeter()
        mastering = _part(progress, _PLANNED, 1.0)
        with _writers(job, publication) as writers:
            written = 0
            for block in mastered(premaster, plan, frames):
                meter.add(block)
                for writer in writers:
                    writer.write(block)
                written += len(block)
                mastering(written / job.length)
    return MixResult(
        loudness=max(meter.integrated, SILENT_LOUDNESS),
        true_peak=max(meter.true_peak, SILENT_PEAK),
        gain=plan.gain,
        frames=written,
        silent=plan.silent,
        stems=tuple(bus.layer.value for bus in buses),
        notes=plan.notes,
    )


@contextlib.contextmanager
def _writers(job: _Job, publication: Publication) -> Iterator[list[_Writer]]:
    """What the master is written to: its own file, and the film when asked for."""
    master, film, container = job.out.master, job.out.film, job.container()
    with contextlib.ExitStack() as stack:
        writers: list[_Writer] = [
            stack.enter_context(contextlib.closing(FlacWriter(publication.aside(master), master)))
        ]
        if film is not None and container is not None:
            aside = publication.aside(film)
            writers.append(stack.enter_context(film_writer(job.film, job.reading.facts, container, aside)))
        yield writers


def _stem(folder: Path, layer: Layer, publication: Publication) -> StemPath:
    path = folder / f"{layer.value}.flac"
    return StemPath(publication.aside(path), path)


def _drop_stale_stems(folder: Path | None, present: Sequence[str]) -> None:
    """A stem of an earlier mix whose layer is silent now would no longer sum to the mix.

    Only stems that a list in the folder says are ours go: a user's own music.flac may lie there.
    """
    if folder is None or not folder.is_dir():
        return
    ours = folder / _STEM_LIST
    with writing(folder):
        known = ours.read_text(encoding="utf-8").split() if ours.exists() else []
        for name in {layer.value for layer in Layer}.intersection(known).difference(present):
            (folder / f"{name}.flac").unlink(missing_ok=True)
    write_aside(ours, "\n".join(present) + "\n")


def _write_captions(job: _Job, publication: Publication) -> int:
    captions = captions_of(job.sheet, job.cues, dialogue=job.own_sound is not None)
    if job.out.captions is not None:
        _write_text(job.out.captions, webvtt(captions), publication)
    return len(captions)


def _write_timeline(job: _Job, publication: Publication) -> None:
    if job.out.timeline is None:
        return
    files = TimelineFiles(job.out.timeline.parent, job.film, job.own_sound)
    text = timeline_of(job.sheet, job.cues, job.takes, job.reading.facts, files)
    _write_text(job.out.timeline, text, publication)


def _write_text(path: Path, text: str, publication: Publication) -> None:
    aside = publication.aside(path)
    with writing(path):
        aside.write_text(text, encoding="utf-8")


def _part(progress: Callable[[float], None], start: float, end: float) -> Callable[[float], None]:
    return lambda done: progress(start + (end - start) * min(done, 1.0))
