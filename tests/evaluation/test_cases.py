import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundstage.evaluation.cases import Case, Part, at_once


@given(st.lists(st.integers()), st.integers(1, 8))
def test_answers_come_in_the_order_of_the_tasks(tasks: list[int], workers: int):
    assert at_once(lambda task: task + 1, tasks, workers) == tuple(task + 1 for task in tasks)


def test_the_first_error_ends_it():
    with pytest.raises(ZeroDivisionError):
        at_once(lambda task: 1 / task, [1, 0, 1], workers=2)


@pytest.mark.parametrize("part", [Part.TUNED, Part.HELD_OUT])
def test_a_case_lies_in_its_part_and_in_all(part: Part):
    holding = {each for each in Part if each.holds(Case(part=part))}
    assert holding == {part, Part.ALL}
