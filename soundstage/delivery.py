"""What the user gets: the film with its soundtrack, and beside it all that belongs to it.

In the work folder lie the master, the captions, the timeline, the cue sheet with its schema, and a
report of scores, licences and timings.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter

from soundstage import cuesheet
from soundstage.cuesheet import CueSheet, Layer, digest, write_aside
from soundstage.errors import BadOption, StorageError
from soundstage.mix.containers import container_for
from soundstage.mix.film import MixOptions, MixResult, Original, Outputs
from soundstage.pipeline import Studio
from soundstage.rendering import Rendered
from soundstage.turns import TurnLog
from soundstage.workfolder import sweep_beside

VERSION = 1
_RESULT = TypeAdapter(MixResult)
_SHEET = "cuesheet.json"
# What becomes of the film's own sound where lines may be spoken over its dialogue: replaced, its dialogue stays.
SPOKEN_OVER = frozenset({Original.REMOVE})
# Of 255 bytes, the rest is for the mark of what is being written.
_LONGEST_NAME = 235


class Format(StrEnum):
    """Containers of the result; `flac` is the sound alone."""

    MP4 = "mp4"
    MOV = "mov"
    MKV = "mkv"
    WEBM = "webm"
    AVI = "avi"
    TS = "ts"
    FLAC = "flac"


@dataclass(frozen=True)
class Order:
    """What is to be delivered: where, how loud, in which container (None: by the output's name)."""

    output: Path
    stems: Path | None = None
    target: float = -16.0
    original: Original = Original.DUCK
    format: str | None = None

    @property
    def container(self) -> str:
        """The container asked for, by option or by name."""
        return (self.format or self.output.suffix.lstrip(".")).lower()

    def check(self, film: Path, work: Path) -> None:
        """Refuse, before any work, what cannot be delivered.

        Raises:
            BadOption: an unknown container, a target out of range, an output that would replace the film or
                what is no file, or stems that would.
            StorageError: the output's folder cannot be written.
        """
        if self.container not in tuple(Format):
            what = f"The format {self.format}" if self.format else f"The name of {self.output}"
            raise BadOption(f"{what} tells no container Soundstage can write; use one of: {', '.join(Format)}.")
        MixOptions(target=self.target).check()
        if self.output.exists() and film.exists() and self.output.samefile(film):
            raise BadOption(f"{self.output} is the film itself; choose another name for the result.")
        if not self.output.resolve().parent.is_dir():
            raise BadOption(f"The folder of {self.output} does not exist; create it or choose another place.")
        self._check_places(work)

    def _check_places(self, work: Path) -> None:
        if self.output.exists() and not self.output.is_file():
            raise BadOption(f"{self.output} is there and no file; choose another name for the result.")
        if self.output.resolve() in (work.resolve(), work.resolve() / _SHEET):
            raise BadOption(f"{self.output} is where the work is kept; choose another name for the result.")
        if len(os.fsencode(self.output.name)) > _LONGEST_NAME:
            raise BadOption(f"The name of {self.output} is too long; choose a shorter one.")
        if self.stems is not None and self.stems.exists() and not self.stems.is_dir():
            raise BadOption(f"{self.stems} is no folder; choose another place for the stems.")
        if not os.access(self.output.resolve().parent, os.W_OK):
            raise StorageError(f"The folder of {self.output} cannot be written; choose another place.")


@dataclass(frozen=True)
class Delivery:
    """Where everything lies, and what was measured.

    `notes` are sentences for the user on the film and its lines; those on the mix are its own.
    """

    film: Path
    work: Path
    stems: Path
    mix: MixResult
    report: Path
    silent: dict[str, str]
    fresh_takes: int
    seconds: dict[str, float]
    notes: tuple[str, ...] = ()


def deliver(studio: Studio, order: Order) -> Delivery:
    """Run all stages, mix, and write the result; work already done is not done again."""
    folder = studio.folder
    outputs = _outputs(studio, order)
    _sweep(outputs)
    if outputs.film is not None:
        container_for(order.container, studio.reading.facts.video.codec)  # refused now, not after the work
    rendered = studio.rendered
    options = MixOptions(target=order.target, original=order.original, only=studio.options.only_scenes)
    mixed = _mix_unless_known(studio, outputs, options, order)
    write_aside(folder.root / "cuesheet.schema.json", json.dumps(cuesheet.schema(), indent=2) + "\n")
    report = folder.root / "report.json"
    write_aside(report, json.dumps(_report(studio, rendered, mixed), indent=2) + "\n")
    return Delivery(
        film=order.output,
        work=folder.root,
        stems=order.stems or folder.stems,
        mix=mixed,
        report=report,
        silent=dict(rendered.silent),
        fresh_takes=rendered.fresh,
        seconds=dict(studio.seconds),
        notes=_notes(studio),
    )


def _notes(studio: Studio) -> tuple[str, ...]:
    return (*studio.reading.notes, *studio.notes, *_stood_in(studio))


def _stood_in(studio: Studio) -> Iterator[str]:
    """The result says where the house stood in for a model, and why it last had to."""
    if failed := TurnLog(studio.folder.root).stood_in():
        role, reason = failed[-1].role, failed[-1].problem
        times = "once" if len(failed) == 1 else f"{len(failed)} times"
        yield f"The house stood in for a model {times}, last for the {role}: {reason}"


def _outputs(studio: Studio, order: Order) -> Outputs:
    root = studio.folder.root
    sound_only = order.container == Format.FLAC
    return Outputs(
        film=None if sound_only else order.output,
        container=order.container,
        master=order.output if sound_only else root / "master.flac",
        stems=order.stems or studio.folder.stems,
        captions=root / "captions.vtt",
        timeline=root / "timeline.otio",
    )


def _sweep(outputs: Outputs) -> None:
    stems = [] if outputs.stems is None else [outputs.stems / f"{layer.value}.flac" for layer in Layer]
    for path in (outputs.film, outputs.master, *stems):
        if path is not None:
            sweep_beside(path)


def _mix_unless_known(studio: Studio, outputs: Outputs, options: MixOptions, order: Order) -> MixResult:
    """Mix, unless the last mix was of the very same sheet, takes and options and still lies there."""
    inputs = [
        VERSION,
        _plain(studio.sheet),
        sorted((name, take.identity) for name, take in studio.rendered.takes.items()),
        asdict(options),
        {name: str(path) for name, path in asdict(outputs).items()},
    ]
    key = digest(json.loads(json.dumps(inputs, default=str)))
    note = studio.folder.note("mix")
    texts = [path for path in (outputs.captions, outputs.timeline) if path is not None]
    if note.get("key") == key and _is_untouched(note.get("files")) and all(path.exists() for path in texts):
        return _RESULT.validate_python(note["result"])
    mixed = studio.mix(outputs, options)
    studio.folder.write_note("mix", {"key": key, "files": _stamps(order, outputs), "result": asdict(mixed)})
    return mixed


def _plain(sheet: CueSheet) -> str:
    return sheet.with_cues(lambda cue: cue.model_copy(update={"take": None})).model_dump_json()


def _stamps(order: Order, outputs: Outputs) -> dict[str, list[int]]:
    paths = [order.output, outputs.master, *sorted(outputs.stems.glob("*.flac") if outputs.stems else ())]
    return {str(path): [path.stat().st_size, path.stat().st_mtime_ns] for path in paths}


def _is_untouched(stamps: object) -> bool:
    if not isinstance(stamps, dict):
        return False
    for name, stamp in stamps.items():
        path = Path(name)
        if not path.exists() or [path.stat().st_size, path.stat().st_mtime_ns] != stamp:
            return False
    return True


def _report(studio: Studio, rendered: Rendered, mixed: MixResult) -> dict[str, object]:
    takes = {
        name: {
            "maker": take.maker,
            "licence": take.licence,
            "sources": list(take.sources),
            "score": round(take.score, 3),
            "scores": {check: {"score": round(s, 3), "reason": why} for check, (s, why) in take.scores.items()},
        }
        for name, take in rendered.takes.items()
    }
    return {
        "film": studio.reading.facts.model_dump(mode="json"),
        "notes": list(_notes(studio)),
        "agents": {role: costs.model_dump() for role, costs in TurnLog(studio.folder.root).costs().items()},
        "mix": json.loads(json.dumps(asdict(mixed), default=str)),
        "licences": dict(Counter(take.licence for take in rendered.takes.values())),
        "takes": takes,
        "silent": dict(rendered.silent),
        "seconds": {stage: round(spent, 3) for stage, spent in studio.seconds.items()},
    }
