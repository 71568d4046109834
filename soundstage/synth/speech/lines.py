"""Lines to speak, from SRT and WebVTT files."""

import html
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pysubs2

from soundstage.cuesheet import NARRATOR, Cue, Layer, Line, Method
from soundstage.errors import BadSound, StorageError

SPEECH_LABEL = "speech"
SPEECH_LEVEL = -18.0
# The parameter of a cue that holds the number of its speaker, by which voices are given out.
SPEAKER = "speaker"

_FORMATS = {".srt": "srt", ".vtt": "vtt"}
_LARGEST = 16 << 20
_LONGEST_TEXT = 2000
# Beyond this share of its time a line is not trimmed for the next one: then two people speak at once.
_MOST_TRIMMED = 0.3
_SHORTEST = 0.1

_VTT_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>", re.IGNORECASE)
_SRT_SPEAKER = re.compile(r"^([A-Z][A-Z0-9 .'-]{1,30}):\s+")
_MARKUP = re.compile(r"<[^>]*>|\{[^}]*\}")
_NOT_SPOKEN = re.compile(r"\[[^\]]*\]|\([^)]*\)|[♪♫][^♪♫]*[♪♫]?")
_DASH = re.compile(r"^\s*[-–—]\s*", re.MULTILINE)


def read_lines(path: Path) -> tuple[Line, ...]:
    """Read the lines of a subtitle file, sorted by their start.

    Markup, notes in brackets ("[door slams]", "♪") and dashes go; speakers named by WebVTT's `<v NAME>`
    or by "NAME:" are kept. A line that runs a little into the next one is trimmed.

    Args:
        path: `.srt` or `.vtt`, in UTF-8, UTF-16 or Windows-1252.

    Raises:
        BadSound: not such a file, nothing to say in it, or a line that ends before it starts.
        StorageError: it cannot be read.
    """
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise BadSound(f"{path} is not a subtitle file that lines can be read from; give an .srt or .vtt file.")
    return parse_lines(_text(path), kind, str(path))


def parse_lines(text: str, kind: str, name: str) -> tuple[Line, ...]:
    """As `read_lines`, from the text itself.

    Args:
        text: of the subtitles.
        kind: "srt" or "vtt".
        name: what the text is called when something is wrong with it.
    """
    try:
        subtitles = pysubs2.SSAFile.from_string(text, format_=kind, keep_unknown_html_tags=True)
    except (pysubs2.exceptions.Pysubs2Error, ValueError) as error:
        raise BadSound(f"{name} cannot be read as subtitles ({error}); save it again as SRT or WebVTT.") from error
    events = [event for event in subtitles if not event.is_comment]
    lines = [line for number, event in enumerate(events, start=1) if (line := _line(name, number, event))]
    if not lines:
        raise BadSound(f"{name} has no lines to speak; check that it has times and text.")
    return tuple(_untangled(sorted(lines, key=lambda line: (line.start, line.end))))


def speech_cues(lines: Sequence[Line], duration: float) -> tuple[Cue, ...]:
    """Cues that speak the lines in a film of `duration` seconds; ids are line-0001 and so on.

    Lines of one speaker share a source, a seed and a number (speakers are numbered as they come in, from 0).
    A line that runs past the end of the film is trimmed.

    Raises:
        BadSound: a line starts after the film's end.
    """
    speakers = list(dict.fromkeys(_slug(line.speaker) for line in lines))
    return tuple(_cue(number, line, duration, speakers) for number, line in enumerate(lines, start=1))


def _cue(number: int, line: Line, duration: float, speakers: Sequence[str | None]) -> Cue:
    if line.start > duration - _SHORTEST:
        raise BadSound(
            f"Line {number} ({line.text[:60]!r}) starts at {line.start:.2f} s but the film lasts {duration:.2f} s; "
            "check that the lines belong to this film."
        )
    speaker = _slug(line.speaker)
    voice = speakers.index(speaker)
    return Cue(
        id=f"line-{number:04}",
        layer=Layer.SPEECH,
        label=SPEECH_LABEL,
        text=line.text,
        start=line.start,
        end=min(line.end, duration),
        level=SPEECH_LEVEL,
        method=Method.SPEECH,
        seed=zlib.crc32((speaker or "").encode()),
        source=speaker,
        parameters={SPEAKER: float(voice)} if voice else {},
        reason="written for the narrator" if line.speaker == NARRATOR else "a line the user gave",
    )


def _slug(speaker: str | None) -> str | None:
    slug = re.sub(r"[^a-z0-9]+", "-", (speaker or "").lower()).strip("-")[:64]
    return slug or None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise BadSound(f"{path} is larger than any subtitle file; give an .srt or .vtt file.")
        raw = path.read_bytes()
    except OSError as error:
        raise StorageError(f"The lines {path} cannot be read ({error.strerror}); check the path.") from error
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    if b"\0" in raw:
        raise BadSound(f"{path} is not text; give an .srt or .vtt file.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _line(name: str, number: int, event: pysubs2.SSAEvent) -> Line | None:
    text, speaker = _words(event.text.replace(r"\N", "\n").replace(r"\n", "\n").replace(r"\h", " "))
    if not text:
        return None
    start, end = event.start / 1000, event.end / 1000
    if end <= start:
        raise BadSound(f"Line {number} of {name} ({text[:60]!r}) ends at {end:.2f} s, not after its start; correct it.")
    if len(text) > _LONGEST_TEXT:
        raise BadSound(f"Line {number} of {name} is longer than {_LONGEST_TEXT} characters; split it.")
    return Line(start=start, end=end, text=text, speaker=speaker or event.name or None)


def _words(text: str) -> tuple[str, str | None]:
    """What is to be spoken, and who speaks."""
    voice = _VTT_VOICE.search(text)
    text = _DASH.sub("", _NOT_SPOKEN.sub(" ", html.unescape(_MARKUP.sub("", text))))
    text = " ".join(text.split())
    named = _SRT_SPEAKER.match(text)
    speaker = voice.group(1).strip() if voice else named.group(1).strip().title() if named else None
    text = text[named.end() :] if named else text
    return (text, speaker) if any(c.isalnum() for c in text) else ("", speaker)


def _untangled(lines: Iterable[Line]) -> Iterator[Line]:
    """Each line trimmed where it runs a little into the next one."""
    before: Line | None = None
    for line in lines:
        if before is not None:
            yield _trimmed(before, line.start)
        before = line
    if before is not None:
        yield before


def _trimmed(line: Line, until: float) -> Line:
    if line.end <= until or line.end - until > _MOST_TRIMMED * (line.end - line.start):
        return line
    return line.model_copy(update={"end": until})
