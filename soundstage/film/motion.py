"""How the picture moves, and the instants at which something starts, hits, stops or lights up.

Two series are followed. The momentum of the picture's parts (local optical flow by least squares, Lucas
and Kanade 1981, weighted by how much there is to see) changes suddenly when a ball bounces, a hammer
strikes or a thing starts; the brightness of the parts changes suddenly when a light goes on. What the
whole picture does, a pan or a change of light, is taken out first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundstage.film.features import Floats, shrunk
from soundstage.film.frames import COLUMNS, ROWS
from soundstage.reading import MotionCurve, Onset

_CELL = 4
_GRID = (ROWS // _CELL, COLUMNS // _CELL)
# Gradient power below which a part is taken as flat (coding noise), in grey levels squared.
_FLAT = 6.0
# Share of the parts that must have something to see for their median to be the camera's.
_MANY = 0.3
_ENERGY_SCALE = 4.0
_GAP = 0.1
_AROUND_SECONDS = 0.6
_LEAST_PUSH = 0.10
_LEAST_LIGHT = 1.2
_PUSH_OVER_USUAL = 2.5
_LIGHT_OVER_USUAL = 4.0
# Sounds come with the hit more than with the start, and with the light more than with the dark.
_DARKENING = 0.3
_STARTING = 0.5
_REST = 0.5
_FASTER = 1.5
_LEAST_STRENGTH = 0.25
# A movement that begins and hits within this time makes one sound.
_GESTURE = 0.3
# Of what is found close together a stop counts for more: a blow is where a swing ends, not where it is fastest.
_STOPPING = 1.3
# After a blow or a bounce things rest or fly evenly: a change among others as great is a swing, not a hit.
_CALMER, _CALM_SECONDS = 2.0, 0.2
_LEAST_STOP = 0.15
_STOP_OVER_USUAL = 4.0


@dataclass(frozen=True)
class Movement:
    """Per picture: energy and pan of the motion into it; sudden push and light, where they are, and when exactly.

    `push` peaks in the interval that holds an impulse and `place` (0..1) tells where in the interval it lies.
    """

    times: NDArray[np.float64]
    energy: Floats
    pan: Floats
    push: Floats
    push_pan: Floats
    place: Floats
    light: Floats
    light_pan: Floats

    @property
    def curve(self) -> MotionCurve:
        """The curve that is kept with the reading."""
        return MotionCurve(times=self.times, energy=self.energy, pan=self.pan)


class MotionMeter:
    """Takes pictures as they come and keeps a few numbers of each."""

    def __init__(self) -> None:
        """A meter that has seen nothing yet."""
        self._last: Floats | None = None
        self._momenta: Floats = np.zeros((0, 2, *_GRID), np.float32)
        self._rows: list[Floats] = []
        self._pushes: list[Floats] = []

    def add(self, luma: Floats) -> None:
        """Take the next pictures, luma (n, 36, 64)."""
        smooth = _smoothed(luma)
        chain = smooth if self._last is None else np.concatenate([self._last[None], smooth])
        self._last = smooth[-1]
        if not self._rows:
            # The first picture has nothing before it.
            self._rows.append(np.zeros((1, 4), np.float32))
            self._momenta = np.zeros((2, 2, *_GRID), np.float32)
        if len(chain) > 1:
            momenta, energy, pan, light, light_pan = _flow(chain)
            self._rows.append(np.stack([energy, pan, light, light_pan], axis=1))
            self._push(momenta)

    def _push(self, momenta: Floats) -> None:
        """Judge each interval by the momenta before, in and after it; the last two wait for what follows."""
        chain = np.concatenate([self._momenta, momenta])
        self._pushes.append(_pushes(chain))
        self._momenta = chain[-2:]

    def movement(self, times: NDArray[np.float64]) -> Movement:
        """All that was measured, for pictures at these times."""
        rows = np.concatenate(self._rows)
        self._push(np.zeros((1, 2, *_GRID), np.float32))
        pushes = np.concatenate(self._pushes)[: len(rows)]
        return Movement(
            times=times,
            energy=rows[:, 0],
            pan=rows[:, 1],
            push=pushes[:, 0],
            push_pan=pushes[:, 1],
            place=pushes[:, 2],
            light=rows[:, 2],
            light_pan=rows[:, 3],
        )


def find_onsets(movement: Movement, boundaries: Sequence[tuple[float, float]]) -> list[Onset]:
    """The instants at which something starts, hits, stops or lights up, in order.

    Args:
        movement: the whole film's.
        boundaries: stretches (start, end) of film time in which shots change; nothing in them is motion.
    """
    times = movement.times
    if len(times) < 4:
        return []
    step = float(np.median(np.diff(times)))
    quiet = _quiet(times, boundaries, step)
    around, near = max(3, round(_AROUND_SECONDS / step)), max(1, round(_GAP / step))
    soon = max(2, round(_CALM_SECONDS / step))
    found: list[_Found] = []
    for series in _series(movement):
        values = np.where(quiet, 0, series.values)
        for k in _peaks(values, series.least, series.over, around, near):
            strength = float(values[k] / (values[k] + series.half))
            if strength >= _LEAST_STRENGTH and _calms(values, k, soon):
                time = _instant(times, k, float(series.place[k]))
                onset = Onset(time=round(time, 4), strength=round(strength, 3), pan=round(float(series.pan[k]), 2))
                rank = strength * (_STOPPING if series.stops else 1)
                found.append(_Found(onset, rank, starts=bool(series.starts[k])))
    return _sparse(found)


@dataclass(frozen=True)
class _Found:
    """An onset, what it counts beside others, and whether it is a movement's start rather than its end or turn."""

    onset: Onset
    rank: float
    starts: bool


