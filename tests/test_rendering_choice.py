"""Which of several takes is kept: by ears beside the checks, and within a time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from soundstage.cuesheet import Cue, Method
from soundstage.errors import MissingPart
from soundstage.rendering import RenderOptions, Stage, performance_seed
from soundstage.sound import Block, frames_of, read_blocks
from soundstage.synth.maker import Fit, MakerFacts, Rendering
from tests.documents import cue
from tests.review.ears import Planted, raising


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class SlowMaker:
    """Makes noise, each take half as loud as the one before, and lets a clock run on by `seconds` for each."""

    clock: Clock = field(default_factory=Clock)
    seconds: float = 1.0
    made: list[int] = field(default_factory=list)
    facts: MakerFacts = field(
        default_factory=lambda: MakerFacts("slow", Method.PROCEDURAL, 1, longest=None, cost=0.1, licence="CC0-1.0")
    )

    def can_make(self, cue: Cue) -> Fit:
        return Fit(1.0, "noise is easy")

    def make(self, cue: Cue, seed: int) -> Rendering:
        self.clock.now += self.seconds
        self.made.append(seed)
        return Rendering(1, self._blocks(cue, seed, 0.2 / 2 ** len(self.made)), "CC0-1.0")

    def _blocks(self, cue: Cue, seed: int, level: float) -> Iterator[Block]:
        yield np.random.default_rng(seed).normal(0, level, (frames_of(cue.duration), 1)).astype(np.float32)


def thud(**changes: object) -> Cue:
    return cue("thud", 0, 2, label="dog barking", layer="effects", **changes)


def soft_is_better(take: Path) -> tuple[float, str]:
    level = float(np.abs(next(read_blocks(take))).mean())
    return (1.0, "fine") if level < 0.03 else (0.0, "wrong")


def rendered(folder: Path, maker: SlowMaker, options: RenderOptions, *ears: Planted):
    stage = Stage([maker], folder, options, ears, maker.clock)
    return stage.render([thud()], lambda fraction: None).takes["thud"]


@pytest.mark.parametrize(
    ("seconds", "takes"),
    [(None, 8), (0.5, 1), (1.9, 1), (2.0, 2), (3.99, 3), (4.0, 4), (100.0, 8)],
)
def test_takes_are_made_as_long_as_the_time_allows(tmp_path: Path, seconds, takes):
    maker = SlowMaker()
    rendered(tmp_path, maker, RenderOptions(candidates=8, seconds=seconds))
    assert len(maker.made) == takes


def test_a_take_that_fails_an_ear_loses_against_one_that_passes(tmp_path: Path):
    options = RenderOptions(candidates=3)
    plain = rendered(tmp_path, SlowMaker(), options)
    heard = rendered(tmp_path, SlowMaker(), options, Planted(soft_is_better))
    assert heard.scores["planted"] == (1.0, "fine")
    assert heard.seed == performance_seed(thud(), 2)
    assert "planted" not in plain.scores


def test_what_an_ear_chose_is_another_take_than_what_none_chose(tmp_path: Path):
    options = RenderOptions(candidates=1)
    keys = {
        rendered(tmp_path, SlowMaker(), options).identity,
        rendered(tmp_path, SlowMaker(), options, Planted(soft_is_better)).identity,
        rendered(tmp_path, SlowMaker(), options, Planted(soft_is_better, told="other weights")).identity,
        rendered(tmp_path, SlowMaker(), RenderOptions(candidates=1, seconds=5.0)).identity,
    }
    assert len(keys) == 4


def test_an_ear_that_would_not_judge_changes_no_key(tmp_path: Path):
    options = RenderOptions(candidates=1)
    first = rendered(tmp_path, SlowMaker(), options)
    maker = SlowMaker()
    assert rendered(tmp_path, maker, options, Planted(soft_is_better, told="")) == first
    assert maker.made == []


def test_no_film_fails_because_of_an_ear(tmp_path: Path):
    options = RenderOptions(candidates=2)
    take = rendered(tmp_path, SlowMaker(), options, Planted(raising(MissingPart("It is not here."))))
    assert take.score > 0
    assert "planted" not in take.scores
