import pytest

from soundstage.evaluation.cases import Case, Part


@pytest.mark.parametrize("part", [Part.TUNED, Part.HELD_OUT])
def test_a_case_lies_in_its_part_and_in_all(part: Part):
    holding = {each for each in Part if each.holds(Case(part=part))}
    assert holding == {part, Part.ALL}
