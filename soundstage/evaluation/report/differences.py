"""How much the first system differs from each other one, on the same films, and whether that is more than chance."""

from typing import Final

from soundstage.evaluation.metrics.comparing import Difference, difference
from soundstage.evaluation.metrics.measure import NotDefined
from soundstage.evaluation.report.choosing import main_measures
from soundstage.evaluation.report.tables import NONE, Cell, Row, Table, title_of, written
from soundstage.evaluation.scoring.scores import Scores, SystemScores

_NOTES: Final = (
    "The first system's value minus the other's, film by film; bold where the 95 % interval leaves out 0. "
    "Many comparisons are made here, so one in twenty is bold by chance.",
)


def differences_table(scores: Scores) -> Table | None:
    """The first system against the others by the main measures; None where there is nothing to compare."""
    first, *others = scores.systems or (None,)
    if first is None or not others:
        return None
    rows = [
        Row(title_of(name, scores), tuple(_cell(name, first, other) for other in others))
        for name in main_measures(scores)
    ]
    told = tuple(row for row in rows if any(cell.text != NONE for cell in row.cells))
    columns = tuple(f"against {other.system}" for other in others)
    return Table(f"{first.system} against the others", "measure", columns, told, _NOTES) if told else None


def _cell(name: str, first: SystemScores, other: SystemScores) -> Cell:
    ours, theirs = first.measure(name), other.measure(name)
    if ours is None or theirs is None:
        return Cell(NONE)
    try:
        found = difference(ours, theirs)
    except NotDefined:
        return Cell(NONE)
    return Cell(_signed(found.value) + _verdict(found), _interval(found), found.sure)


def _verdict(found: Difference) -> str:
    return {True: " better", False: " worse", None: ""}[found.favours_first]


def _interval(found: Difference) -> str:
    return "" if found.low is None or found.high is None else f"{_signed(found.low)} to {_signed(found.high)}"


def _signed(value: float) -> str:
    return written(value) if value < 0 else f"+{written(value)}"
