"""A sheet to draw on in points, from the top left, over matplotlib's Agg; text never reads as mathematics."""

import contextlib
import os
import warnings
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.image import AxesImage
from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle
from matplotlib.text import Text
from numpy.typing import NDArray

from soundstage.errors import StorageError
from soundstage.inspection import palette

Weight = Literal["normal", "bold"]
Curve = NDArray[np.floating]
_ELLIPSIS = "…"
# DejaVu comes with matplotlib; the others, where installed, lend the letters it lacks.
_FONTS = ("DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "PingFang SC", "Hiragino Sans", "Microsoft YaHei")
_SPECTRUM = LinearSegmentedColormap.from_list("spectrum", palette.SPECTRUM)


class Canvas:
    """A picture in the making; x and y in points from the top left corner."""

    def __init__(self, width: float, height: float, dpi: float) -> None:
        self.width, self.height = width, height
        self._figure = Figure(figsize=(width / 72, height / 72), dpi=dpi, facecolor=palette.GROUND)
        self._agg = FigureCanvasAgg(self._figure)
        self._axes = self._figure.add_axes((0, 0, 1, 1))
        self._axes.set_axis_off()
        self._axes.set_xlim(0, width)
        self._axes.set_ylim(height, 0)

    def rectangle(self, x: float, y: float, width: float, height: float, colour: str, alpha: float = 1.0) -> None:
        """A filled rectangle."""
        self._axes.add_patch(Rectangle((x, y), width, height, facecolor=colour, alpha=alpha, linewidth=0))

    def rounded(self, x: float, y: float, width: float, height: float, radius: float, colour: str) -> None:
        """A filled rectangle with round corners."""
        shape = f"round,pad=0,rounding_size={min(radius, width / 2, height / 2)}"
        self._axes.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=shape, facecolor=colour, linewidth=0))

    def polygon(self, points: Sequence[tuple[float, float]], colour: str, alpha: float = 1.0) -> None:
        """A filled polygon."""
        self._axes.add_patch(Polygon(points, closed=True, facecolor=colour, alpha=alpha, linewidth=0))

    def area(self, x: Curve, low: Curve, high: Curve, colour: str) -> None:
        """The area between two curves."""
        self._axes.fill_between(x, low, high, color=colour, linewidth=0)

    def lines(self, ends: Sequence[tuple[float, float, float, float]], colour: str, width: float = 0.6) -> None:
        """Straight lines, each (x, y, x, y)."""
        segments = [[(a, b), (c, d)] for a, b, c, d in ends]
        self._axes.add_collection(LineCollection(segments, colors=colour, linewidths=width), autolim=False)

    def diamonds(self, places: Sequence[tuple[float, float]], size: float, colour: str) -> None:
        """Small diamonds centred on places."""
        for x, y in places:
            self.polygon([(x - size, y), (x, y - size), (x + size, y), (x, y + size)], colour)

    def image(self, pixels: NDArray[np.uint8], x: float, y: float, width: float, height: float) -> None:
        """A picture, shape (rows, columns, 3), stretched to the given place."""
        self._place(AxesImage(self._axes, extent=(x, x + width, y + height, y)), pixels)

    def shades(self, values: NDArray[np.float32], x: float, y: float, width: float, height: float) -> None:
        """A picture of values 0..1, shape (rows, columns), lowest row first, in the colours of the spectrum."""
        box = (x, x + width, y + height, y)
        self._place(AxesImage(self._axes, cmap=_SPECTRUM, interpolation="bilinear", extent=box), values[::-1])

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        colour: str,
        *,
        weight: Weight = "normal",
        align: Literal["left", "center", "right"] = "left",
        room: float | None = None,
    ) -> float:
        """One line of text whose middle lies at y, cut to `room`; returns the width it takes."""
        shown = plain(words) if room is None else fit(words, room, size, weight)
        if shown:
            text = self._axes.text(
                x, y, shown, size=size, color=colour, weight=weight, ha=align, va="center_baseline", parse_math=False
            )
            text.set_fontfamily(list(_fonts()))
        return text_width(shown, size, weight)

    def save(self, path: Path) -> None:
        """Write a PNG, aside and then renamed. Raises StorageError."""
        aside = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with _unknown_letters():
                self._agg.print_png(str(aside))  # type: ignore[no-untyped-call]
            aside.replace(path)
        except OSError as error:
            raise StorageError(
                f"{path} cannot be written ({error.strerror}); free space or choose another place."
            ) from error
        finally:
            aside.unlink(missing_ok=True)

    def _place(self, image: AxesImage, values: NDArray[np.uint8] | NDArray[np.float32]) -> None:
        image.set_data(values)
        if values.ndim == 2:
            image.set_clim(0, 1)
        image.set_clip_path(self._axes.patch)
        # Where matplotlib puts filled shapes; images would lie below all of them.
        image.set_zorder(1)
        self._axes.add_image(image)


@lru_cache(maxsize=20_000)
def text_width(words: str, size: float, weight: Weight = "normal") -> float:
    """Width of a line of text in points."""
    if not words:
        return 0.0
    text = Text(0, 0, words, fontproperties=FontProperties(family=list(_fonts()), size=size, weight=weight))
    text.set_parse_math(False)
    text.set_figure(_ruler())
    with _unknown_letters():
        return float(text.get_window_extent(_ruler().canvas.get_renderer()).width)  # type: ignore[attr-defined]


def fit(words: str, room: float, size: float, weight: Weight = "normal") -> str:
    """The text, cut with an ellipsis where it is wider than `room` points; nothing where three letters do not fit."""
    words = plain(words)
    if text_width(words, size, weight) <= room:
        return words
    shortest, longest = 0, len(words)
    while shortest < longest:
        middle = (shortest + longest + 1) // 2
        cut = words[:middle].rstrip() + _ELLIPSIS
        shortest, longest = (middle, longest) if text_width(cut, size, weight) <= room else (shortest, middle - 1)
    return words[:shortest].rstrip(" ,.;:·") + _ELLIPSIS if shortest >= 3 else ""


def plain(words: str) -> str:
    """The text on one line, without control characters (such as those that turn the direction of writing)."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def wrap(words: str, room: float, size: float, lines: int) -> list[str]:
    """The text in at most so many lines of `room` points, the last one cut where it must be."""
    left = plain(words).split()
    wrapped: list[str] = []
    while left and len(wrapped) < lines - 1:
        count = 1
        while count < len(left) and text_width(" ".join(left[: count + 1]), size) <= room:
            count += 1
        wrapped.append(fit(" ".join(left[:count]), room, size))
        left = left[count:]
    if left:
        wrapped.append(fit(" ".join(left), room, size))
    return [line for line in wrapped if line]


@contextlib.contextmanager
def _unknown_letters() -> Iterator[None]:
    """Letters that no installed font has are drawn as boxes, without a warning for each."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")
        yield


@cache
def _fonts() -> tuple[str, ...]:
    installed = set(font_manager.get_font_names())
    return tuple(name for name in _FONTS if name in installed)


@cache
def _ruler() -> Figure:
    figure = Figure(figsize=(1, 1), dpi=72)
    FigureCanvasAgg(figure)
    return figure
