"""Timing: a soundtrack that is late by so much has so much error, and nothing else has."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundstage.evaluation.offline.timing import lag_of, timing_of
from soundstage.review.onsets import onsets_of
from tests.evaluation.offline.tracks import EVENTS, shifted, track
from tests.review.sounds import stereo

SPREAD = tuple(np.cumsum([1.3, 0.9, 2.1, 0.6, 1.7, 1.1, 2.6, 0.8, 1.9, 1.4]))


def _onsets(sound: np.ndarray) -> list[float]:
    return [onset.time for onset in onsets_of(stereo(sound)) if onset.time > 0.05]


def test_a_soundtrack_in_time_finds_everything_in_place() -> None:
    timing = timing_of(EVENTS, _onsets(track()))
    assert (timing.recall, timing.precision, timing.f1, timing.extra) == (1, 1, 1, 0)
    assert timing.error is not None
    assert timing.error < 0.002
    assert timing.within(0.04) == 1


@pytest.mark.parametrize("late", [0.2, 0.5, 1.0])
def test_shifting_a_soundtrack_raises_its_timing_error_by_as_much(late) -> None:
    before = timing_of(EVENTS, _onsets(track()))
    after = timing_of(EVENTS, _onsets(shifted(track(), late)))
    assert after.error - before.error == pytest.approx(late, abs=0.002)
    assert after.late == pytest.approx(late, abs=0.002)
    assert after.lag == pytest.approx(late, abs=0.006)
    assert after.f1 < 0.3


@settings(max_examples=40, deadline=None)
@given(late=st.floats(-1.5, 1.5), jitter=st.floats(0, 0.02), seed=st.integers(0, 1000))
def test_any_lag_is_found_under_jitter_with_extra_and_missing_onsets(late, jitter, seed) -> None:
    random = np.random.default_rng(seed)
    events = np.array(SPREAD)
    onsets = events[1:] + late + jitter * random.uniform(-1, 1, len(events) - 1)
    timing = timing_of(events, [*onsets, 40.0, 41.0])
    assert timing.error == pytest.approx(abs(late), abs=0.03)


def test_extra_onsets_cost_precision_and_missing_ones_recall() -> None:
    timing = timing_of(SPREAD, [*SPREAD[:6], 3.0, 20.0])
    assert (timing.hits, timing.extra) == (6, 2)
    assert timing.recall == pytest.approx(0.6)
    assert timing.precision == pytest.approx(0.75)
    assert timing.within(0.04) == pytest.approx(0.6)


def test_events_that_repeat_are_not_taken_for_late_by_a_whole_beat() -> None:
    beat = np.arange(1, 20)
    assert lag_of(beat, beat + 0.1) == pytest.approx(0.1, abs=0.006)
    assert timing_of(beat, beat[1:]).error == 0


def test_silence_finds_no_event_and_makes_no_error() -> None:
    timing = timing_of(SPREAD, [])
    assert (timing.recall, timing.f1, timing.error, timing.late, timing.within(0.2)) == (0, 0, None, None, 0)


def test_a_film_without_events_asks_for_none() -> None:
    assert timing_of([], []).f1 == 1
    assert timing_of([], [1.0]).precision == 0
