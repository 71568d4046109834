"""Bars with intervals: a panel for each measure, a bar for each system, on the page's light ground and its dark one."""

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from soundstage.evaluation.metrics.measure import Measure
from soundstage.evaluation.report.glossary import term
from soundstage.evaluation.report.tables import written
from soundstage.evaluation.scoring.scores import Scores
from soundstage.inspection import palette

_DPI: Final = 144
_ACROSS: Final = 3
_WIDTH: Final = 11.0
_BAR, _HEAD = 0.27, 0.62
# Okabe and Ito's, in an order in which neighbours differ in lightness too.
_LIGHT: Final = ("#0072b2", "#b85c00", "#5ab6ea", "#a3477f", "#0f7a5c", "#8a7400", "#5f6875", "#c7522a")
_DARK: Final = ("#5ab6ea", "#f2a33a", "#9fd3f2", "#e08fc3", "#4fc79f", "#eadb57", "#a3adba", "#ff8f66")


@dataclass(frozen=True)
class Theme:
    """Colours of a plot."""

    ground: str
    text: str
    muted: str
    line: str
    bars: Sequence[str]


LIGHT: Final = Theme("#ffffff", "#1c2129", "#5b626d", "#dddbd3", _LIGHT)
DARK: Final = Theme(palette.PANEL, palette.TEXT, palette.MUTED, palette.HAIRLINE, _DARK)


def bars(scores: Scores, names: Sequence[str], theme: Theme) -> bytes | None:
    """A PNG with a panel for each of the measures; None where no system has any of them."""
    panels = {name: _found(scores, name) for name in names}
    panels = {name: found for name, found in panels.items() if found}
    if not panels:
        return None
    systems = [system.system for system in scores.systems]
    colours = {system: theme.bars[n % len(theme.bars)] for n, system in enumerate(systems)}
    across = min(_ACROSS, len(panels))
    down = math.ceil(len(panels) / across)
    height = down * (len(systems) * _BAR + _HEAD) + 0.1
    figure = Figure(figsize=(_WIDTH, height), facecolor=theme.ground, layout="constrained")
    axes = figure.subplots(down, across, squeeze=False, sharey=True)
    for place, axis in enumerate(axes.flat):
        if place >= len(panels):
            axis.set_axis_off()
            continue
        name = list(panels)[place]
        _panel(axis, name, panels[name], systems, colours, theme)
        _mark(axis, scores.reference.measure(name) if scores.reference else None, theme)
    return _png(figure)


def _found(scores: Scores, name: str) -> dict[str, Measure]:
    found = {system.system: system.measure(name) for system in scores.systems}
    return {system: measure for system, measure in found.items() if measure is not None and measure.defined}


def _panel(
    axis: Axes,
    name: str,
    found: Mapping[str, Measure],
    systems: Sequence[str],
    colours: Mapping[str, str],
    theme: Theme,
) -> None:
    axis.set_facecolor(theme.ground)
    for place, system in enumerate(systems):
        if system in found:
            _bar(axis, place, found[system], colours[system], theme)
    some = next(iter(found.values()))
    unit = f" ({some.unit})" if some.unit else ""
    way = f"{some.better} is better" if some.better else ""
    axis.set_title(f"{term(name).brief}{unit}", loc="left", fontsize=9.5, color=theme.text, weight="bold", pad=16)
    axis.text(0, 1.0, way, transform=axis.transAxes, fontsize=7.5, color=theme.muted, va="bottom")
    axis.set_yticks(range(len(systems)), systems, fontsize=8.5, color=theme.text, parse_math=False)
    axis.set_ylim(len(systems) - 0.45, -0.55)
    axis.tick_params(axis="x", labelsize=7.5, colors=theme.muted, length=0)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x", color=theme.line, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.margins(x=0.16)
    for side in axis.spines.values():
        side.set_visible(False)


def _mark(axis: Axes, reference: Measure | None, theme: Theme) -> None:
    """A dashed line where the reference itself lies."""
    if reference is not None and reference.value is not None:
        axis.axvline(reference.value, color=theme.muted, linewidth=1.2, linestyle=(0, (3, 2)))


def _bar(axis: Axes, place: int, measure: Measure, colour: str, theme: Theme) -> None:
    value = measure.value or 0.0
    axis.barh(place, value, height=0.62, color=colour)
    end = value
    if measure.low is not None and measure.high is not None:
        axis.plot([measure.low, measure.high], [place, place], color=theme.text, linewidth=1.1, solid_capstyle="butt")
        end = max(value, measure.high) if value >= 0 else min(value, measure.low)
    side, shift = ("left", 4) if value >= 0 else ("right", -4)
    axis.annotate(
        written(value),
        (end, place),
        xytext=(shift, 0),
        textcoords="offset points",
        ha=side,
        va="center",
        fontsize=7.5,
        color=theme.muted,
    )


def _png(figure: Figure) -> bytes:
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, facecolor=figure.get_facecolor(), metadata={"Software": None})
    return buffer.getvalue()
