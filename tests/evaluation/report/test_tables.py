"""Tables: the paper's rows as printed, ours beside them, the best marked and nothing invented."""

import pytest

from soundstage.evaluation.report.choosing import chosen_films, main_measures, worst_films
from soundstage.evaluation.report.differences import differences_table
from soundstage.evaluation.report.glossary import TERMS, term
from soundstage.evaluation.report.published import TABLE_1, TABLE_2
from soundstage.evaluation.report.tables import (
    NONE,
    Kind,
    category_table,
    lengths_table,
    paper_table,
    summary,
    whole_table,
    written,
)
from tests.evaluation.report.scored import ERROR, F1, LOUD, measure, scores, system

_GOOD, _POOR = system("soundstage", 0.7, 0.02), system("windows", 0.3, 0.4)
_BOTH = scores(_GOOD, _POOR)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1234, "0.123"), (-0.0001, "0.000"), (5.678, "5.68"), (-23.04, "−23.0"), (354.1, "354.1"), (12008.8, "12009")],
    ids=["small", "no signed zero", "units", "minus", "hundreds", "thousands"],
)
def test_numbers_are_written_in_as_many_digits_as_tell_something(value: float, text: str):
    assert written(value) == text


@pytest.mark.parametrize("paper", [TABLE_1, TABLE_2], ids=["table 1", "table 2"])
def test_published_rows_have_a_value_for_each_column(paper: object):
    table = paper_table(paper, [_GOOD])  # type: ignore[arg-type]
    published = [row for row in table.rows if row.kind is Kind.PUBLISHED]
    assert len(published) == 3
    assert all(len(row.cells) == len(table.columns) for row in table.rows)


def test_published_numbers_stand_as_printed():
    row = next(row for row in paper_table(TABLE_1, []).rows if row.name == "LVAS-Agent")
    assert [cell.text for cell in row.cells] == [
        *("5.76", "46.16", "573.67"),
        *("1.86", "1.77", "4.28", "3.50", "0.33", "0.53"),
    ]


def test_our_rows_are_of_the_published_definition():
    table = paper_table(TABLE_1, [system("ours", 0.5, 0.1, published=7.5)])
    assert [cell.text for cell in table.rows[-1].cells[:2]] == ["7.50", NONE]


def test_empty_rows_are_explained():
    assert "left out" in paper_table(TABLE_1, [_GOOD]).notes[0]
    assert "left out" not in paper_table(TABLE_1, [system("ours", 0.5, 0.1, published=7.5)]).notes[0]


def test_the_claim_that_its_own_table_refutes_is_noted():
    assert any("does not in IS" in note for note in TABLE_1.notes)


def test_the_best_of_a_row_is_marked_whichever_way_is_better():
    rows = {row.name: row for row in whole_table(_BOTH).rows}
    assert [cell.best for cell in rows[f"{F1} ↑"].cells] == [True, False]
    assert [cell.best for cell in rows[f"{ERROR} (s) ↓"].cells] == [True, False]
    assert [cell.best for cell in rows[f"{LOUD} (LUFS)"].cells] == [False, False]


def test_a_value_of_fewer_films_is_never_the_best_and_says_so():
    lucky = system("lucky", 0.5, 0.3).model_copy(update={"measures": (measure(ERROR, "lower", "s", dog=0.01),)})
    row = next(row for row in whole_table(scores(_GOOD, _POOR, lucky)).rows if row.name == f"{ERROR} (s) ↓")
    assert [cell.best for cell in row.cells] == [True, False, False]
    assert ["only 1 film" in cell.interval for cell in row.cells] == [False, False, True]


def test_the_reference_stands_beside_and_is_never_the_best():
    table = whole_table(_BOTH.model_copy(update={"reference": system("reference", 0.95, 0.0)}))
    assert table.columns == ("soundstage", "windows", "the reference itself")
    assert not any(row.cells[-1].best for row in table.rows if row.cells)


def test_one_system_alone_is_no_best():
    assert not any(cell.best for row in whole_table(scores(_GOOD)).rows for cell in row.cells)


def test_measures_stand_in_their_groups():
    groups = [row.name for row in whole_table(_BOTH).rows if row.kind is Kind.GROUP]
    assert groups == ["When it sounds", "How loud it is"]


def test_beginning_and_whole_stand_one_above_the_other():
    rows = lengths_table(_BOTH, main_measures(_BOTH)).rows
    assert [row.name for row in rows] == [f"{F1} ↑", "beginning", "whole"]


def test_a_category_without_a_value_has_no_number():
    rows = category_table(_BOTH, ERROR).rows
    assert [(row.name, row.cells[0].text) for row in rows] == [("all films", "0.020"), ("animals", NONE)]


def test_a_terminal_is_shown_a_system_a_row():
    table = summary(_BOTH)
    assert [row.name for row in table.rows] == ["soundstage", "windows"]
    assert table.columns == ("Event F1 ↑", f"{ERROR} (s) ↓")


def test_differences_are_those_of_the_first_system():
    table = differences_table(_BOTH)
    assert table is not None
    assert table.columns == ("against windows",)
    assert [row.cells[0].text for row in table.rows] == ["+0.400", "−0.380"]


def test_one_system_differs_from_nothing():
    assert differences_table(scores(_GOOD)) is None


def test_worst_films_are_told_by_measure_and_system():
    assert {(w.measure, w.system): w.films[0] for w in worst_films(_BOTH)} == {
        (F1, "soundstage"): ("dog", "0.500"),
        (F1, "windows"): ("dog", "0.100"),
        (ERROR, "soundstage"): ("dog", "0.070 s"),
        (ERROR, "windows"): ("dog", "0.450 s"),
    }


def test_a_typical_film_comes_before_the_worst():
    first, second = chosen_films(_BOTH, 5)
    assert (first.film, second.film) == ("door", "dog")
    assert first.why.startswith("a typical film")
    assert second.why == f"the worst of soundstage by {F1}: 0.500"


def test_every_known_measure_says_what_it_does_not_see():
    assert all(known.meaning and known.blind for known in TERMS.values())


def test_an_unknown_measure_goes_by_its_own_name():
    assert term("New one").title == "New one"
