"""The picture of `soundstage inspect`: one system for a short film, up to twelve for a long one."""

from pathlib import Path

from soundstage.cuesheet import CueSheet
from soundstage.inspection import palette, tracks
from soundstage.inspection.canvas import Canvas, text_width, wrap
from soundstage.inspection.stage import POSTER, SCORE, Film, Scale, gather
from soundstage.inspection.systems import System, layers_of, systems
from soundstage.reading import Reading

_WIDTH = 1200.0
_GUTTER, _MARGIN = 118.0, 44.0
_TOP, _FOOT = 40.0, 40.0
_BETWEEN = 20.0
_POSTER_DPI, _SCORE_DPI = 144, 120
_POSTER_COLUMNS, _SCORE_COLUMNS = 1500, 1000
_ROWS = 160
_OVERVIEW_LINES = 2


def draw_picture(reading: Reading, folder: Path, sheet: CueSheet | None, master: Path | None, png: Path) -> None:
    """Draw the film; see `soundstage.inspection.draw`."""
    parts = systems(reading.facts.duration)
    columns = _POSTER_COLUMNS if len(parts) == 1 else _SCORE_COLUMNS * len(parts)
    film = gather(reading, folder, sheet, master, columns, _ROWS)
    sizes = POSTER if len(parts) == 1 else SCORE
    scales = [_scale(part) for part in parts]
    heights = [tracks.height(film, scale, sizes) for scale in scales]
    overview = _overview(film)
    head = _TOP + 62 + 16 * len(overview)
    total = head + sum(heights) + _BETWEEN * (len(parts) - 1) + _FOOT
    canvas = Canvas(_WIDTH, total, _POSTER_DPI if len(parts) == 1 else _SCORE_DPI)
    _head(canvas, film, overview)
    y = head
    for scale, height in zip(scales, heights, strict=True):
        _system(canvas, film, scale, y)
        y += height + _BETWEEN
    _foot(canvas, film, total - _FOOT / 2)
    canvas.save(png)


def _scale(part: System) -> Scale:
    return Scale(part, _GUTTER, _WIDTH - _GUTTER - _MARGIN)


def _system(canvas: Canvas, film: Film, scale: Scale, y: float) -> None:
    sizes = POSTER if scale.system.seconds >= film.duration else SCORE
    top = y + 14
    for track in tracks.TRACKS:
        y += track(canvas, film, scale, sizes, y)
    borders = [scene.start for scene in film.sheet.scenes] if film.sheet else []
    within = [scale.x(time) for time in borders if scale.system.start < time < scale.system.end]
    canvas.lines([(x, top, x, y - sizes.gap) for x in within], palette.BORDER, 0.7)


def _overview(film: Film) -> list[str]:
    summary = film.sheet.overview.summary if film.sheet else ""
    return wrap(summary, _WIDTH - 2 * _MARGIN - 120, 10.5, _OVERVIEW_LINES)


def _head(canvas: Canvas, film: Film, overview: list[str]) -> None:
    legend = _legend(canvas, film, _TOP + 8)
    canvas.text(_MARGIN, _TOP + 8, film.reading.facts.name, 22, palette.TEXT, weight="bold", room=legend - _MARGIN - 30)
    canvas.text(_MARGIN, _TOP + 32, _facts(film), 10, palette.MUTED, room=_WIDTH - 2 * _MARGIN)
    for number, line in enumerate(overview):
        canvas.text(_MARGIN, _TOP + 54 + 16 * number, line, 10.5, palette.TEXT)


def _facts(film: Film) -> str:
    counts = [palette.plural(len(film.reading.shots), "shot")]
    if film.sheet:
        counts += [palette.plural(len(film.sheet.scenes), "scene"), palette.plural(len(list(film.sheet.cues())), "cue")]
    return "   ·   ".join([palette.facts_line(film.reading.facts), *counts])


def _legend(canvas: Canvas, film: Film, y: float) -> float:
    """The layers' colours at the top right; returns where they begin."""
    x = _WIDTH - _MARGIN
    for layer in reversed(layers_of(film.sheet)):
        x -= text_width(layer.value, 9.5)
        canvas.text(x, y, layer.value, 9.5, palette.MUTED)
        x -= 14
        canvas.rounded(x, y - 4, 8, 8, 2.5, palette.ON_DARK[layer])
        x -= 20
    return x


def _foot(canvas: Canvas, film: Film, y: float) -> None:
    words = "Ticks under the motion: something starts, hits or stops on the picture."
    if film.sheet:
        words += "   Ticks in a cue: instants it must hit.   Number: level in LUFS."
    canvas.text(_MARGIN, y, words, 8, palette.FAINT)
    canvas.text(_WIDTH - _MARGIN, y, "Soundstage", 9, palette.FAINT, weight="bold", align="right")
