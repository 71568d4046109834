from dataclasses import replace

import numpy as np
import pytest
import soundfile

torch = pytest.importorskip("torch")

from soundstage.errors import BadFilm, BadSound, SoundstageError  # noqa: E402
from soundstage.evaluation.features.item import WHOLE, Item, legacy  # noqa: E402
from soundstage.evaluation.features.sounds import cut, heard  # noqa: E402
from tests.evaluation.features.conftest import SECONDS  # noqa: E402


def test_channels_are_mixed_and_their_mean_is_taken_out(item):
    sound = heard(item)
    assert sound.rate == 48_000
    assert sound.mean.mean() == pytest.approx(0.2, abs=1e-3)
    assert float(sound.at(48_000).mean()) == pytest.approx(0, abs=1e-6)
    assert float(sound.at(48_000, centred=False).mean()) == pytest.approx(0.2, abs=1e-3)


def test_the_first_channel_is_at_hand_too(item):
    assert float(heard(item).first_at(48_000).std()) == pytest.approx(0.1 / np.sqrt(3), rel=0.02)


def test_a_films_own_track_is_heard(item, film):
    sound = heard(replace(item, sound=film)).at(16_000)
    assert len(sound) == pytest.approx(16_000 * SECONDS, abs=1_600)
    spectrum = torch.fft.rfft(sound[:16_000]).abs()
    assert int(spectrum.argmax()) == 440


@pytest.mark.parametrize(
    ("view", "shape"),
    [
        pytest.param(legacy(8), (1, 8_000), id="the first 8 s"),
        pytest.param(legacy(60), (1, 20_000), id="no more than there is"),
        pytest.param(legacy(None), (1, 20_000), id="all in one look"),
        pytest.param(WHOLE, (3, 8_000), id="windows"),
    ],
)
def test_what_is_looked_at(view, shape):
    assert cut(torch.arange(20_000.0), 1_000, view, Item("a", 20.0)).shape == shape


def test_the_last_window_ends_with_the_film():
    pieces = cut(torch.arange(20_000.0), 1_000, WHOLE, Item("a", 20.0))
    assert pieces[:, 0].tolist() == [0, 8_000, 12_000]


def test_windows_beyond_the_end_of_the_sound_are_silent():
    pieces = cut(torch.ones(9_000), 1_000, WHOLE, Item("a", 20.0))
    assert pieces.sum(dim=1).tolist() == [8_000, 1_000, 0]


def test_damaged_sound_is_named(tmp_path, item):
    (tmp_path / "broken.wav").write_bytes(b"RIFF----WAVE")
    with pytest.raises(BadSound, match=r"broken\.wav"):
        heard(replace(item, sound=tmp_path / "broken.wav"))


def test_what_is_neither_sound_nor_film_is_named(tmp_path, item):
    (tmp_path / "notes.txt").write_text("rain")
    with pytest.raises(BadFilm, match=r"notes\.txt"):
        heard(replace(item, sound=tmp_path / "notes.txt"))


def test_a_missing_file_is_named(tmp_path, item):
    with pytest.raises(SoundstageError, match=r"gone\.wav"):
        heard(replace(item, sound=tmp_path / "gone.wav"))


def test_sound_that_is_not_finite_is_refused(tmp_path, item):
    soundfile.write(str(tmp_path / "nan.wav"), np.array([0.1, np.nan, 0.1]), 48_000, subtype="FLOAT")
    with pytest.raises(BadSound, match="not finite"):
        heard(replace(item, sound=tmp_path / "nan.wav"))


def test_empty_sound_is_refused(tmp_path, item):
    soundfile.write(str(tmp_path / "empty.wav"), np.zeros((0, 1)), 48_000)
    with pytest.raises(BadSound, match="no sound"):
        heard(replace(item, sound=tmp_path / "empty.wav"))
