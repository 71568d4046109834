from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from soundstage.errors import BadSound
from soundstage.sound import SAMPLE_RATE
from soundstage.synth.library.beds import Material, bed, material
from soundstage.synth.library.recording import Recording
from tests.synth.library.conftest import Record
from tests.synth.library.sounds import knocks, noise, tone


def render(materials: list[Material], seconds: float, channels: int = 1, seed: int = 0) -> np.ndarray:
    return np.concatenate(list(bed(materials, round(seconds * SAMPLE_RATE), channels, np.random.default_rng(seed))))


def usable(recording: Recording) -> Material:
    found = material(recording)
    assert found is not None
    return found


def largest_step(sound: np.ndarray) -> float:
    return float(np.abs(np.diff(sound, axis=0)).max())


def levels(sound: np.ndarray) -> np.ndarray:
    step = SAMPLE_RATE // 10
    power = np.mean(sound[: len(sound) // step * step].reshape(-1, step * sound.shape[1]) ** 2, axis=1)
    return 10 * np.log10(power + 1e-12)


@given(
    pitch=st.floats(60, 900),
    rate=st.sampled_from([22_050, 44_100, 48_000]),
    length=st.floats(1.1, 8.0),
    seed=st.integers(0, 1000),
)
@settings(max_examples=12, deadline=None)
def test_a_looped_tone_has_no_seam(
    pitch: float, rate: int, length: float, seed: int, tmp_path_factory: pytest.TempPathFactory
):
    path = tmp_path_factory.mktemp("bed") / "tone.wav"
    sound = tone(length, pitch, rate)
    soundfile.write(path, sound, rate, subtype="FLOAT")
    loop = render([usable(Recording(path, "tone", len(sound), rate, 1))], 12, seed=seed)
    # Of a sine, the largest step between samples is 2 pi f / rate of its peak; up to 3 % of speed come on top.
    assert largest_step(loop) <= 1.05 * 2 * np.pi * pitch / SAMPLE_RATE * np.abs(loop).max()
    assert np.ptp(levels(loop)) < 0.5


@given(length=st.floats(1.2, 30.0), seed=st.integers(0, 1000), channels=st.sampled_from([1, 2]))
@settings(max_examples=8, deadline=None)
def test_looped_noise_keeps_its_level(
    length: float, seed: int, channels: int, tmp_path_factory: pytest.TempPathFactory
):
    path = tmp_path_factory.mktemp("bed") / "noise.wav"
    sound = noise(length, seed=seed, channels=channels)
    soundfile.write(path, sound, 44_100, subtype="FLOAT")
    loop = render([usable(Recording(path, "noise", len(sound), 44_100, channels))], 12, channels, seed)
    assert np.ptp(levels(loop)) < 1.5
    assert largest_step(loop) < 1.6 * largest_step(loop[: SAMPLE_RATE // 2])


@given(frames=st.integers(1, 400_000))
@settings(max_examples=8, deadline=None)
def test_a_bed_lasts_to_the_frame(frames: int, tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("bed") / "noise.wav"
    soundfile.write(path, noise(1.5), 44_100)
    steady = usable(Recording(path, "noise", round(1.5 * 44_100), 44_100, 1))
    assert sum(len(block) for block in bed([steady], frames, 1, np.random.default_rng(0))) == frames


def test_the_same_seed_gives_the_same_samples(record: Record):
    steady = usable(record("noise.wav", noise(3.0)))
    assert np.array_equal(render([steady], 10, seed=4), render([steady], 10, seed=4))
    assert not np.array_equal(render([steady], 10, seed=4), render([steady], 10, seed=5))


def test_a_short_recording_is_not_heard_to_repeat_evenly(record: Record):
    loop = render([usable(record("noise.wav", noise(3.0)))], 60)[:, 0]
    spectrum = np.abs(np.fft.rfft(loop, 2 * len(loop))) ** 2
    echo = np.fft.irfft(spectrum)[: len(loop)]
    late = echo[SAMPLE_RATE:] / echo[0]
    assert late.max() < 0.4


def test_several_recordings_are_taken_in_turn(record: Record):
    low, high = record("low.wav", tone(3.0, 200)), record("high.wav", tone(3.0, 2000))
    loop = render([usable(low), usable(high)], 30)[:, 0]
    spectrum = np.abs(np.fft.rfft(loop))
    shares = [spectrum[int(30 * pitch * 0.95) : int(30 * pitch * 1.05)].max() for pitch in (200, 2000)]
    assert min(shares) > 0.3 * max(shares)


def test_fades_and_silence_at_the_ends_are_left_out(record: Record):
    sound = np.concatenate([np.zeros(22_050), noise(3.0), np.zeros(44_100)])
    steady = usable(record("faded.wav", sound))
    assert (steady.start, steady.end) == (pytest.approx(0.5, abs=0.06), pytest.approx(3.5, abs=0.06))


def test_loud_and_quiet_recordings_come_out_alike(record: Record):
    quiet, loud = usable(record("q.wav", noise(3.0, level=0.003))), usable(record("l.wav", noise(3.0, level=0.2)))
    assert np.median(levels(render([quiet], 5))) == pytest.approx(np.median(levels(render([loud], 5))), abs=0.5)


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(np.zeros(100_000), id="silence"),
        pytest.param(noise(0.5), id="too short"),
        pytest.param(knocks(0.1, length=0.9), id="a knock"),
    ],
)
def test_what_cannot_be_looped_is_refused(record: Record, sound: np.ndarray):
    assert material(record("no.wav", sound)) is None


def test_only_some_seconds_are_held_in_memory(record: Record):
    blocks = bed(
        [usable(record("noise.wav", noise(90.0, rate=8000), 8000))], 600 * SAMPLE_RATE, 1, np.random.default_rng(0)
    )
    assert max(len(block) for block in blocks) <= 25 * SAMPLE_RATE


def test_a_recording_that_has_gone_is_named(record: Record):
    recording = record("gone.wav", noise(3.0))
    steady = usable(recording)
    Path(recording.path).unlink()
    with pytest.raises(BadSound, match=r"gone\.wav cannot be read"):
        render([steady], 3)
