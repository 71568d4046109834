"""Tables of scores: the paper's two layouts with its printed rows beside ours, and all measures system by system."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from soundstage.evaluation.metrics.measure import Better, Measure
from soundstage.evaluation.report.glossary import Group, term
from soundstage.evaluation.report.published import Column, PaperTable
from soundstage.evaluation.scoring.scores import Measures, Scores, SystemScores, named

NONE: Final = "–"
_EMPTY: Final = "Our rows are empty, as these measures were left out here."
_ARROWS: Final[Mapping[Better | None, str]] = {"lower": " ↓", "higher": " ↑", None: ""}


class Kind(StrEnum):
    """What a row is."""

    PUBLISHED = "published"
    OURS = "ours"
    GROUP = "group"


@dataclass(frozen=True)
class Cell:
    """A number as it is written, its interval and what else must be known of it, and whether it is the best of all."""

    text: str
    interval: str = ""
    best: bool = False


@dataclass(frozen=True)
class Row:
    """A row under its name; a group's row is a heading and has no cells."""

    name: str
    cells: tuple[Cell, ...] = ()
    kind: Kind = Kind.OURS


@dataclass(frozen=True)
class Table:
    """A table with what must be said of it."""

    title: str
    corner: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def paper_table(paper: PaperTable, systems: Sequence[SystemScores]) -> Table:
    """A table as the paper has it: its own rows, then ours by the same definitions."""
    printed = tuple(
        Row(row.system, tuple(_plain(v, c) for v, c in zip(row.values, paper.columns, strict=True)), Kind.PUBLISHED)
        for row in paper.rows
    )
    bests = {c.measure: _best([named(s.legacy).get(c.measure) for s in systems]) for c in paper.columns}
    ours = tuple(
        Row(s.system, tuple(_cell(named(s.legacy).get(c.measure), c.digits, bests[c.measure]) for c in paper.columns))
        for s in systems
    )
    heads = tuple(c.title + _ARROWS[c.better] for c in paper.columns)
    notes = paper.notes if any(cell.text != NONE for row in ours for cell in row.cells) else (_EMPTY, *paper.notes)
    return Table(paper.title, "system", heads, printed + ours, notes)


def whole_table(scores: Scores) -> Table:
    """All measures over the whole length, one a row, in their groups; the systems side by side."""
    beside = (scores.reference,) if scores.reference else ()

    def row(name: str) -> Row:
        ours = _across(name, scores.systems, lambda s: s.measures)
        return Row(ours.name, (*ours.cells, *(_cell(each.measure(name), None, _Best()) for each in beside)))

    columns = (*_names(scores), *(f"the {each.system} itself" for each in beside))
    return Table("All measures, over the whole length", "measure", columns, tuple(_grouped(scores.names(), row)))


def summary(scores: Scores) -> Table:
    """The main measures, one system a row: for a terminal."""
    names = [name for name in scores.names() if term(name).main] or list(scores.names())
    bests = {name: _best([system.measure(name) for system in scores.systems]) for name in names}
    rows = tuple(
        Row(system.system, tuple(_cell(system.measure(name), None, bests[name]) for name in names))
        for system in scores.systems
    )
    return Table("", "system", tuple(_brief(name, scores) for name in names), rows)


def _brief(name: str, scores: Scores) -> str:
    found = first_of(name, scores)
    unit = f" ({found.unit})" if found and found.unit else ""
    return term(name).brief + unit + _ARROWS[found.better if found else None]


def lengths_table(scores: Scores, names: Sequence[str]) -> Table:
    """What is measured of the beginning only beside the same of the whole length, of those of the measures that are."""
    rows: list[Row] = []
    for name in _both(scores, names):
        rows.append(Row(title_of(name, scores), kind=Kind.GROUP))
        rows.append(_across(name, scores.systems, lambda s: s.legacy, "beginning"))
        rows.append(_across(name, scores.systems, lambda s: s.measures, "whole"))
    return Table("The beginning, and the whole length", "measure", _names(scores), tuple(rows))


