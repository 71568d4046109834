"""What the colours of a picture say about place and light, measured on a small copy of it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIZE = (96, 64)
_Plane = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Colours:
    """Shares of a picture (0 to 1), and its means.

    `vegetation`, `sky`, `water`, `snow`, `fire` and `blue` are shares of pixels whose colour and
    place fit; `canopy` is vegetation in the upper half; `detail` is the mean gradient;
    `variety` falls to 0 for a blank or single-coloured picture.
    """

    brightness: float = 0.0
    saturation: float = 0.0
    contrast: float = 0.0
    detail: float = 0.0
    variety: float = 0.0
    vegetation: float = 0.0
    canopy: float = 0.0
    sky: float = 0.0
    water: float = 0.0
    blue: float = 0.0
    snow: float = 0.0
    fire: float = 0.0


def colours_of(pictures: Sequence[Path], weights: Sequence[float]) -> Colours:
    """Weighted mean over the pictures that can be read; all zero when none can."""
    measured = [(each, weight) for path, weight in zip(pictures, weights, strict=True) if (each := _measure(path))]
    total = sum(weight for _, weight in measured)
    if not total:
        return Colours()
    names = [field.name for field in fields(Colours)]
    return Colours(**{name: sum(getattr(c, name) * w for c, w in measured) / total for name in names})


def _measure(path: Path) -> Colours | None:
    try:
        with Image.open(path) as picture:
            return measure(picture)
    except OSError:
        return None


def measure(picture: Image.Image) -> Colours:
    """Measure one picture."""
    small = picture.convert("RGB").resize(_SIZE, Image.Resampling.BOX)
    hsv = np.asarray(small.convert("HSV"), dtype=np.float32) / 255
    hue, saturation, value = hsv[..., 0] * 360, hsv[..., 1], hsv[..., 2]
    upper = np.zeros(value.shape, dtype=bool)
    upper[: _SIZE[1] // 2] = True
    gradient = _gradient(value)
    green = (hue > 60) & (hue < 165) & (saturation > 0.18) & (value > 0.1)
    blue = (hue > 165) & (hue < 255) & (saturation > 0.12) & (value > 0.15)
    smooth = gradient < 0.06
    pale = (saturation < 0.18) & (value > 0.72)
    glow = (hue > 8) & (hue < 50) & (saturation > 0.55) & (value > 0.75)
    dark = float((value < 0.3).mean())
    return Colours(
        brightness=float(value.mean()),
        saturation=float(saturation.mean()),
        contrast=float(value.std()),
        detail=float(gradient.mean()),
        variety=_variety(hsv),
        vegetation=float(green.mean()),
        canopy=float(green[upper].mean()),
        sky=float((upper & smooth & ((blue & (value > 0.4)) | pale)).mean() * 2),
        water=float((~upper & blue).mean() * 2),
        blue=float(blue.mean()),
        snow=float((~upper & pale & smooth).mean() * 2),
        fire=float(glow.mean()) * min(1.0, 2 * dark),
    )


def _gradient(value: _Plane) -> _Plane:
    down, across = np.gradient(value)
    steepness: _Plane = np.hypot(down, across)
    return steepness


def _variety(hsv: _Plane) -> float:
    """Entropy of a coarse colour histogram over that of a rich picture (6 bits), at most 1."""
    bins = (hsv * 7.99).astype(np.int64)
    counts = np.bincount(bins[..., 0].ravel() * 64 + bins[..., 1].ravel() * 8 + bins[..., 2].ravel())
    shares = counts[counts > 0] / counts.sum()
    return float(min(1.0, -(shares * np.log2(shares)).sum() / 6))
