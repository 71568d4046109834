"""The sound effects inside a SoundFont 2 file (SoundFont Technical Specification 2.04).

Only samples are read, and only those that presets of General MIDI's sound effects play (programs
121 to 128, and the SFX kit of General MIDI 2 and GS); how the presets bend them is left aside.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from soundstage.errors import BadSound
from soundstage.synth.library.recording import Recording

_SFX_PROGRAMS = range(120, 128)
_SFX_KIT = (128, 56)
_GEN_INSTRUMENT, _GEN_SAMPLE = 41, 53
_RIGHT, _LEFT, _ROM = 2, 4, 0x8000
_LONGEST_TABLE = 64 << 20

_PRESET = struct.Struct("<20sHHHIII")
_INSTRUMENT = struct.Struct("<20sH")
_BAG = struct.Struct("<HH")
_GENERATOR = struct.Struct("<HH")
_SAMPLE = struct.Struct("<20s5IBbHH")


@dataclass(frozen=True)
class _Sample:
    name: str
    start: int
    end: int
    rate: int
    link: int
    kind: int


@dataclass(frozen=True)
class _Font:
    path: Path
    chunks: dict[bytes, tuple[int, int]]

    def text(self, name: bytes) -> str:
        return self._bytes(name).split(b"\0")[0].decode("latin-1").strip() if name in self.chunks else ""

    def rows(self, name: bytes, shape: struct.Struct) -> list[tuple[Any, ...]]:
        raw = self._bytes(name)
        return list(shape.iter_unpack(raw[: len(raw) // shape.size * shape.size]))

    def _bytes(self, name: bytes) -> bytes:
        start, size = self.chunks[name]
        if size > _LONGEST_TABLE:
            raise ValueError("a table is too long")
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(size)


def sound_effects(path: Path) -> list[Recording]:
    """The sound effects of a SoundFont as recordings; left and right samples that belong together are one.

    Raises:
        BadSound: not a SoundFont, or a damaged one.
    """
    try:
        font = _Font(path, dict(_chunks(path)))
        return list(_recordings(font))
    except (OSError, struct.error, KeyError, IndexError, ValueError) as error:
        raise BadSound(f"{path} cannot be read as a SoundFont ({error}); it may be damaged.") from error


def _recordings(font: _Font) -> Iterator[Recording]:
    samples = [_sample(row) for row in font.rows(b"shdr", _SAMPLE)][:-1]
    base, size = font.chunks[b"smpl"]
    source = font.text(b"INAM") or font.path.stem
    named = {sample.name: sample for sample in samples}
    for number in sorted(_played_by_effects(font)):
        sample = samples[number]
        if sample.kind == _RIGHT and _partner(sample, samples, named):
            continue
        partner = _partner(sample, samples, named) if sample.kind == _LEFT else None
        pair = [sample] if partner is None else [sample, partner]
        frames = min(each.end - each.start for each in pair)
        if sample.kind & _ROM or sample.rate <= 0 or frames <= 0 or any(2 * each.end > size for each in pair):
            continue
        yield Recording(
            path=font.path,
            part=sample.name.removesuffix("(L)"),
            words=sample.name.removesuffix("(L)"),
            frames=frames,
            sample_rate=sample.rate,
            channels=len(pair),
            licence=" ".join((font.text(b"ICMT"), font.text(b"ICOP"))).strip(),
            source=source,
            places=tuple(base + 2 * each.start for each in pair),
        )


def _partner(sample: _Sample, samples: list[_Sample], named: dict[str, _Sample]) -> _Sample | None:
    """The other channel of a stereo sample, by its link where that leads to one, else by its name."""
    linked = samples[sample.link] if sample.link < len(samples) else sample
    swap = ("(L)", "(R)") if sample.kind == _LEFT else ("(R)", "(L)")
    for other in (linked, named.get(sample.name.replace(*swap), sample)):
        if {sample.kind, other.kind} == {_LEFT, _RIGHT} and other.end - other.start == sample.end - sample.start:
            return other
    return None


def _played_by_effects(font: _Font) -> set[int]:
    """Numbers of the samples that presets of sound effects reach."""
    instruments = font.rows(b"inst", _INSTRUMENT)
    wanted: set[int] = set()
    presets = font.rows(b"phdr", _PRESET)
    for preset, following in pairwise(presets):
        if preset[1] in _SFX_PROGRAMS or (preset[2], preset[1]) == _SFX_KIT:
            wanted |= _reached(font, b"pbag", b"pgen", (preset[3], following[3]), _GEN_INSTRUMENT)
    played: set[int] = set()
    for number in wanted:
        zones = (instruments[number][1], instruments[number + 1][1])
        played |= _reached(font, b"ibag", b"igen", zones, _GEN_SAMPLE)
    return played


def _reached(font: _Font, bags: bytes, generators: bytes, zones: tuple[int, int], wanted: int) -> set[int]:
    starts = [row[0] for row in font.rows(bags, _BAG)]
    first, last = starts[zones[0]], starts[zones[1]]
    return {row[1] for row in font.rows(generators, _GENERATOR)[first:last] if row[0] == wanted}


def _sample(row: tuple[Any, ...]) -> _Sample:
    name, start, end, _, _, rate, _, _, link, kind = row
    return _Sample(name.split(b"\0")[0].decode("latin-1").strip(), start, end, rate, link, kind)


def _chunks(path: Path) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Name, place and size of every chunk of the file's lists."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"sfbk":
            raise ValueError("it does not begin as one")
        place = 12
        while place + 8 <= size:
            file.seek(place)
            name, length = struct.unpack("<4sI", file.read(8))
            if name == b"LIST":
                place += 12
                continue
            yield name, (place + 8, min(length, size - place - 8))
            place += 8 + length + (length & 1)
