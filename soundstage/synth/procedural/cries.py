"""Cries: what creatures say in runs of calls, by source and filter; the recipes of a whole table of them at once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import laid
from soundstage.synth.procedural.noise import Floats
from soundstage.synth.procedural.recipe import Making, Parameter, hit
from soundstage.synth.procedural.voice import Call, spoken

# How the strength of a call runs: let out at once, or swelling before it fades.
BARK = ((0, 1), (0.06, 1), (0.35, 0.7), (1, 0))
LONG = ((0, 0), (0.1, 0.9), (0.6, 1), (1, 0))


@dataclass(frozen=True)
class Cry:
    """What one kind of creature says: `times` calls `gap` seconds apart, each varied; a run every `every` seconds."""

    call: Call
    times: tuple[int, int]
    gap: float
    every: float


def register(cries: Mapping[str, Cry]) -> None:
    """Make a recipe of each cry, under its name in the table."""
    for name, cry in cries.items():
        _register(name, cry)


def _register(name: str, cry: Cry) -> None:
    @hit(
        name,
        Parameter("pitch", 1.0, 0.4, 2.5, "times the creature's own"),
        Parameter("calls", 1.0, 0.0, 1.0, "1: a natural run of calls, 0: a single one"),
        every=cry.every,
        jitter=0.3,
    )
    def utter(making: Making) -> Floats:
        return uttered(making, cry)

    utter.__doc__ = f"The cry of a {name}."


def uttered(making: Making, cry: Cry) -> Floats:
    """A run of one call, each a little other in pitch, length and strength."""
    rng, own = making.rng, making.timbre().normal(1, 0.05)
    times = max(1, round(float(rng.integers(cry.times[0], cry.times[1] + 1)) * making["calls"]))
    parts, time = [], 0.0
    for n in range(times):
        parts.append((time, spoken(rng, varied(cry.call, rng, own * making["pitch"])) * rng.uniform(0.75, 1.0)))
        time += cry.gap * rng.uniform(0.9, 1.12)
        if n + 1 == times:
            time = parts[-1][0] + len(parts[-1][1]) / SAMPLE_RATE
    return laid(time + 0.02, parts)


def varied(call: Call, rng: np.random.Generator, pitch: float) -> Call:
    """A call as the same throat would give it another time."""
    bend = [hertz * pitch * float(rng.normal(1, 0.035)) for _, hertz in call.pitch]
    seconds = call.seconds * float(rng.uniform(0.85, 1.15))
    return replace(
        call, seconds=seconds, pitch=tuple((at, hertz) for (at, _), hertz in zip(call.pitch, bend, strict=True))
    )