@dataclass(frozen=True)
class _Series:
    """What onsets are sought in: values, where in the step they lie, pan, which are starts, and what counts.

    A peak counts from `least` and from `over` times the usual value around; `half` gives strength 0.5.
    `stops` says that its peaks are ends of movements.
    """

    values: NDArray[np.floating]
    place: NDArray[np.floating]
    pan: NDArray[np.floating]
    starts: NDArray[np.bool_]
    least: float
    over: float
    half: float
    stops: bool = False


def _series(movement: Movement) -> list[_Series]:
    """Turns and hits by momentum; stops and starts by energy, for what is too fast to follow; light."""
    moved = -_ENERGY_SCALE * np.log(np.maximum(1e-6, 1 - movement.energy))
    before, after = np.concatenate([[0], moved[:-1]]), np.concatenate([moved[1:], [0]])
    lit = np.abs(movement.light) > _LEAST_LIGHT
    near_light = lit | np.concatenate([lit[1:], [False]]) | np.concatenate([[False], lit[:-1]])
    faster = after > _FASTER * before
    push = np.where(near_light, 0, np.where(faster, _STARTING, 1) * movement.push)
    stop = np.where(~lit & (after < _REST * moved), moved - after, 0)
    start = np.where(~lit & (before < _REST * moved), moved - before, 0)
    # What is there for one step only appeared at its end; else the step is partly moved through.
    lone = (stop > 0) & (start > 0)
    stopped = np.where(lone, 1, np.clip(moved / (before + 1e-6), 0.3, 1))
    started = np.where(lone, 1, 1 - np.clip(moved / (after + 1e-6), 0.3, 1))
    light = np.where(movement.light > 0, movement.light, -_DARKENING * movement.light)
    never, always = np.zeros(len(moved), bool), np.ones(len(moved), bool)
    pan = movement.pan
    return [
        _Series(push, movement.place, movement.push_pan, faster, _LEAST_PUSH, _PUSH_OVER_USUAL, 0.7),
        _Series(stop, stopped, pan, never, _LEAST_STOP, _STOP_OVER_USUAL, 0.7, stops=True),
        _Series(_STARTING * start, started, pan, always, _LEAST_STOP, _STOP_OVER_USUAL, 0.7),
        _Series(light, np.ones(len(light)), movement.light_pan, never, _LEAST_LIGHT, _LIGHT_OVER_USUAL, 3.0),
    ]


