"""Ten minutes of one sound, made window by window: what is heard of the joins, by the ways to join them.

Run as `python -m benchmarks.makers.seams [--minutes 10]`. First a field whose answer is known (a hum that swells; each
window alone finds a phase of its own, and windows differ in level by up to 1 dB), then a tiny MMAudio with random
weights, by words alone. Both are made three ways: jointly denoised; each window alone, laid end to end; each alone,
cross-faded over the overlap. Told are, for each measure, how far the joins rise above the interior: the mean rank of a
join among the interior's instants (0.5: nothing; 1: every join stands out) with its standard deviations from chance.
`!` marks what comes by chance once in a thousand.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from soundstage.review.seams import SCALE, Seams, seams
from soundstage.synth.canvas import Windows, denoise, noise
from soundstage.synth.mmaudio.engine import Engine, EngineOptions, Order, Plan
from tests.synth.fields import Hum, alone, concatenated, never, times
from tests.synth.mmaudio import tiny

Sound = NDArray[np.float32]

_RATE = 1000
_WINDOW, _OVERLAP = 8.0, 2.0
_LONG_SCALE = 0.5


@dataclass(frozen=True)
class Made:
    """A sound made one of the ways, and where its windows begin, in seconds."""

    what: str
    way: str
    sound: Sound
    rate: int
    starts: Sequence[float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    seconds = parser.parse_args().minutes * 60
    torch.set_num_threads(1)
    print(f"{'':9s}{'made':14s}{'joins':>7s}  {'at':22s}{'level':>16s}{'spectrum':>16s}{'phase':>16s}")
    for made in chain(hums(seconds), networks(seconds)):
        for place, joins, scale in _places(made):
            print(_line(made, place, len(joins), seams(made.sound, made.rate, joins, scale)))


def hums(seconds: float) -> Iterator[Made]:
    """The field with a known answer."""
    windows = Windows.over(round(seconds * _RATE), round(_WINDOW * _RATE), round(_OVERLAP * _RATE))
    levels = 10 ** (noise(5, len(windows.starts), 1)[:, 0].clamp(-1, 1) / 20)
    hum = Hum(_RATE, 110, levels.tolist())
    apart = alone(hum, windows, 100)
    ways = {
        "jointly": denoise(noise(1, windows.length, 1), windows, times(), hum, never),
        "end to end": concatenated(apart, windows),
        "cross-faded": windows.join(apart),
    }
    starts = [start / _RATE for start in windows.starts[1:]]
    for way, sound in ways.items():
        yield Made("hum", way, sound[:, 0].numpy(), _RATE, starts)


def networks(seconds: float) -> Iterator[Made]:
    """A tiny MMAudio with random weights."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(tiny.write_model(Path(folder) / "model"), tiny.new_rack(), EngineOptions())
        rate = engine.sample_rate
        plan = Plan.of(seconds, tiny.SAMPLING, _OVERLAP)
        windows = plan.windows.finer(tiny.SAMPLING.samples_per_latent)
        order = Order("rain", seconds, seed=1)
        began = time.perf_counter()
        whole = _composed(engine, order)
        took = time.perf_counter() - began
        one = replace(order, duration=_WINDOW)
        apart = [_composed(engine, replace(one, seed=100 + number)) for number in range(len(windows.starts))]
        pieces = torch.from_numpy(np.stack(apart))[:, :, None]
    ways = {
        "jointly": whole,
        "end to end": concatenated(pieces, windows)[:, 0].numpy(),
        "cross-faded": windows.join(pieces)[:, 0].numpy(),
    }
    for way, sound in ways.items():
        yield Made("network", way, sound, rate, [start / rate for start in windows.starts[1:]])
    print(f"\n{seconds / 60:g} minutes by the tiny network, jointly, took {took:.1f} s on one core.")


def _composed(engine: Engine, order: Order) -> Sound:
    return np.concatenate(list(engine.compose(order)))[:, 0]


def _places(made: Made) -> Iterator[tuple[str, list[float], float]]:
    middles = [start + _OVERLAP / 2 for start in made.starts]
    yield f"starts, {SCALE:g} s", list(made.starts), SCALE
    yield f"mid-overlap, {SCALE:g} s", middles, SCALE
    yield f"mid-overlap, {_LONG_SCALE:g} s", middles, _LONG_SCALE


def _line(made: Made, place: str, count: int, found: Seams) -> str:
    cells = (
        f"{steps.rank:6.2f} ({steps.certainty:+5.1f}){'!' if name in found.heard else ' '}"
        for name, steps in vars(found).items()
    )
    return f"{made.what:9s}{made.way:14s}{count:7d}  {place:22s}" + "".join(f"{cell:>16s}" for cell in cells)


if __name__ == "__main__":
    main()
