"""A sheet to paint one picture of a film on.

Places are shares of the picture (x of its width, y of its height, from the top left), sizes shares of its height.
It is drawn at twice the size and brought down, so that edges are smooth and small movements show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Picture = NDArray[np.uint8]
Point = tuple[float, float]
Size = tuple[int, int]

_FINE: Final = 2
_SPECKLE: Final = 9.0  # how far the ground's grain strays from its colour, of 255


@dataclass(frozen=True)
class Camera:
    """What part of the sheet is seen: from where, and how large a share of it; perhaps in a mirror."""

    x: float = 0.0
    y: float = 0.0
    share: float = 1.0
    mirrored: bool = False


@dataclass(frozen=True)
class Place:
    """Where a scene plays: the colours above and below the horizon, and where that lies."""

    above: Colour
    below: Colour
    horizon: float = 0.8


def ground(place: Place, size: Size, rng: np.random.Generator) -> Image.Image:
    """The unmoving backdrop of a scene, twice as large as its pictures (width, height)."""
    width, height = _FINE * size[0], _FINE * size[1]
    rows = np.arange(height)[:, None, None] / height
    above, below = np.array(place.above, np.float32), np.array(place.below, np.float32)
    colours = np.where(rows < place.horizon, above * (0.8 + 0.3 * rows), below * (1.1 - 0.3 * rows))
    coarse = rng.normal(0.0, _SPECKLE, (height // 16, width // 16)).astype(np.float32)
    grain = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    return Image.fromarray(np.clip(colours + grain[:, :, None], 0, 255).astype(np.uint8))


class Sheet:
    """One picture in the making."""

    def __init__(self, backdrop: Image.Image) -> None:
        """Args: backdrop: as `ground` gives it; it is not changed."""
        self._image = backdrop.copy()
        self._draw = ImageDraw.Draw(self._image)
        self._width, self._height = self._image.size
        self._light = 0.0

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A filled circle."""
        across, down, size = x * self._width, y * self._height, radius * self._height
        self._draw.ellipse((across - size, down - size, across + size, down + size), fill=colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """A filled rectangle; one without extent is not drawn."""
        if right > left and bottom > top:
            corners = (left * self._width, top * self._height, right * self._width, bottom * self._height)
            self._draw.rectangle(corners, fill=colour)

    def line(self, start: Point, end: Point, width: float, colour: Colour) -> None:
        """A straight line."""
        ends = [(x * self._width, y * self._height) for x, y in (start, end)]
        self._draw.line(ends, fill=colour, width=max(1, round(width * self._height)))

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled polygon."""
        self._draw.polygon([(x * self._width, y * self._height) for x, y in points], fill=colour)

    def light(self, strength: float) -> None:
        """Light up the whole picture, 0 to 1; of several lights the strongest counts."""
        self._light = max(self._light, strength)

    def seen(self, camera: Camera) -> Picture:
        """The finished picture, (height, width, 3), as a camera sees it."""
        pixels = np.asarray(self._image.reduce(_FINE) if camera.share == 1 else self._closer(camera))
        if camera.mirrored:
            pixels = pixels[:, ::-1]
        if self._light > 0:
            pixels = (pixels + self._light * (255.0 - pixels)).astype(np.uint8)
        return pixels

    def _closer(self, camera: Camera) -> Image.Image:
        left, top = camera.x * self._width, camera.y * self._height
        box = (left, top, left + camera.share * self._width, top + camera.share * self._height)
        return self._image.resize((self._width // _FINE, self._height // _FINE), Image.Resampling.BILINEAR, box)
