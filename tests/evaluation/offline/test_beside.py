"""A soundtrack beside its reference, its picture and its labels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundstage.cuesheet import CueSheet
from soundstage.evaluation.bench.entries import Event
from soundstage.evaluation.offline.bands import Expected, band_agreement, expected_at, expected_by
from soundstage.evaluation.offline.envelopes import correlation, lag_between
from soundstage.evaluation.offline.likeness import likeness, mel_features
from soundstage.evaluation.offline.picture import picture_agreement
from soundstage.knowledge.base import knowledge
from soundstage.reading import MotionCurve
from soundstage.sound import SAMPLE_RATE
from tests.evaluation.offline.tracks import EVENTS, SECONDS, heard, shifted, track, with_noise
from tests.review.sounds import noise, tone

OTHER = (0.6, 1.9, 3.3, 5.4, 6.6, 8.5, 11.1, 12.1, 14.4, 16.1, 18.6)


def _motion(events: tuple[float, ...], seconds: float = SECONDS) -> MotionCurve:
    """A picture on which something moves suddenly at each event."""
    times = np.arange(0, seconds, 0.04)
    since = times[:, None] - np.array(events)
    energy = np.where(since >= 0, np.exp(-np.maximum(since, 0) / 0.15), 0).max(axis=1)
    return MotionCurve(times, energy.astype(np.float32), np.zeros(len(times), np.float32))


def test_a_soundtrack_agrees_with_itself_in_everything() -> None:
    sound = heard(track())
    found = likeness(sound, sound)
    assert found.loudness == pytest.approx(1)
    assert found.onsets == pytest.approx(1)
    assert found.spectrum == 0
    assert found.lag.seconds == pytest.approx(0, abs=0.001)


def test_swapping_two_films_sound_lowers_agreement() -> None:
    reference = heard(track(seed=1))
    own, swapped = likeness(heard(track()), reference), likeness(heard(track(OTHER, hertz=2500)), reference)
    assert own.loudness > 0.9 > 0.5 > swapped.loudness
    assert own.onsets > 0.9 > 0.5 > swapped.onsets
    assert own.spectrum < swapped.spectrum


def test_noise_raises_the_distance_to_the_reference_step_by_step() -> None:
    reference = heard(track(seed=1))
    found = [likeness(heard(with_noise(track(), ratio)), reference) for ratio in (60, 20, 10, 0)]
    assert np.all(np.diff([one.spectrum for one in found]) > 0)
    assert np.all(np.diff([one.loudness for one in found]) < 0)


@pytest.mark.parametrize("late", [0.2, 0.5, 1.0])
def test_a_shift_is_found_beside_the_reference(late) -> None:
    found = likeness(heard(shifted(track(), late)), heard(track(seed=1)))
    assert found.lag.seconds == pytest.approx(late, abs=0.005)


def test_silence_is_like_nothing_and_breaks_nothing() -> None:
    found = likeness(heard(np.zeros(5 * SAMPLE_RATE)), heard(track()))
    assert (found.loudness, found.onsets, found.lag) == (None, None, None)
    assert likeness(heard(noise(0.5)), heard(track())) is None


def test_features_of_a_second_are_72_numbers_that_tell_level_and_beat() -> None:
    steady, beating = (
        tone(3.0, 1000.0),
        tone(3.0, 1000.0) * (1.1 + np.sin(2 * np.pi * 8 * np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE)),
    )
    flat, beats = mel_features(heard(steady)), mel_features(heard(beating))
    assert flat.shape == (3, 72)
    difference = (beats - flat)[1, 40:].reshape(4, 8)
    assert int(difference.max(axis=1).argmax()) == 2  # 6 to 12 Hz


@pytest.mark.parametrize("gain", [-9.0, 9.0])
def test_how_loud_a_soundtrack_is_mastered_changes_no_feature(gain) -> None:
    loud = track() * 10 ** (gain / 20)
    assert mel_features(heard(loud)) == pytest.approx(mel_features(heard(track())), abs=0.05)


def test_features_of_silence_are_numbers() -> None:
    assert np.isfinite(mel_features(heard(np.zeros(3 * SAMPLE_RATE)))).all()


def test_sound_that_follows_the_picture_agrees_with_it() -> None:
    seen = _motion(EVENTS)
    with_it, beside_it = picture_agreement(seen, heard(track())), picture_agreement(seen, heard(track(OTHER)))
    assert with_it.bursts > 0.7 > 0.3 > beside_it.bursts
    assert with_it.activity > 0.5 > 0.3 > beside_it.activity


@pytest.mark.parametrize("late", [0.2, 0.5])
def test_the_lag_to_the_picture_is_that_of_the_shift(late) -> None:
    found = picture_agreement(_motion(EVENTS), heard(shifted(track(), late)))
    assert found.lag.seconds == pytest.approx(late, abs=0.05)


def test_a_picture_that_stands_still_has_nothing_to_agree_with() -> None:
    still = picture_agreement(_motion((99.0,)), heard(track()))
    assert (still.bursts, still.activity, still.lag) == (None, None, None)
    assert (
        picture_agreement(
            MotionCurve(np.zeros(0), np.zeros(0, np.float32), np.zeros(0, np.float32)), heard(track())
        ).lag
        is None
    )


def test_energy_in_the_bands_expected_is_told_from_energy_elsewhere() -> None:
    sound = heard(np.concatenate([tone(2.0, 300.0), tone(2.0, 5000.0)]))
    low = (Expected(0.0, 1.9, 200, 500), Expected(2.1, 4.0, 200, 500))
    assert band_agreement(sound, low) == pytest.approx(0.5, abs=0.02)
    assert band_agreement(sound, (low[0], Expected(2.1, 4.0, 4000, 6000))) == pytest.approx(1, abs=0.02)


def test_a_hit_is_told_from_the_bed_it_stands_on() -> None:
    bed = tone(4.0, 200.0, 0.5)
    hit = np.concatenate([np.zeros(2 * SAMPLE_RATE), tone(0.3, 4000.0, 0.2), np.zeros(round(1.7 * SAMPLE_RATE))])
    sound = heard(bed + hit)
    assert band_agreement(sound, [Expected(2.0, 2.3, 3000, 5000, hit=True)]) > 0.9
    assert band_agreement(sound, [Expected(2.0, 2.3, 3000, 5000)]) < 0.3
    assert band_agreement(sound, [Expected(3.0, 3.3, 3000, 5000, hit=True)]) < 0.3


def test_silence_where_something_is_expected_is_no_agreement() -> None:
    assert band_agreement(heard(np.zeros(SAMPLE_RATE)), [Expected(0.2, 0.8, 100, 1000)]) == 0
    assert band_agreement(heard(noise(1.0)), []) is None
    assert band_agreement(heard(noise(1.0)), [Expected(5.0, 6.0, 100, 1000)]) is None


def test_labels_that_the_knowledge_base_knows_say_what_to_expect() -> None:
    label = knowledge().search("gunshot")[0].label
    found = expected_at([Event(time=1.0, label=label.name), Event(time=2.0, label="no such sound"), Event(time=3.0)])
    assert [(one.start, one.low, one.high, one.hit) for one in found] == [
        (1.0, label.acoustics.low, label.acoustics.high, True)
    ]
    assert found[0].end - found[0].start >= 0.1


def test_a_cue_sheet_says_what_to_expect_of_its_cues() -> None:
    label = knowledge().search("rain")[0].label
    cue = {"id": "c1", "layer": label.layer, "label": label.name, "start": 0.0, "end": 4.0, "level": -20.0}
    scene = {"id": "s1", "start": 0.0, "end": 4.0, "shots": (0, 0), "caption": {"background": "a yard"}, "cues": [cue]}
    sheet = CueSheet.model_validate({"film": "0" * 64, "duration": 4.0, "scenes": [scene]})
    assert expected_by(sheet) == (Expected(0.0, 4.0, label.acoustics.low, label.acoustics.high),)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.1, 10), added=st.floats(-5, 5))
def test_correlation_is_symmetric_and_blind_to_scale(seed, scale, added) -> None:
    first, second = np.random.default_rng(seed).standard_normal((2, 30))
    assert correlation(first, first) == pytest.approx(1)
    assert correlation(scale * second + added, first) == pytest.approx(correlation(first, second))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), steps=st.integers(-80, 80))
def test_the_lag_between_curves_is_found_both_ways(seed, steps) -> None:
    curve = np.random.default_rng(seed).standard_normal(600)
    moved = np.roll(np.pad(curve, 100), steps)
    assert lag_between(moved, np.pad(curve, 100), 100, 1.0).seconds == pytest.approx(steps / 100, abs=0.003)
    assert lag_between(np.pad(curve, 100), moved, 100, 1.0).seconds == pytest.approx(-steps / 100, abs=0.003)
