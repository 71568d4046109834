"""The cue sheet: all scenes and cues of a film, the one document that every stage reads and writes.

Times are seconds from the film's first picture (its presentation time is 0.0). Levels are LUFS
(ITU-R BS.1770-5). Pan runs from -1 (left) to 1 (right). A user may edit the sheet by hand; `load`
checks it and says in one sentence what is wrong.
"""

import contextlib
import hashlib
import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.json_schema import SkipJsonSchema

from soundstage.errors import BadCueSheet, StorageError

SCHEMA_VERSION: Final = 1

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Lufs = Annotated[float, Field(ge=-70, le=0, allow_inf_nan=False)]
Pan = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Prose = Annotated[str, Field(max_length=2000)]


class Layer(StrEnum):
    """The bus a cue is mixed on."""

    AMBIENCE = "ambience"
    EFFECTS = "effects"
    SPEECH = "speech"
    MUSIC = "music"
    ORIGINAL = "original"


class Method(StrEnum):
    """Which kind of sound maker renders a cue; `auto` leaves the choice to the studio."""

    AUTO = "auto"
    PROCEDURAL = "procedural"
    LIBRARY = "library"
    SPEECH = "speech"
    TEXT_TO_AUDIO = "text-to-audio"
    VIDEO_TO_AUDIO = "video-to-audio"


class Perspective(StrEnum):
    """How near the listener stands to the source."""

    NEAR = "near"
    MEDIUM = "medium"
    FAR = "far"
    OFF_SCREEN = "off-screen"


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Anchor(_Document):
    """An instant that a cue must hit: film time, how hard (0 to 1), and where on the picture."""

    time: Seconds
    strength: Share = 1.0
    pan: Pan | None = None


class PanPoint(_Document):
    """Where a moving source stands at a film time; positions between points are interpolated."""

    time: Seconds
    pan: Pan


class TakeNote(_Document):
    """What rendering wrote back about the chosen take; for reading, never part of a cue's identity.

    `reason` is what the take is weakest in, `choice` why this maker made it and no other.
    """

    maker: str
    licence: str
    score: Share
    reason: Prose
    sources: tuple[str, ...] = ()
    choice: Prose = ""


class Cue(_Document):
    """One sound: what it is, when it sounds, how loud and where.

    `level` is the integrated loudness of the take in the mix. `source` names a recurring source
    (the same dog, the same engine): cues with one source share timbre through one `seed`, while
    `variation` tells its performances apart, so that no two scenes begin with the same bark.
    `parameters` steer the recipe of the label (see `soundstage labels`). `locked` cues survive a
    new design of their scene.
    """

    id: Identifier
    layer: Layer
    label: Annotated[str, Field(min_length=1, max_length=120)]
    prompt: Prose = ""
    start: Seconds
    end: Seconds
    level: Lufs
    pan: Pan | tuple[PanPoint, ...] = 0.0
    fade_in: Seconds = 0.0
    fade_out: Seconds = 0.0
    anchors: tuple[Anchor, ...] = ()
    perspective: Perspective = Perspective.MEDIUM
    method: Method = Method.AUTO
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    variation: Annotated[int, Field(ge=0, lt=2**31)] = 0
    source: Identifier | None = None
    parameters: dict[str, float] = Field(default_factory=dict)
    text: Prose | None = None
    voice: str | None = None
    confidence: Share = 1.0
    reason: Prose = ""
    locked: bool = False
    take: TakeNote | None = None

    @model_validator(mode="after")
    def _times_make_sense(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"cue {self.id} ends at {self.end} s, not after its start at {self.start} s")
        for anchor in self.anchors:
            if not self.start <= anchor.time <= self.end:
                raise ValueError(f"cue {self.id} has an anchor at {anchor.time} s outside its own time")
        if self.fade_in + self.fade_out > self.duration + 1e-6:
            raise ValueError(f"cue {self.id} fades for longer than it lasts")
        if self.layer is Layer.SPEECH and not self.text:
            raise ValueError(f"cue {self.id} is speech but has no text")
        return self

    @property
    def duration(self) -> float:
        """Seconds from start to end."""
        return self.end - self.start

    def identity(self) -> str:
        """Hash of all that shapes the rendered samples.

        Times count relative to the start, and what the mix applies (level, pan, fades, layer)
        does not count: moving a cue or turning it up re-renders nothing.
        """
        shape = {
            "label": self.label,
            "prompt": self.prompt,
            "duration": round(self.duration, 6),
            "anchors": [(round(a.time - self.start, 6), a.strength) for a in self.anchors],
            "perspective": self.perspective,
            "method": self.method,
            "seed": self.seed,
            "variation": self.variation,
            "parameters": self.parameters,
            "text": self.text,
            "voice": self.voice,
        }
        return digest(shape)


NARRATOR: Final = "narrator"


class Line(_Document):
    """A line of dialogue heard in the film's own sound, or to be spoken; `NARRATOR` speaks what was written for him."""

    start: Seconds
    end: Seconds
    text: Prose
    speaker: str | None = None


