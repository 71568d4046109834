"""One pass over a soundtrack: levels, loudness, and the same for every way it comes in."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from soundstage.evaluation.offline.loudness import longest_silence, loudness_range, silence_ratio
from soundstage.evaluation.offline.profile import RATE, band_centres, house_blocks, profile, profile_of
from soundstage.sound import SAMPLE_RATE
from tests.evaluation.offline.tracks import heard, track
from tests.review.sounds import Signal, noise, stereo, tone


def _steps(*levels: float) -> np.ndarray:
    """K-weighted powers of a stereo sine of 1 kHz, 20 s at each level (dBFS), as EBU Tech 3342 describes."""
    sound = np.concatenate([tone(20.0, 1000.0, 10 ** (level / 20)) for level in levels])
    return heard(sound, sound).steps


@pytest.mark.parametrize(
    ("levels", "wanted"),
    [((-20, -30), 10), ((-20, -15), 5), ((-40, -20), 20), ((-50, -35, -20, -35, -50), 15)],
    ids=["1", "2", "3", "4"],
)
def test_the_loudness_range_of_the_minimum_requirements_of_tech_3342(levels, wanted) -> None:
    assert loudness_range(_steps(*levels)) == pytest.approx(wanted, abs=1)


def test_what_is_shorter_than_three_seconds_or_silent_has_no_loudness_range() -> None:
    assert loudness_range(np.full(29, 0.01)) is None
    assert loudness_range(np.zeros(100)) is None


def test_silence_is_told_by_its_share_and_its_longest_stretch() -> None:
    steps = heard(np.concatenate([noise(2), np.zeros(3 * SAMPLE_RATE), noise(4), np.zeros(SAMPLE_RATE)])).steps
    assert silence_ratio(steps) == pytest.approx(0.4, abs=0.02)
    assert longest_silence(steps) == pytest.approx(3.0, abs=0.1)


def test_a_tone_shows_in_its_band_at_its_level() -> None:
    levels = heard(tone(1.0, 1000.0, 1.0)).levels
    middle = levels[40:60].mean(axis=0)
    assert abs(band_centres()[int(middle.argmax())] - 1000) < 60
    assert 10 * np.log10((10 ** (middle / 10)).sum()) == pytest.approx(-3.0, abs=0.2)


def test_frames_lie_around_their_times() -> None:
    click = np.zeros(SAMPLE_RATE)
    click[SAMPLE_RATE // 2] = 1.0
    found = heard(click)
    assert len(found.levels) == RATE
    assert int(found.levels.mean(axis=1).argmax()) == RATE // 2


def test_blocks_of_any_size_give_the_same_profile() -> None:
    block = stereo(track(seconds=3.0, events=(1.0,)))
    whole = profile(iter([block]))
    parts = profile(iter(np.split(block, [1, 700, 90_001])))
    assert np.abs(whole.levels - parts.levels).max() < 1e-3
    assert whole.steps == pytest.approx(parts.steps)
    assert whole.duration == parts.duration == 3.0


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (16_000, 1), (48_000, 6)])
def test_files_of_any_rate_and_number_of_channels_are_heard_alike(tmp_path: Path, rate, channels) -> None:
    sound = tone(2.0, 1000.0, 0.2)
    file = tmp_path / "sound.wav"
    soundfile.write(file, soxr.resample(np.tile(sound[:, None], channels), SAMPLE_RATE, rate), rate, subtype="FLOAT")
    found, wanted = profile_of(file), heard(sound)
    assert found.duration == pytest.approx(2.0, abs=0.01)
    assert found.levels[50:150].max(axis=0) == pytest.approx(wanted.levels[50:150].max(axis=0), abs=4.0)
    assert found.levels[50:150].max() == pytest.approx(wanted.levels[50:150].max(), abs=0.1)


def test_a_part_of_a_file_can_be_read(tmp_path: Path) -> None:
    sound: Signal = np.arange(3 * SAMPLE_RATE) / (4 * SAMPLE_RATE)
    soundfile.write(tmp_path / "ramp.wav", sound, SAMPLE_RATE, subtype="FLOAT")
    part = np.concatenate(list(house_blocks(tmp_path / "ramp.wav", 1.0, 2.0)))
    assert len(part) == SAMPLE_RATE
    assert part[0, 0] == pytest.approx(0.25)


def test_no_sound_at_all_has_an_empty_profile() -> None:
    nothing = profile(iter([]))
    assert (nothing.duration, len(nothing.levels), len(nothing.flux), nothing.integrated) == (0, 0, 0, float("-inf"))
