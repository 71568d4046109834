from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from soundstage.cuesheet import Cue, Layer
from soundstage.errors import BadModel
from soundstage.sound import Block, frames_of
from soundstage.synth.maker import Rendering
from soundstage.synth.procedural import ProceduralMaker
from soundstage.trial import try_out


@dataclass
class Constant(ProceduralMaker):
    """Makes the same value throughout; notes what it was asked for."""

    value: float
    asked: list[Cue]

    def make(self, cue: Cue, seed: int) -> Rendering:
        self.asked.append(cue)
        return Rendering(1, self._blocks(cue), "MIT")

    def _blocks(self, cue: Cue) -> Iterator[Block]:
        yield np.full((frames_of(cue.duration), 1), self.value, np.float32)


def test_measures_what_a_maker_does():
    trial = try_out(ProceduralMaker(), seconds=1.0)
    assert trial.duration == 1.0
    assert -60 < trial.level < trial.peak <= 0
    assert trial.real_time_factor > 0
    assert trial.memory > 1 << 20


def test_level_and_peak_are_of_the_sound():
    trial = try_out(Constant(0.5, []), seconds=1.0)
    assert trial.level == pytest.approx(-6.02, abs=0.01)
    assert trial.peak == pytest.approx(-6.02, abs=0.01)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        pytest.param(0.0, "made silence", id="silence"),
        pytest.param(1e-5, "made silence", id="next to silence"),
        pytest.param(float("nan"), "no numbers", id="not numbers"),
        pytest.param(float("inf"), "no numbers", id="infinite"),
    ],
)
def test_refuses_what_is_no_sound(value: float, says: str):
    with pytest.raises(BadModel, match=says):
        try_out(Constant(value, []), seconds=0.7)


def test_a_line_takes_its_time_and_is_measured_by_what_is_heard():
    class Talker(Constant):
        def _blocks(self, cue: Cue) -> Iterator[Block]:
            line = np.zeros((frames_of(cue.duration), 1), np.float32)
            line[: frames_of(3.0)] = self.value
            yield line

    assert try_out(Talker(0.5, []), seconds=2.0, language="en").duration == 3.0


@pytest.mark.parametrize(
    ("language", "layer"),
    [pytest.param(None, Layer.EFFECTS, id="sound"), pytest.param("de", Layer.SPEECH, id="line")],
)
def test_asks_for_what_the_maker_makes(language: str | None, layer: Layer):
    maker = Constant(0.1, [])
    try_out(maker, 1.0, language)
    assert [cue.layer for cue in maker.asked] == [layer, layer]
    assert bool(maker.asked[0].text) == (language is not None)
