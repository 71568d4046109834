"""When things happen in a scene, in seconds from its start: all on the instant of a picture."""

import math
from typing import Final

import numpy as np

RATE: Final = 25
Instants = tuple[float, ...]
_LAST: Final = 0.8  # seconds before a scene's end after which nothing is struck any more
_STRIKE: Final = 0.12  # seconds that a blow takes to come down
_REST: Final = 0.25  # share of the time between two blows in which the tool rests


def on_picture(seconds: float) -> float:
    """The instant of the nearest picture."""
    return round(seconds * RATE) / RATE


def drawn(rng: np.random.Generator, seconds: float, shortest: float, longest: float) -> Instants:
    """Instants as far apart as the seed draws, from shortly after the scene's start."""
    found: list[float] = []
    at = float(rng.uniform(0.6, 0.6 + shortest))
    while at < seconds - _LAST:
        found.append(on_picture(at))
        at += float(rng.uniform(shortest, longest))
    return tuple(found)


def regular(rng: np.random.Generator, seconds: float, shortest: float, longest: float) -> Instants:
    """Instants equally far apart, as of a walk or a clock."""
    step = on_picture(float(rng.uniform(shortest, longest)))
    first = on_picture(float(rng.uniform(0.5, 0.9)))
    count = max(0, math.ceil((seconds - _LAST - first) / step))
    return tuple(on_picture(first + step * number) for number in range(count))


def since(instants: Instants, time: float) -> float:
    """Seconds since the last instant; infinite before the first."""
    return time - max((at for at in instants if at <= time + 1e-6), default=-math.inf)


def until(instants: Instants, time: float) -> float:
    """Seconds to the next instant; infinite after the last."""
    return min((at for at in instants if at > time + 1e-6), default=math.inf) - time


def raised(instants: Instants, time: float) -> float:
    """How high a tool is that strikes at the instants: 0 at a blow and while it rests, 1 before it comes down."""
    ahead, behind = until(instants, time), since(instants, time)
    if math.isinf(ahead):
        return 0.0
    if ahead < _STRIKE:
        return 1 - (1 - ahead / _STRIKE) ** 2
    if math.isinf(behind):
        return 1.0
    whole = ahead + behind
    rising = (behind - _REST * whole) / max((1 - _REST) * whole - _STRIKE, 1e-6)
    return 0.5 - 0.5 * math.cos(math.pi * min(1.0, max(0.0, rising)))


def glow(instants: Instants, time: float, decay: float) -> float:
    """A light that flashes at the instants and dies away over `decay` seconds: 1 to 0."""
    return math.exp(-max(0.0, since(instants, time)) / decay)
