"""Listens for seams: whether a sound steps more where it was joined than it does of itself elsewhere.

Around every join, level, spectrum and phase before it are compared with those after it, and the same is
done all along the sound's interior. A sound that rises and falls of itself has large steps everywhere;
a seam is what stands out from them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SCALE = 0.1

# Interior instants at most; more tell nothing new.
_MOST = 4000
_BANDS = 24
_LOWEST = 40.0
# Narrower bands of a noise differ from instant to instant by more than any seam.
_NARROWEST = 4
_FLOOR = 1e-12
# A chance rank as high as this comes once in a thousand sounds without a seam.
_SURE = 3.1

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Steps:
    """One measure of the step at instants of a sound: at its joins and in its interior."""

    joins: _Floats
    interior: _Floats

    @property
    def rank(self) -> float:
        """Share of the interior that steps less than the joins do: 0.5 without seams, 1 where every join stands out."""
        ordered = np.sort(self.interior)
        below, not_above = (np.searchsorted(ordered, self.joins, side) for side in ("left", "right"))
        return float(np.mean(below + not_above) / (2 * len(ordered)))

    @property
    def certainty(self) -> float:
        """How many standard deviations the rank lies above chance (0.5; one join's is uniform in 0..1)."""
        return (self.rank - 0.5) * math.sqrt(12 * len(self.joins))

    @property
    def excess(self) -> float:
        """The median join over the median of the interior, in the measure's own unit."""
        return float(np.median(self.joins) - np.median(self.interior))


@dataclass(frozen=True)
class Seams:
    """What stands out at a sound's joins: steps of level (dB), spectrum (dB) and phase (0 to 1)."""

    level: Steps
    spectrum: Steps
    phase: Steps

    @property
    def heard(self) -> tuple[str, ...]:
        """The measures by which the joins stand out beyond chance (one in a thousand); none for a seamless sound."""
        return tuple(name for name, steps in vars(self).items() if steps.certainty > _SURE)


def seams(sound: NDArray[np.floating], rate: int, joins: Sequence[float], scale: float = SCALE) -> Seams:
    """Measure the steps of a sound at its joins and in its interior.

    Level is mean power, spectrum the power of up to 24 bands spaced evenly in log frequency (root mean square
    of their differences, their common level taken out), phase how far the phases after the instant are
    from those that the phases before it lead to: 0 for a steady tone, about 0.5 for noise, 1 for a tone
    turned round.

    Args:
        sound: mono, shape (frames,).
        rate: its frames a second.
        joins: seconds; those nearer to an end than `scale` are left out.
        scale: seconds compared before and after each instant: short ones hear steps, long ones that the
            parts differ in character.

    Raises:
        ValueError: too short for its joins: nothing is left to compare.
    """
    samples = np.asarray(sound, np.float64)
    size = max(16, round(scale * rate))
    at_joins = np.array([round(join * rate) for join in joins])
    at_joins = at_joins[(at_joins >= 2 * size) & (at_joins <= len(samples) - 2 * size)]
    interior = _interior(len(samples), size, at_joins)
    if not len(at_joins) or not len(interior):
        raise ValueError("the sound is too short for its joins to be compared with its interior")
    found = [_steps(samples, instants, size, rate) for instants in (at_joins, interior)]
    return Seams(*(Steps(joined, inside) for joined, inside in zip(*found, strict=True)))


def _interior(length: int, size: int, joins: NDArray[np.int64]) -> NDArray[np.int64]:
    """Instants evenly spread over the sound whose surroundings no join touches."""
    hop = max(size // 2, length // _MOST)
    instants = np.arange(2 * size, length - 2 * size + 1, hop)
    after = np.searchsorted(joins, instants)
    padded = np.concatenate([[-length], joins, [2 * length]])
    distance = np.minimum(instants - padded[after], padded[after + 1] - instants)
    clear: NDArray[np.int64] = instants[distance >= 2 * size]
    return clear


def _steps(samples: _Floats, instants: NDArray[np.int64], size: int, rate: int) -> tuple[_Floats, _Floats, _Floats]:
    rows = [_step(samples[at - 2 * size : at + 2 * size], size, rate) for at in instants]
    level, spectrum, phase = np.array(rows).reshape(-1, 3).T
    return level, spectrum, phase


def _step(around: _Floats, size: int, rate: int) -> tuple[float, float, float]:
    """Level, spectrum and phase step in the middle of four times `size` samples."""
    window = np.hanning(size + 2)[1:-1]
    early, before = (np.fft.rfft(around[at : at + size] * window) for at in (size - size // 4, size))
    after, late = (np.fft.rfft(around[at : at + size] * window) for at in (2 * size, 2 * size + size // 4))
    level = abs(_decibels(around[2 * size : 3 * size]) - _decibels(around[size : 2 * size]))
    return level, _spectrum(before, after, rate, size), _phase(early, before, after, late)


def _decibels(samples: _Floats) -> float:
    return 10 * math.log10(float(np.mean(samples**2)) + _FLOOR)


def _spectrum(before: NDArray[np.complex128], after: NDArray[np.complex128], rate: int, size: int) -> float:
    powers = [np.add.reduceat(np.abs(lines) ** 2, _bands(rate, size)) for lines in (before, after)]
    floor = _FLOOR + 1e-6 * max(float(power.max()) for power in powers)
    steps = 10 * np.log10((powers[1] + floor) / (powers[0] + floor))
    return float(np.std(steps))


def _bands(rate: int, size: int) -> list[int]:
    """The first line of each band."""
    starts: list[int] = []
    for edge in np.geomspace(_LOWEST, rate / 2, _BANDS, endpoint=False) * size / rate:
        if not starts or edge >= starts[-1] + _NARROWEST:
            starts.append(max(1, int(edge)))
    return starts


def _phase(
    early: NDArray[np.complex128],
    before: NDArray[np.complex128],
    after: NDArray[np.complex128],
    late: NDArray[np.complex128],
) -> float:
    """Half of one minus the mean cosine of the error with which phases carry on, line by line, weighed by power.

    The phase gained in a quarter window, on both sides of the instant, says what four times as much gains.
    """
    turn = before * early.conj() * late * after.conj()
    # The mean of both gains, four times over: twice their sum. A line's phase gain is known but for whole turns.
    expected = np.exp(2j * np.angle(turn))
    error = after * before.conj() * expected.conj()
    total = float(np.abs(error).sum())
    return 0.5 * (1 - float(error.real.sum()) / total) if total > 0 else 0.0
