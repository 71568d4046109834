"""Writes tiny SoundFonts for tests."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Sample:
    """A sample of a SoundFont, played by a preset of this program; kind 1 is mono, 4 left, 2 right."""

    name: str
    sound: np.ndarray
    program: int = 122
    rate: int = 22_050
    kind: int = 1


def write_font(path: Path, samples: Sequence[Sample], comment: str = "Licensed under the MIT license.") -> None:
    """One preset, one instrument and one zone for each sample."""
    gap = b"\0" * 92
    data, headers, place = b"", b"", 0
    for sample in samples:
        raw = np.round(sample.sound * 32767).astype("<i2").tobytes()
        end = place + len(raw) // 2
        headers += struct.pack(
            "<20s5IBbHH", sample.name.encode(), place, end, place, end, sample.rate, 60, 0, 0, sample.kind
        )
        data += raw + gap
        place = end + len(gap) // 2
    count = range(len(samples))
    presets = b"".join(
        struct.pack("<20sHHHIII", samples[n].name.encode(), samples[n].program, 0, n, 0, 0, 0) for n in count
    )
    instruments = b"".join(struct.pack("<20sH", b"i", n) for n in count)
    bags = b"".join(struct.pack("<HH", n, 0) for n in (*count, len(samples)))
    end = len(samples)
    tables = {
        b"phdr": presets + struct.pack("<20sHHHIII", b"EOP", 0, 0, end, 0, 0, 0),
        b"pbag": bags,
        b"pgen": b"".join(struct.pack("<HH", 41, n) for n in count) + bytes(4),
        b"inst": instruments + struct.pack("<20sH", b"EOI", end),
        b"ibag": bags,
        b"igen": b"".join(struct.pack("<HH", 53, n) for n in count) + bytes(4),
        b"shdr": headers + struct.pack("<20s5IBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0),
    }
    info = _chunk(b"INAM", b"Tiny Font\0") + _chunk(b"ICMT", comment.encode() + b"\0")
    body = b"sfbk" + _list(b"INFO", info) + _list(b"sdta", _chunk(b"smpl", data))
    body += _list(b"pdta", b"".join(_chunk(name, content) for name, content in tables.items()))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_chunk(b"RIFF", body))


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _list(kind: bytes, content: bytes) -> bytes:
    return _chunk(b"LIST", kind + content)
