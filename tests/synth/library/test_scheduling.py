import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.library.hits import Hit
from soundstage.synth.library.recording import Recording
from soundstage.synth.library.scheduling import Event, played
from tests.synth.library.conftest import Record
from tests.synth.library.sounds import noise


def click(rate: int) -> np.ndarray:
    """One sample, a tenth of a second in."""
    sound = np.zeros(rate // 2)
    sound[rate // 10] = 0.8
    return sound


def event(recording: Recording, time: float, **more: float) -> Event:
    return Event(time, recording, Hit(start=0.02, strike=0.1, end=0.4, peak=0.8), **more)


def peaks(sound: np.ndarray) -> list[int]:
    return [int(n) for n in np.flatnonzero(np.abs(sound) > 0.5 * np.abs(sound).max())]


@pytest.mark.parametrize("rate", [44_100, 48_000, 22_050])
@pytest.mark.parametrize("speed", [1.0, 1.06, 0.94])
@pytest.mark.parametrize("time", [0.25, 1.3333, 1.4999])
def test_strikes_on_its_frame(record: Record, rate: int, speed: float, time: float):
    sound = np.concatenate(list(played([event(record("c.wav", click(rate), rate), time, speed=speed)], 96_000, 1)))
    assert int(np.abs(sound[:, 0]).argmax()) == pytest.approx(time * SAMPLE_RATE, abs=2)


def test_a_hit_before_its_lead_fits_still_strikes_on_time(record: Record):
    sound = np.concatenate(list(played([event(record("c.wav", click(48_000), 48_000), 0.03)], 48_000, 1)))
    assert int(np.abs(sound[:, 0]).argmax()) == pytest.approx(0.03 * SAMPLE_RATE, abs=2)


@given(times=st.lists(st.floats(0, 4), max_size=8), frames=st.integers(1, 4 * SAMPLE_RATE))
@settings(max_examples=20, deadline=None)
def test_lasts_to_the_frame_and_is_the_sum_of_its_events(
    times: list[float], frames: int, tmp_path_factory: pytest.TempPathFactory
):
    path = tmp_path_factory.mktemp("events") / "n.wav"
    soundfile.write(path, noise(0.5, 48_000), 48_000, subtype="FLOAT")
    recording = Recording(path, "n", 24_000, 48_000, 1)
    whole = np.concatenate(list(played([event(recording, time) for time in times], frames, 1)))
    alone = [np.concatenate(list(played([event(recording, time)], frames, 1))) for time in times]
    assert whole.shape == (frames, 1)
    assert np.abs(whole - sum(alone, np.zeros((frames, 1)))).max() < 1e-6


def test_what_is_cut_off_is_faded(record: Record):
    recording = record("n.wav", 0.3 + 0 * noise(0.5, 48_000), 48_000)
    sound = np.concatenate(list(played([event(recording, 0.1)], round(0.2 * SAMPLE_RATE), 1)))[:, 0]
    assert np.abs(np.diff(sound)).max() < 0.02
    assert abs(sound[-1]) < 0.01