def category_table(scores: Scores, name: str) -> Table:
    """One measure, category by category."""
    categories = dict.fromkeys(category for s in scores.systems for category in s.categories)

    def row(category: str) -> Row:
        return _across(name, scores.systems, lambda s: s.categories.get(category, ()), category)

    rows = [_across(name, scores.systems, lambda s: s.measures, "all films"), *map(row, categories)]
    return Table(title_of(name, scores), "category", _names(scores), tuple(rows))


def title_of(name: str, scores: Scores) -> str:
    """A measure with its unit and the way that is better."""
    found = first_of(name, scores)
    unit = f" ({found.unit})" if found and found.unit else ""
    return term(name).title + unit + _ARROWS[found.better if found else None]


def first_of(name: str, scores: Scores) -> Measure | None:
    """The measure of that name of the first system that has it."""
    return next((m for s in scores.systems if (m := s.measure(name)) is not None), None)


def written(value: float, digits: int | None = None) -> str:
    """A number in as many digits as tell something, with a true minus."""
    if digits is None:
        size = abs(value)
        digits = 3 if size < 1 else 2 if size < 10 else 1 if size < 1000 else 0
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")  # + 0.0: no zero has a sign


def interval(measure: Measure, digits: int | None = None) -> str:
    """Its interval as it is written; empty without one."""
    if measure.low is None or measure.high is None:
        return ""
    return f"{written(measure.low, digits)} to {written(measure.high, digits)}"


def _across(name: str, systems: Sequence[SystemScores], of: Callable[[SystemScores], Measures], title: str = "") -> Row:
    found = [named(of(system)).get(name) for system in systems]
    best = _best(found)
    return Row(title or _row_title(name, found), tuple(_cell(measure, None, best) for measure in found))


def _row_title(name: str, found: Iterable[Measure | None]) -> str:
    some = next((measure for measure in found if measure is not None), None)
    unit = f" ({some.unit})" if some and some.unit else ""
    return term(name).title + unit + _ARROWS[some.better if some else None]


def _grouped(names: Iterable[str], row: Callable[[str], Row]) -> Iterable[Row]:
    groups: dict[Group, list[str]] = {group: [] for group in Group}
    for name in names:
        groups[term(name).group].append(name)
    for group, members in groups.items():
        if members:
            yield Row(group.value, kind=Kind.GROUP)
            yield from map(row, members)


def _both(scores: Scores, names: Sequence[str]) -> list[str]:
    legacy = {m.name for s in scores.systems for m in s.legacy if m.defined}
    return [name for name in names if name in legacy]


def _names(scores: Scores) -> tuple[str, ...]:
    return tuple(system.system for system in scores.systems)


@dataclass(frozen=True)
class _Best:
    """The best of what stands side by side as it is written, if there is one, and how many films most of it is of."""

    text: str | None = None
    films: int = 0


def _best(measures: Sequence[Measure | None]) -> _Best:
    """The best value, where there are two to choose from and a way is better.

    One that is of fewer films than another is none: the films that it lacks may be the hard ones.
    """
    found = [m for m in measures if m is not None and m.value is not None]
    most = max((m.count for m in found), default=0)
    values = [m.value for m in found if m.value is not None and m.count == most]
    better = found[0].better if found else None
    if better is None or len({written(value) for value in values}) < 2:
        return _Best(films=most)
    return _Best(written((min if better == "lower" else max)(values)), most)


def _cell(measure: Measure | None, digits: int | None, best: _Best) -> Cell:
    if measure is None or measure.value is None:
        return Cell(NONE)
    told, fewer = interval(measure, digits), measure.count < best.films
    if fewer:
        told = "; ".join(filter(None, (told, f"only {measure.count} film{'' if measure.count == 1 else 's'}")))
    return Cell(written(measure.value, digits), told, not fewer and written(measure.value) == best.text)


def _plain(value: float | None, column: Column) -> Cell:
    return Cell(NONE if value is None else written(value, column.digits))
