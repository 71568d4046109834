"""A tiny bench with two systems' results, written in a moment: two films of three seconds, clicks for sound."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from soundstage.evaluation.bench.entries import Bench, Entry, Event
from soundstage.evaluation.systems.results import Result, Results
from soundstage.sound import SAMPLE_RATE, Block, write_blocks
from tests.footage import write_film

SECONDS = 3.0
TIMES = (0.5, 1.2, 2.0)
FILMS = ("dog", "door")


def clicks(times: Sequence[float], level: float = 0.5, hertz: float = 800.0, noise: float = 0.002) -> Block:
    """Stereo sound in which something starts at each of the times, over a little noise."""
    random = np.random.default_rng(0)
    samples = random.normal(0, noise, round(SECONDS * SAMPLE_RATE))
    ring = level * np.exp(-np.arange(9600) / 1500) * np.sin(2 * np.pi * hertz * np.arange(9600) / SAMPLE_RATE)
    for time in times:
        start = round(time * SAMPLE_RATE)
        part = samples[start : start + len(ring)]
        part += ring[: len(part)]
    return np.repeat(samples[:, None], 2, axis=1).astype(np.float32)


def write_bench(folder: Path) -> Bench:
    """Films of one grey each, with a reference that clicks at `TIMES`, one in each category."""
    (folder / "films").mkdir(parents=True)
    (folder / "sounds").mkdir()
    for number, name in enumerate(FILMS):
        picture = np.full((64, 96, 3), 80 + 60 * number, np.uint8)
        write_film(folder / f"films/{name}.mp4", [picture] * round(SECONDS * 25))
        write_blocks(folder / f"sounds/{name}.flac", [clicks(TIMES, hertz=800.0 + 400 * number)], 2)
    return Bench(
        name="tiny",
        entries=tuple(
            Entry(
                id=name,
                film=f"films/{name}.mp4",
                sound=f"sounds/{name}.flac",
                description=f"a {name} is heard",
                categories=("animals" if name == "dog" else "cityscape",),
                events=tuple(Event(time=time) for time in TIMES),
            )
            for name in FILMS
        ),
    ).save(folder)


def write_results(folder: Path, system: str, late: float = 0.0, joins: tuple[float, ...] = ()) -> Results:
    """A system that does what the reference does, `late` seconds later."""
    (folder / "sounds").mkdir(parents=True)
    for name in FILMS:
        write_blocks(folder / f"sounds/{name}.flac", [clicks([time + late for time in TIMES])], 2)
    return Results(
        system=system,
        bench="tiny",
        about={"seed": 0},
        results=tuple(Result(entry=name, sound=f"sounds/{name}.flac", joins=joins, seconds=1.0) for name in FILMS),
    ).save(folder)