def _smoothed(luma: Floats) -> Floats:
    """Luma blurred by 1 2 1 both ways, so that flow can be told over more than a pixel."""
    padded = np.pad(luma, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows: Floats = ((padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4).astype(np.float32)
    smooth: Floats = ((rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4).astype(np.float32)
    return smooth


def _flow(chain: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Momentum of the parts (n, 2, 9, 16), energy, pan, light and its pan, for each step of the chain."""
    before, after = chain[:-1], chain[1:]
    middle = (before + after) / 2
    dx, dy = np.gradient(middle, axis=2), np.gradient(middle, axis=1)
    dt = after - before
    dt_even = dt - dt.mean(axis=(1, 2), keepdims=True)
    products = (dx * dx, dx * dy, dy * dy, dx * dt_even, dy * dt_even)
    near = [_neighbours(_cells(product)) for product in products]
    speed_x, speed_y = _solved(near, _FLAT)
    seen = near[0] + near[2]
    camera_x, camera_y = _camera(speed_x, speed_y, seen)
    rest = dt_even + dx * camera_x + dy * camera_y
    moved = _cells(np.abs(rest - _spread(_cells(rest))))
    weight = np.sqrt(seen / (seen + 20 * _FLAT))
    # The share of the change that the shift explains: little where things are too fast to follow, or only lit.
    explained = -(speed_x * near[3] + speed_y * near[4]) / (_neighbours(_cells(dt_even * dt_even)) + 1)
    weight = weight * np.clip(explained, 0, 1)
    momenta = np.stack([speed_x - camera_x, speed_y - camera_y], 1) * weight[:, None]
    energy = 1 - np.exp(-moved.mean(axis=(1, 2)) / _ENERGY_SCALE)
    brighter = _neighbours(_cells(dt))
    return momenta, energy, _pan(moved), *_lights(brighter)


def _camera(speed_x: Floats, speed_y: Floats, seen: Floats) -> tuple[Floats, Floats]:
    """Shift of the whole picture (n, 1, 1): the median over all parts with something to see, if these are many."""
    visible = seen > _FLAT
    many = visible.mean(axis=(1, 2), keepdims=True) > _MANY
    shifts = []
    for speed in (speed_x, speed_y):
        ordered = np.sort(np.where(visible, speed, np.inf).reshape(len(speed), -1), axis=1)
        middle = np.maximum(visible.sum(axis=(1, 2)) // 2, 0)
        median = ordered[np.arange(len(speed)), np.minimum(middle, ordered.shape[1] - 1)]
        shifts.append(np.where(many, np.where(np.isfinite(median), median, 0)[:, None, None], 0).astype(np.float32))
    return shifts[0], shifts[1]


def _lights(brighter: Floats) -> tuple[Floats, Floats]:
    """Mean growth of brightness over the parts that all go one way, and where: a thing that moves goes both ways."""
    up, down = np.maximum(brighter, 0), np.maximum(-brighter, 0)
    grown, fallen = up.mean(axis=(1, 2)), down.mean(axis=(1, 2))
    light = grown - fallen
    return light, np.where(light > 0, _pan(up), _pan(down))


def _solved(products: Sequence[Floats], damping: float) -> tuple[Floats, Floats]:
    """Least squares for the shift (dx, dy) in pixels from xx, xy, yy, xt, yt; damped where there is little to see."""
    xx, xy, yy, xt, yt = products
    a, c = xx + damping, yy + damping
    determinant = a * c - xy * xy
    return (xy * yt - c * xt) / determinant, (xy * xt - a * yt) / determinant


def _cells(planes: Floats) -> Floats:
    return shrunk(planes, _CELL)


def _spread(cells: Floats) -> Floats:
    return cells.repeat(_CELL, axis=1).repeat(_CELL, axis=2)


def _neighbours(cells: Floats) -> Floats:
    """Mean of each cell with those around it, the nearer counting more."""
    padded = np.pad(cells, ((0, 0), (1, 1), (1, 1)))
    rows = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    near: Floats = (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 16
    return near


def _pan(cells: Floats) -> Floats:
    """Centre of gravity across, -1 to 1."""
    columns = cells.sum(axis=1)
    total = columns.sum(axis=1)
    centre = columns @ np.linspace(-1, 1, columns.shape[1], dtype=np.float32)
    pan: Floats = np.divide(centre, total, out=np.zeros_like(centre), where=total > 1e-6)
    return pan


def _pushes(chain: Floats) -> Floats:
    """For each inner step of the chain: size of the push, its pan, and the share of the step that lay before it."""
    before, within, after = chain[:-2], chain[1:-1], chain[2:]
    jump = before - after
    size: Floats = np.sqrt((jump**2).sum(axis=1))
    total = np.sqrt((size**2).sum(axis=(1, 2)))
    power = (jump**2).sum(axis=(1, 2, 3))
    share = ((within - after) * jump).sum(axis=(1, 2, 3)) / (power + 1e-9)
    return np.stack([total, _pan(size**2), np.clip(share, 0, 1)], axis=1)


def _quiet(times: NDArray[np.float64], boundaries: Sequence[tuple[float, float]], step: float) -> NDArray[np.bool_]:
    quiet = np.zeros(len(times), bool)
    for start, end in boundaries:
        first, last = np.searchsorted(times, [start - 2.5 * step, end + 2.5 * step])
        quiet[first:last] = True
    quiet[:2] = True
    quiet[-1:] = True
    return quiet


def _peaks(series: NDArray[np.floating], least: float, over: float, around: int, near: int) -> list[int]:
    """Where the series peaks well above its usual level around."""
    peaks = []
    for k in np.flatnonzero(series > least):
        if series[k] < series[max(0, k - near) : k + near + 1].max():
            continue
        usual = float(np.median(series[max(0, k - around) : k + around + 1]))
        if series[k] > over * usual:
            peaks.append(int(k))
    return peaks


def _calms(series: NDArray[np.floating], peak: int, soon: int) -> bool:
    """Whether the series is well below its peak soon after it; at the film's end it is."""
    following = series[peak + 2 : peak + 2 + soon]
    return not len(following) or bool(series[peak] > _CALMER * np.median(following))


def _instant(times: NDArray[np.float64], picture: int, place: float) -> float:
    before = times[max(0, picture - 1)]
    return float(before + place * (times[picture] - before))


def _sparse(found: list[_Found]) -> list[Onset]:
    """In order; of any two too close what counts for more, and no start of a movement that ends in a hit at once."""
    kept: list[_Found] = []
    for one in sorted(found, key=lambda f: f.onset.time):
        while kept and _yields(kept[-1], one):
            kept.pop()
        if not kept or one.onset.time - kept[-1].onset.time >= _GAP:
            kept.append(one)
    return [one.onset for one in kept]


def _yields(earlier: _Found, later: _Found) -> bool:
    apart = later.onset.time - earlier.onset.time
    return later.rank > earlier.rank and (apart < _GAP or (earlier.starts and not later.starts and apart < _GESTURE))
