import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundstage.agents.together import side_by_side


@given(st.lists(st.integers()), st.integers(1, 8))
def test_answers_come_in_the_order_of_the_tasks(tasks: list[int], workers: int):
    assert side_by_side(lambda task: task + 1, tasks, workers) == [task + 1 for task in tasks]


def test_the_first_error_ends_it_and_leaves_what_is_open():
    left: list[str] = []
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda task: 1 / task, [1, 0, 1], workers=2, leave=lambda: left.append("left"))
    assert left == ["left"]


def test_an_error_is_not_kept_waiting_by_what_came_before_it():
    gate = threading.Event()

    def work(task: int) -> None:
        if task == 0:
            gate.wait(60)
        else:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        side_by_side(work, [0, 1], workers=2, leave=gate.set)


def test_progress_counts_what_is_finished():
    told: list[float] = []
    side_by_side(str, range(4), workers=1, progress=told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]
