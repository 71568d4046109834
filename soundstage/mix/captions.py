"""Captions for those who do not hear: what is said, and in brackets what sounds and matters, as WebVTT.

A bed is named when it sets in, an effect when it first sounds; the same sound is not named again
while it goes on or soon after. Nothing quieter than `_FAINT` is named.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from soundstage.cuesheet import Cue, CueSheet, Layer, Line

# Seconds a caption stays: one must be able to read it, and it must not tire.
_SHORTEST, _LONGEST = 1.0, 4.0
# The same sound is named again only after so many seconds without it.
_PAUSE = {Layer.AMBIENCE: 30.0, Layer.EFFECTS: 12.0, Layer.MUSIC: 30.0}
# Sounds that begin so near each other share one caption, at most so many.
_TOGETHER = 0.75
_AT_ONCE = 2
_FAINT = -45.0
_WIDTH = 42
# A sound named while someone speaks stands at the top of the picture.
_TOP = "line:8%"


@dataclass(frozen=True)
class CaptionCue:
    """One caption: seconds, WebVTT text (escaped), cue settings."""

    start: float
    end: float
    text: str
    settings: str = ""


def captions_of(sheet: CueSheet, cues: Sequence[Cue], *, dialogue: bool) -> list[CaptionCue]:
    """All captions in order of time.

    Args:
        sheet: its scenes hold the dialogue of the film's own sound.
        cues: those that are heard.
        dialogue: whether the film's own dialogue is heard.
    """
    lines = [line for scene in sheet.scenes for line in scene.dialogue] if dialogue else []
    spoken = [Line(start=c.start, end=c.end, text=c.text or "") for c in cues if c.layer is Layer.SPEECH]
    said = [caption for line in (*lines, *spoken) if (caption := _said(line))]
    sounds = list(_spaced(_named(cues), sheet.duration))
    placed = [replace(s, settings=_TOP) if any(_meet(s, other) for other in said) else s for s in sounds]
    return sorted({*said, *placed}, key=lambda caption: (caption.start, caption.end, caption.text))


def webvtt(captions: Iterable[CaptionCue]) -> str:
    """The captions as a WebVTT file."""
    parts = ["WEBVTT"]
    for caption in captions:
        times = f"{_timestamp(caption.start)} --> {_timestamp(caption.end)} {caption.settings}".rstrip()
        parts.append(f"{times}\n{caption.text}")
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """One line of text that WebVTT reads as it stands; `-->` loses its meaning too."""
    plain = re.sub(r"[\s\0]+", " ", text).strip()
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _said(line: Line) -> CaptionCue | None:
    text = re.sub(r"[\s\0]+", " ", line.text).strip()
    end = max(line.end, line.start + _SHORTEST)
    if not text:
        return None
    shown = "\n".join(escaped(part) for part in textwrap.wrap(text, _WIDTH))
    return CaptionCue(line.start, end, f"<v {escaped(line.speaker)}>{shown}</v>" if line.speaker else shown)


def _named(cues: Sequence[Cue]) -> Iterator[tuple[float, float, str]]:
    """What sounds, once for each time it sets in: start, end, name."""
    until: dict[str, float] = {}
    for cue in sorted((c for c in cues if c.layer in _PAUSE), key=lambda c: (_first(c), -c.level)):
        quiet_since = until.get(cue.label, float("-inf"))
        until[cue.label] = max(quiet_since, cue.end)
        if cue.level >= _FAINT and _first(cue) - quiet_since >= _PAUSE[cue.layer]:
            name = escaped(cue.label.replace("_", " "))
            yield _first(cue), cue.end, f"♪ {name} ♪" if cue.layer is Layer.MUSIC else f"[{name}]"


def _first(cue: Cue) -> float:
    """When a cue is first heard: a bed at its start, an effect at its first hit."""
    if cue.layer is Layer.EFFECTS and cue.anchors:
        return min(anchor.time for anchor in cue.anchors)
    return cue.start


def _spaced(named: Iterable[tuple[float, float, str]], duration: float) -> Iterator[CaptionCue]:
    """Captions one after the other, none on top of another, each long enough to read."""
    groups: list[list[tuple[float, float, str]]] = []
    for sound in named:
        if groups and sound[0] - groups[-1][0][0] < _TOGETHER:
            groups[-1].append(sound)
        else:
            groups.append([sound])
    free = 0.0
    for number, group in enumerate(groups):
        start = max(group[0][0], free)
        after = groups[number + 1][0][0] if number + 1 < len(groups) else duration
        end = max(min(max(sound[1] for sound in group), start + _LONGEST, after), start + _SHORTEST)
        if start > group[0][0] + _LONGEST:
            continue
        free = end
        yield CaptionCue(start, end, "\n".join(dict.fromkeys(sound[2] for sound in group[:_AT_ONCE])))


def _meet(one: CaptionCue, other: CaptionCue) -> bool:
    return one.start < other.end and other.start < one.end


def _timestamp(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"
