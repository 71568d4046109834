"""Onsets are assigned to events as well as can be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from soundstage.evaluation.offline.matching import matches

TIMES = st.lists(st.floats(0, 5), max_size=12)


@settings(max_examples=150, deadline=None)
@given(events=TIMES, onsets=TIMES, tolerance=st.floats(0.01, 1.0))
def test_as_many_are_matched_as_can_be_at_the_least_error(events, onsets, tolerance) -> None:
    pairs = matches(events, onsets, tolerance)
    apart = np.abs(np.subtract.outer(events, onsets)) if events and onsets else np.zeros((0, 0))
    best = list(zip(*linear_sum_assignment(np.where(apart <= tolerance, apart - 1e6, 0)), strict=True))
    best = [pair for pair in best if apart[pair] <= tolerance]
    assert len(pairs) == len(best)
    assert sum(apart[pair] for pair in pairs) == pytest.approx(sum(apart[pair] for pair in best), abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(events=TIMES, onsets=TIMES)
def test_nothing_is_matched_twice_or_out_of_reach(events, onsets) -> None:
    pairs = matches(events, onsets, 0.2)
    assert len({event for event, _ in pairs}) == len({onset for _, onset in pairs}) == len(pairs)
    assert all(abs(events[event] - onsets[onset]) <= 0.2 for event, onset in pairs)


def test_a_greedy_choice_is_not_made() -> None:
    # The onset at 1.0 is nearest to the event at 1.05, but then the event at 0.9 would have none.
    assert matches([0.9, 1.05], [1.0, 1.14], 0.1) == [(0, 0), (1, 1)]


def test_many_events_of_a_long_film_are_matched_at_once() -> None:
    events = np.arange(0, 3600, 0.7)
    assert len(matches(events, events + 0.03, 0.25)) == len(events)
