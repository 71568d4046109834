"""The card of a bench: how long its films are, what they are of, and how much is known of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from soundstage.cuesheet import Layer
from soundstage.errors import StorageError
from soundstage.evaluation.bench.checking import Measured
from soundstage.evaluation.bench.entries import Bench
from soundstage.evaluation.cases import Record
from soundstage.inspection import palette
from soundstage.inspection.palette import clock, plural

_BINS: Final = 8
_STEPS: Final = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
_MOST_BARS: Final = 24
_UNNAMED: Final = "no category"


class Bin(Record):
    """So many films last from `start` to `end` seconds."""

    start: float
    end: float
    films: int


class Durations(Record):
    """Lengths in seconds of the films that could be read."""

    films: int
    total: float = 0.0
    mean: float = 0.0
    shortest: float = 0.0
    longest: float = 0.0
    histogram: tuple[Bin, ...] = ()


class Card(Record):
    """Statistics of a bench. Numbers by name are counts of films, of events by label for `events`."""

    name: str
    films: int
    durations: Durations
    references: int
    categories: dict[str, int]
    described: int
    captions: int
    captions_per_film: float
    scenes: int
    events: dict[str, int]
    errors: int = 0
    warnings: int = 0


def card_of(bench: Bench, measured: Mapping[str, Measured], errors: int = 0, warnings: int = 0) -> Card:
    """The card of a bench.

    Args:
        bench: the bench.
        measured: lengths by id, as checking gives them; a film without is counted, but not its length.
        errors: how many problems keep films from being scored.
        warnings: how many other problems there are.
    """
    entries = bench.entries
    lengths = [known.film for id, known in measured.items() if known.film is not None]
    captions = sum(len(entry.captions) for entry in entries)
    kinds = Counter(kind for entry in entries for kind in entry.categories or (_UNNAMED,))
    events = Counter(event.label or "unnamed" for entry in entries for event in entry.events)
    return Card(
        name=bench.name,
        films=len(entries),
        durations=durations(lengths),
        references=sum(known.sound is not None for known in measured.values()),
        categories=dict(kinds.most_common()),
        described=sum(bool(entry.description) for entry in entries),
        captions=captions,
        captions_per_film=round(captions / len(entries), 2) if entries else 0.0,
        scenes=sum(len(entry.scenes) + 1 for entry in entries),
        events=dict(events.most_common()),
        errors=errors,
        warnings=warnings,
    )


def durations(lengths: Sequence[float]) -> Durations:
    """Statistics of lengths in seconds."""
    if not lengths:
        return Durations(films=0)
    return Durations(
        films=len(lengths),
        total=round(sum(lengths), 3),
        mean=round(float(np.mean(lengths)), 3),
        shortest=round(min(lengths), 3),
        longest=round(max(lengths), 3),
        histogram=_histogram(lengths),
    )


def markdown(card: Card) -> str:
    """The card as Markdown."""
    spans = card.durations
    facts = [
        ("films", f"{card.films} ({plural(card.references, 'reference')} readable)"),
        ("length", f"{clock(spans.total)} in all, {clock(spans.mean)} on average"),
        ("shortest and longest", f"{clock(spans.shortest, tenths=True)} and {clock(spans.longest, tenths=True)}"),
        ("captions", f"{card.captions} ({card.captions_per_film:g} a film)"),
        ("described as a whole", str(card.described)),
        ("scenes", str(card.scenes)),
        ("events", str(sum(card.events.values()))),
        ("problems", f"{plural(card.errors, 'error')}, {plural(card.warnings, 'warning')}"),
    ]
    parts = [f"# {_cell(card.name)}", _table(("", ""), facts)]
    parts += ["## Lengths", _table(("seconds", "films"), [(_span(each), str(each.films)) for each in spans.histogram])]
    parts += ["## Categories", _table(("category", "films"), _counts(card.categories))]
    if card.events:
        parts += ["## Events", _table(("label", "events"), _counts(card.events))]
    return "\n\n".join(parts) + "\n"


def plot(card: Card, png: Path) -> None:
    """Draw lengths and categories side by side. Raises StorageError when the file cannot be written."""
    from matplotlib.figure import Figure

    bars = _shown(card.categories)[::-1]
    figure = Figure(figsize=(11, max(3.6, 1.4 + 0.3 * len(bars))), dpi=110, layout="constrained", facecolor="white")
    left, right = figure.subplots(1, 2)
    spans = card.durations.histogram
    names = [_span(each) for each in spans]
    left.bar(names, [each.films for each in spans], color=palette.ON_LIGHT[Layer.AMBIENCE], width=0.92)
    left.set_title(f"Lengths of {plural(card.durations.films, 'film')}", loc="left")
    left.set_xlabel("seconds")
    left.set_ylabel("films")
    left.tick_params("x", rotation=30)
    kinds, counts = [name for name, _ in bars], [count for _, count in bars]
    right.barh(kinds, counts, color=palette.ON_LIGHT[Layer.EFFECTS])
    right.set_title("Categories", loc="left")
    right.set_xlabel("films")
    for axes, along in ((left, left.yaxis), (right, right.xaxis)):
        along.get_major_locator().set_params(integer=True)
        axes.spines[["top", "right"]].set_visible(False)
    try:
        figure.savefig(png, format="png")
    except OSError as error:
        raise StorageError(f"{png} cannot be written ({error.strerror}); choose another place.") from error


def _histogram(lengths: Sequence[float]) -> tuple[Bin, ...]:
    """Bins of a round width, not more than `_BINS` of them where that can be."""
    spread = max(lengths) - min(lengths)
    step = next((each for each in _STEPS if spread / each < _BINS - 1), _STEPS[-1])
    first, last = int(min(lengths) // step), int(max(lengths) // step)
    counts = Counter(int(length // step) for length in lengths)
    return tuple(Bin(start=at * step, end=(at + 1) * step, films=counts[at]) for at in range(first, last + 1))


def _shown(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The most frequent ones by name, the rest together."""
    ranked = list(counts.items())
    rest = sum(count for _, count in ranked[_MOST_BARS:])
    return [*((_short(name), count) for name, count in ranked[:_MOST_BARS]), *([("others", rest)] if rest else [])]


def _short(name: str) -> str:
    # A dollar sign would begin a formula.
    plain = name.replace("$", r"\$")
    return plain if len(plain) <= 32 else plain[:31] + "…"


def _span(each: Bin) -> str:
    return f"{each.start:g}–{each.end:g}"


def _counts(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(name, str(count)) for name, count in counts.items()]


def _table(head: tuple[str, str], rows: Sequence[tuple[str, str]]) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "|---|---:|", *(f"| {_cell(name)} | {_cell(said)} |" for name, said in rows)]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|").replace("<", "&lt;")
