import numpy as np
import pytest

from soundstage.cuesheet import Layer, Line
from soundstage.mix.ducking import DEPTHS, Original, ducking
from soundstage.mix.envelope import Curve
from soundstage.sound import frames_of

LINE = Line(start=4, end=6, text="Come in.")


def decibels_at(curve: Curve) -> float:
    with np.errstate(divide="ignore"):
        return float(20 * np.log10(np.max(curve)))


@pytest.mark.parametrize("layer", [Layer.AMBIENCE, Layer.EFFECTS, Layer.MUSIC])
def test_layers_give_way_to_dialogue_before_it_begins(layer: Layer) -> None:
    gain = ducking(Original.KEEP, [LINE], (), ()).gain(layer)
    assert decibels_at(gain(frames_of(4), frames_of(2))) == pytest.approx(DEPTHS[layer])
    assert decibels_at(gain(frames_of(3), 100)) == 0
    assert decibels_at(gain(frames_of(7), 100)) == 0


def test_layers_give_way_to_spoken_cues() -> None:
    gain = ducking(Original.REMOVE, [], [(4, 6)], ()).gain(Layer.AMBIENCE)
    assert decibels_at(gain(frames_of(5), 100)) == pytest.approx(DEPTHS[Layer.AMBIENCE])


def test_speech_does_not_duck_itself() -> None:
    gain = ducking(Original.KEEP, [LINE], [(4, 6)], ()).gain(Layer.SPEECH)
    assert decibels_at(gain(frames_of(5), 100)) == 0


def test_dialogue_that_is_not_heard_ducks_nothing() -> None:
    gain = ducking(Original.REMOVE, [LINE], (), ()).gain(Layer.AMBIENCE)
    assert decibels_at(gain(frames_of(5), 100)) == 0


@pytest.mark.parametrize(
    ("original", "elsewhere", "under_ours", "dialogue"),
    [
        pytest.param(Original.KEEP, 0, 0, 0, id="keep"),
        pytest.param(Original.DUCK, 0, -12, 0, id="duck"),
        pytest.param(Original.REPLACE, -np.inf, -np.inf, 0, id="replace"),
    ],
)
def test_what_becomes_of_the_original(original: Original, elsewhere: float, under_ours: float, dialogue: float) -> None:
    plan = ducking(original, [LINE], (), [(2, 8)])
    at = {time: decibels_at(plan.original_gain(frames_of(time), 100)) for time in (1.0, 3.0, 5.0, 9.0)}
    assert at[1.0] == at[9.0] == pytest.approx(elsewhere)
    assert at[3.0] == pytest.approx(under_ours)
    assert at[5.0] == pytest.approx(dialogue)


def test_the_original_gives_way_to_a_spoken_cue() -> None:
    plan = ducking(Original.KEEP, [], [(4, 6)], ())
    assert decibels_at(plan.original_gain(frames_of(5), 100)) == pytest.approx(-12)


def test_gains_never_jump() -> None:
    plan = ducking(Original.DUCK, [LINE, Line(start=6.4, end=7, text="Sit.")], [(1, 1.5)], [(0.5, 3), (7.2, 9)])
    for gain in (plan.gain(Layer.MUSIC), plan.original_gain):
        assert np.abs(np.diff(gain(0, frames_of(10)))).max() < 0.001
