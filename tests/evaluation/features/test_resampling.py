import math

import pytest

torch = pytest.importorskip("torch")

from soundstage.evaluation.features import resampling  # noqa: E402
from soundstage.evaluation.features.resampling import resampled  # noqa: E402
from tests.networks.filling import noise  # noqa: E402

RECORDED = [-0.054929, 0.210849, -0.339706, 0.397362]


def wave(hertz, rate, seconds=1.0):
    return torch.sin(torch.arange(round(rate * seconds)) * (2 * math.pi * hertz / rate))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        pytest.param(48_000, 16_000, id="a third"),
        pytest.param(44_100, 16_000, id="44.1 to 16"),
        pytest.param(48_000, 44_100, id="48 to 44.1"),
        pytest.param(16_000, 48_000, id="up"),
    ],
)
def test_a_tone_stays_what_it_is(given, wanted):
    found = resampled(wave(440, given), given, wanted)
    assert len(found) == wanted
    inside = slice(200, -200)
    assert torch.allclose(found[inside], wave(440, wanted)[inside], atol=2e-3)


def test_noise_gets_the_recorded_samples():
    found = resampled(noise(4_800), 48_000, 16_000)
    assert found[[0, 100, 800, 1599]].tolist() == pytest.approx(RECORDED, abs=1e-5)


def test_what_the_lower_rate_cannot_hold_is_gone():
    found = resampled(wave(10_000, 48_000), 48_000, 16_000)
    assert found[200:-200].abs().max() < 0.01


def test_a_sound_of_the_rate_is_left_alone():
    sound = noise(100)
    assert resampled(sound, 16_000, 16_000) is sound


def test_odd_lengths_are_rounded_up():
    assert len(resampled(noise(100), 48_000, 16_000)) == 34


def test_pieces_of_a_long_sound_fit_together(monkeypatch):
    sound = noise(50_000)
    whole = resampled(sound, 44_100, 16_000)
    monkeypatch.setattr(resampling, "_PIECE", 5_000)
    assert torch.allclose(resampled(sound, 44_100, 16_000), whole, atol=1e-6)
