"""Writes the report: one Markdown file with its plots beside it, and one page that carries all it shows."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from soundstage.cuesheet import write_aside
from soundstage.evaluation.bench.entries import Bench
from soundstage.evaluation.report import plots
from soundstage.evaluation.report.choosing import Worst, chosen_films, main_measures, worst_films
from soundstage.evaluation.report.differences import differences_table
from soundstage.evaluation.report.glossary import Term, term
from soundstage.evaluation.report.published import TABLE_1, TABLE_2
from soundstage.evaluation.report.strips import Card, card
from soundstage.evaluation.report.tables import Table, category_table, lengths_table, paper_table, whole_table
from soundstage.evaluation.scoring.scores import Scores, SystemScores
from soundstage.evaluation.systems.results import Results
from soundstage.inspection import palette, sheets

MARKDOWN: Final = "report.md"
PAGE: Final = "report.html"
PLOTS: Final = "plots"
PREVIEWS: Final = "previews"
ABLATED: Final = "soundstage"
"""Systems whose name begins so are Soundstage with and without its parts: they stand in the ablation's table."""

_HERE: Final = "soundstage.evaluation.report"
_CARDS: Final = 5


@dataclass(frozen=True)
class Written:
    """Where the report lies."""

    markdown: Path
    page: Path
    plots: tuple[Path, ...]


@dataclass(frozen=True)
class _Plot:
    """A plot on both grounds."""

    name: str
    light: bytes
    dark: bytes

    @property
    def uris(self) -> tuple[str, str]:
        """Both as data URIs."""
        light, dark = (base64.b64encode(data).decode() for data in (self.light, self.dark))
        return f"data:image/png;base64,{light}", f"data:image/png;base64,{dark}"


def write_report(
    scores: Scores, bench: Bench, systems: Sequence[Results], folder: Path, *, cards: int = _CARDS
) -> Written:
    """Write `report.md`, `report.html` and `plots/` into a folder.

    Args:
        scores: what was measured.
        bench: its films.
        systems: whose soundtracks can be listened to on the page.
        folder: receives the report.
        cards: how many films are shown closely at most.

    Raises:
        StorageError: the folder cannot be written.
        BadSound: a soundtrack cannot be read.
    """
    drawn = [plot for plot in (_plot("measures", scores, main_measures(scores)),) if plot is not None]
    (folder / PLOTS).mkdir(parents=True, exist_ok=True)
    files = tuple(_save(plot, folder / PLOTS) for plot in drawn)
    shown = [card(each, bench, systems, scores, folder / PREVIEWS) for each in chosen_films(scores, cards)]
    words = _words(scores, bench)
    write_aside(folder / MARKDOWN, _markdown(words, drawn))
    write_aside(folder / PAGE, _page(words, drawn, shown))
    return Written(folder / MARKDOWN, folder / PAGE, files)


def _words(scores: Scores, bench: Bench) -> dict[str, object]:
    """What both forms of the report tell."""
    return {
        "scores": scores,
        "bench": bench,
        "length": palette.clock(scores.duration),
        "whole": whole_table(scores),
        "papers": [paper_table(TABLE_1, scores.systems), paper_table(TABLE_2, _ablated(scores) or scores.systems)],
        "lengths": _filled(lengths_table(scores, main_measures(scores))),
        "differences": differences_table(scores),
        "categories": _categories(scores),
        "worst": _by_measure(worst_films(scores)),
        "terms": _terms(scores),
        "took": [(s.system, f"{s.seconds:.1f} s", f"{s.films} of {scores.films}") for s in scores.systems],
    }


def _markdown(words: dict[str, object], drawn: Sequence[_Plot]) -> str:
    environment = Environment(  # Markdown, not HTML: `cell` escapes what its tables would trip over
        loader=PackageLoader(_HERE, "templates"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["cell"] = lambda text: " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;")
    plotted = [f"{PLOTS}/{plot.name}.png" for plot in drawn]
    return environment.get_template("report.md").render(**words, plots=plotted, page=PAGE)


def _page(words: dict[str, object], drawn: Sequence[_Plot], cards: Sequence[Card]) -> str:
    script = sheets.text("report.js", _HERE)
    return (
        sheets.templates(_HERE)
        .get_template("report.html")
        .render(
            **words,
            plots=[plot.uris for plot in drawn],
            cards=cards,
            clock=palette.clock,
            style=sheets.style((_HERE, "report.css")),
            script=Markup(script),  # our own file, not a user's words
            script_hash=sheets.digest(script),
        )
    )


def _plot(name: str, scores: Scores, measures: Sequence[str]) -> _Plot | None:
    light, dark = (plots.bars(scores, measures, theme) for theme in (plots.LIGHT, plots.DARK))
    return _Plot(name, light, dark) if light and dark else None


def _save(plot: _Plot, folder: Path) -> Path:
    path = folder / f"{plot.name}.png"
    path.write_bytes(plot.light)
    return path


def _ablated(scores: Scores) -> Sequence[SystemScores]:
    return [system for system in scores.systems if system.system.startswith(ABLATED)]


def _filled(table: Table) -> Table | None:
    return table if table.rows else None


def _categories(scores: Scores) -> list[Table]:
    by_film = {m.name for s in scores.systems for measures in s.categories.values() for m in measures}
    return [category_table(scores, name) for name in main_measures(scores) if name in by_film]


def _by_measure(worst: Sequence[Worst]) -> dict[str, list[Worst]]:
    found: dict[str, list[Worst]] = {}
    for each in worst:
        found.setdefault(each.measure, []).append(each)
    return found


def _terms(scores: Scores) -> list[Term]:
    return [known for name in scores.names() if (known := term(name)).meaning]