class Finding(_Document):
    """Something seen, with how sure the seer is."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    confidence: Share


class Speaker(_Document):
    """Who speaks the line of dialogue that starts at `time`, as far as the picture tells."""

    time: Seconds
    name: Annotated[str, Field(min_length=1, max_length=120)]


class Caption(_Document):
    """What happens in a shot or scene, as the Scriptwriter tells it (paper, figure 3).

    `setting` holds short terms that place it (indoor, night, street); `motion` is the mean motion
    energy (0 to 1); `confidence` speaks for the whole caption; `speakers` are those of a shot's lines;
    `told` is what of the user's words on the film holds here, where that is not all of them.
    """

    background: Prose
    entities: tuple[Finding, ...] = ()
    actions: tuple[Finding, ...] = ()
    summary: Prose = ""
    setting: tuple[Finding, ...] = ()
    motion: Share = 0.0
    confidence: Share = 0.0
    speakers: tuple[Speaker, ...] = ()
    told: Prose = ""


class Scene(_Document):
    """One or more adjacent shots that share place, action and sound.

    `shots` are the first and last shot's index. `hint` is the user's word on what the scene
    shows; it outweighs what was seen. `shares` names cues of earlier scenes that run on under this one.
    """

    id: Identifier
    start: Seconds
    end: Seconds
    shots: tuple[int, int]
    caption: Caption
    dialogue: tuple[Line, ...] = ()
    hint: Prose | None = None
    shares: tuple[Identifier, ...] = ()
    cues: tuple[Cue, ...] = ()
    # Stands in older sheets; nothing reads it, and it is not written again.
    designed_from: SkipJsonSchema[str] = Field("", exclude=True)

    @model_validator(mode="after")
    def _times_make_sense(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"scene {self.id} ends at {self.end} s, not after its start at {self.start} s")
        first, last = self.shots
        if not 0 <= first <= last:
            raise ValueError(f"scene {self.id} has the shots {first} to {last}; name its first and its last")
        return self


class Moment(_Document):
    """One entry of the overview's timeline."""

    start: Seconds
    end: Seconds
    text: Prose


class Overview(_Document):
    """The film as a whole: a rough summary and a timeline (paper, figure 2)."""

    summary: Prose = ""
    timeline: tuple[Moment, ...] = ()


class CueSheet(_Document):
    """Everything that sounds in a film, when and why."""

    schema_version: Literal[1] = SCHEMA_VERSION
    film: Annotated[str, Field(description="SHA-256 of the film's bytes")]
    duration: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    overview: Overview = Overview()
    scenes: Annotated[tuple[Scene, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _scenes_cover_the_film(self) -> Self:
        expected = 0.0
        for scene in self.scenes:
            if abs(scene.start - expected) > 1e-3:
                raise ValueError(f"scene {scene.id} starts at {scene.start} s, where {expected} s was expected")
            expected = scene.end
        if abs(expected - self.duration) > 1e-3:
            raise ValueError(f"the scenes end at {expected} s but the film lasts {self.duration} s")
        return self

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for what, names in (("scene", [s.id for s in self.scenes]), ("cue", [c.id for c in self.cues()])):
            twice = sorted(name for name, count in Counter(names).items() if count > 1)
            if twice:
                raise ValueError(f"the {what} id {twice[0]} is used more than once")
        return self

    @model_validator(mode="after")
    def _cues_lie_in_the_film(self) -> Self:
        for cue in self.cues():
            if cue.end > self.duration + 1e-3:
                raise ValueError(f"cue {cue.id} ends at {cue.end} s but the film lasts {self.duration} s")
        return self

    def cues(self) -> Iterator[Cue]:
        """All cues of all scenes, in order."""
        for scene in self.scenes:
            yield from scene.cues

    def with_cues(self, change: Callable[[Cue], Cue | None]) -> "CueSheet":
        """A copy whose every cue went through `change`; a cue changed to None is dropped."""
        scenes = tuple(
            scene.model_copy(update={"cues": tuple(c for c in map(change, scene.cues) if c is not None)})
            for scene in self.scenes
        )
        return self.model_copy(update={"scenes": scenes})


def digest(value: object) -> str:
    """Stable SHA-256 (hex, first 32 characters) of any JSON value; the key of all cached results."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def load(path: Path) -> CueSheet:
    """Read and check a cue sheet.

    Raises:
        BadCueSheet: it is not valid JSON or breaks a rule; the message names the place.
        StorageError: the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors put a mark before it
    except OSError as error:
        raise StorageError(f"The cue sheet {path} cannot be read ({error.strerror}); check the path.") from error
    except UnicodeDecodeError as error:
        raise BadCueSheet(f"The cue sheet {path} is not UTF-8 text; save it as UTF-8 JSON.") from error
    try:
        return CueSheet.model_validate_json(text)
    except ValidationError as error:
        raise BadCueSheet(f"The cue sheet {path} is not valid: {_first_problem(error)}; correct it there.") from error


def save(sheet: CueSheet, path: Path) -> None:
    """Write the sheet as indented JSON, aside first and then renamed into place."""
    write_aside(path, sheet.model_dump_json(indent=2, exclude_defaults=False) + "\n")


def write_aside(path: Path, text: str) -> None:
    """Write text to a neighbour of `path` and rename it, so that no reader sees half a file."""
    aside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written ({error.strerror}); free space or choose another place."
        ) from error
    finally:
        # Also where an interrupt came in between; once it is renamed there is nothing to remove.
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def schema() -> dict[str, object]:
    """The JSON Schema of the cue sheet."""
    return CueSheet.model_json_schema()


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or "the sheet"
    return f"at {place}, {first['msg'].removeprefix('Value error, ')}"
