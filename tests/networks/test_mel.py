import math

import pytest

torch = pytest.importorskip("torch")

from soundstage.networks.mel import AT_16K, AT_44K, Mel, MelSettings, mel_filters  # noqa: E402
from tests.networks.filling import noise  # noqa: E402

BOTH = pytest.mark.parametrize("settings", [AT_16K, AT_44K], ids=["16k", "44k"])


def sine(settings: MelSettings, hertz: float, level: float = 0.5):
    return level * (2 * math.pi * hertz / settings.sample_rate * torch.arange(settings.sample_rate)).sin()[None]


@BOTH
def test_filters_are_slaneys(settings: MelSettings):
    audio = pytest.importorskip("transformers.audio_utils")
    expected = audio.mel_filter_bank(
        settings.window // 2 + 1,
        settings.bands,
        0.0,
        settings.highest,
        settings.sample_rate,
        norm="slaney",
        mel_scale="slaney",
    )
    torch.testing.assert_close(mel_filters(settings), torch.from_numpy(expected.T).float(), rtol=1e-4, atol=1e-8)


@BOTH
def test_a_frame_for_every_whole_hop(settings: MelSettings):
    assert Mel(settings)(torch.zeros(2, 20 * settings.hop)).shape == (2, settings.bands, 20)


@BOTH
def test_a_tone_is_in_the_band_that_holds_its_frequency(settings: MelSettings):
    loudest = Mel(settings)(sine(settings, 1000.0)).mean(dim=2)[0].argmax()
    assert mel_filters(settings)[loudest, round(1000 * settings.window / settings.sample_rate)] > 0


@pytest.mark.parametrize(("settings", "base"), [(AT_16K, 10), (AT_44K, math.e)], ids=["16k", "44k"])
def test_levels_are_logarithms_of_the_amplitude(settings: MelSettings, base: float):
    mel = Mel(settings)
    rise = mel(sine(settings, 1000.0, 0.8)).amax(dim=1) - mel(sine(settings, 1000.0, 0.08)).amax(dim=1)
    torch.testing.assert_close(rise[:, 4:-4], torch.full_like(rise[:, 4:-4], math.log(10, base)), rtol=1e-3, atol=0)


@BOTH
def test_what_is_too_loud_is_clipped(settings: MelSettings):
    loud = 3 * sine(settings, 200.0)
    assert torch.equal(Mel(settings)(loud), Mel(settings)(loud.clamp(-1, 1)))


@BOTH
def test_silence_has_a_level(settings: MelSettings):
    assert Mel(settings)(torch.zeros(1, 8 * settings.hop)).isfinite().all()


@pytest.mark.parametrize(
    ("settings", "mean", "chosen"),
    [
        pytest.param(AT_16K, -0.743405, [-0.49801, -0.72713], id="16k"),
        pytest.param(AT_44K, -1.709986, [-1.55745, -1.74138], id="44k"),
    ],
)
def test_recorded(settings: MelSettings, mean: float, chosen: list[float]):
    found = Mel(settings)(0.3 * noise(1, 10 * settings.hop))[0]
    assert found.mean().item() == pytest.approx(mean, rel=1e-4)
    assert [found[3, 0].item(), found[-1, 5].item()] == pytest.approx(chosen, rel=1e-3)
