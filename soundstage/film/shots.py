"""Where one shot ends and the next begins: hard cuts, dissolves and fades, but no flash, pan or zoom.

A hard cut is a jump that stands out from its surroundings (`jump`), after which nothing resembles what
was before (`lasting`; a flash goes back) and whose two sides have nothing in common but for the light
and for movement (`likeness`). The weights were fitted by logistic regression on films made by
benchmarks/cuts.py (its seeds below 300).

A dissolve is a stretch whose pictures are mixtures of its first and last, in even steps, of two pictures
with nothing in common: half of each has half their variance (Alattar 1993), which movement seldom has. A fade
is the same with a blank picture at one end. The limits of both were chosen on films of seeds named there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from soundstage.film.features import Floats, Thumbnails
from soundstage.film.frames import ROWS
from soundstage.film.likeness import likeness

_CHUNK = 512
_VECTOR_LUMA = (ROWS // 2) ** 2 * 16 // 9
# Jumps smaller than this (mean grey levels of 256) are noise.
_LEAST_JUMP = 1.0
_AROUND = 6
_NEAR = 3
_FLASH_SECONDS = 0.3
_MOST_PEAK = 16.0
# log2(jump over median), lasting share, likeness of parts, of the whole, log2(jump over the next largest).
_WEIGHTS = np.array([0.75, 7.0, -4.5, -5.0, 2.8])
_THRESHOLD = 6.0
# Beyond these the two sides show the same things in another light.
_SAME_WHOLE, _SAME_PARTS = 0.5, 0.9
_BEST_LIKENESS = np.array([0.2, 0.05])

_GRADUAL_SECONDS = (0.16, 0.24, 0.34, 0.48, 0.68, 0.96, 1.35)
_GRADUAL_STEPS_A_SECOND = 12.5
_LEAST_CHANGE = 7.0
_MOST_RESIDUE = 0.48
_MOST_UNEVENNESS = 0.35
_MOST_SPIKE = 0.33
# The ends of the stretch that fits best are still mixed; a little beyond them the two pictures are purer.
_BEYOND = 0.2
_MOST_WHOLE = 0.3
# Of likeness of parts, residue and dip together, which lie near 0.4, 0.3 and 0.6 in dissolves.
_MOST_IN_COMMON = 1.5
_BLANK_DEVIATION = 4.0
# Keeps the dip of flat pictures, where only coding noise differs, from counting.
_FLAT = 2.0
_LEAST_SHOT_SECONDS = 0.2


@dataclass(frozen=True)
class Boundary:
    """The first picture of a new shot, and how the shot begins: cut, dissolve or fade."""

    picture: int
    kind: str


def find_boundaries(thumbnails: Thumbnails, times: NDArray[np.float64]) -> list[Boundary]:
    """All boundaries between shots, in order.

    Args:
        thumbnails: every picture of the film.
        times: their times in seconds, increasing.
    """
    if len(times) < 3:
        return []
    rate = 1 / max(1e-3, float(np.median(np.diff(times))))
    jumps, deviations = _scan(thumbnails)
    cuts = _cuts(thumbnails, jumps, rate)
    blanks = _runs(deviations < _BLANK_DEVIATION)
    gradual = _graduals(thumbnails, jumps, cuts, rate, blanks)
    return _merged([Boundary(cut, "cut") for cut in cuts], gradual, times)


def _chunks(thumbnails: Thumbnails, margin: int) -> Iterator[tuple[int, int, int, Floats]]:
    """Chunks (first, start, end, vectors) where vectors[0] is picture `first`, up to a margin before `start`."""
    for start in range(0, len(thumbnails), _CHUNK):
        first, end = max(0, start - margin), min(len(thumbnails), start + _CHUNK)
        yield first, start, end, thumbnails.read(first, min(len(thumbnails), end + margin))[1]


def _scan(thumbnails: Thumbnails) -> tuple[Floats, Floats]:
    """Mean change from each picture to the next (0 for the first), and the deviation of each one's luma."""
    jumps, deviations = np.zeros(len(thumbnails), np.float32), np.zeros(len(thumbnails), np.float32)
    for first, start, end, vectors in _chunks(thumbnails, 1):
        change = np.abs(np.diff(vectors, axis=0)).mean(axis=1)
        into = max(start, 1)
        jumps[into:end] = change[into - 1 - first : end - 1 - first]
        deviations[start:end] = vectors[start - first : end - first, :_VECTOR_LUMA].std(axis=1)
    return jumps, deviations


def _cuts(thumbnails: Thumbnails, jumps: Floats, rate: float) -> list[int]:
    reach = max(2, round(_FLASH_SECONDS * rate))
    cuts = []
    candidates = np.flatnonzero(jumps >= _LEAST_JUMP)
    for picture, usual, rival in zip(candidates.tolist(), *_surroundings(jumps, candidates), strict=True):
        if jumps[picture] < 1.5 * usual + 0.5:
            continue
        if _is_cut(thumbnails, picture, float(jumps[picture]), usual, rival, reach):
            cuts.append(picture)
    return cuts


def _surroundings(jumps: Floats, pictures: NDArray[np.intp]) -> tuple[list[float], list[float]]:
    """The median jump around each picture, and the largest close to it; its own left out."""
    if len(jumps) < 3:
        return [0.0] * len(pictures), [0.0] * len(pictures)
    # There is no jump into the first picture.
    padded = np.pad(jumps[1:], _AROUND, constant_values=np.nan)
    around = sliding_window_view(padded, 2 * _AROUND + 1)[pictures - 1]
    around[:, _AROUND] = np.nan
    near = around[:, _AROUND - _NEAR : _AROUND + _NEAR + 1]
    return np.nanmedian(around, axis=1).tolist(), np.nanmax(near, axis=1, initial=0.0).tolist()


def _is_cut(thumbnails: Thumbnails, picture: int, jump: float, usual: float, rival: float, reach: int) -> bool:
    first = max(0, picture - reach)
    luma, vectors = thumbnails.read(first, min(len(thumbnails), picture + reach))
    at = picture - first
    across = np.abs(vectors[:at, None] - vectors[None, at:]).mean(axis=2)
    lasting = min(1.0, float(across.min()) / jump)
    peak = np.log2(min(_MOST_PEAK, jump / (rival + 0.5)))
    plain = np.array([np.log2(jump / (usual + 0.5)), lasting, *_BEST_LIKENESS, peak])
    if plain @ _WEIGHTS < _THRESHOLD:
        return False
    alike = likeness(luma[at - 1], luma[at])
    if alike.whole > _SAME_WHOLE or alike.parts > _SAME_PARTS:
        return False
    plain[2:4] = alike
    return bool(plain @ _WEIGHTS >= _THRESHOLD)


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches of set flags as (first, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _graduals(
    thumbnails: Thumbnails, jumps: Floats, cuts: list[int], rate: float, blanks: list[tuple[int, int]]
) -> list[Boundary]:
    score, reach, residue = _mixtures(thumbnails, cuts, rate)
    found = []
    for picture in np.argsort(-score, kind="stable"):
        if score[picture] <= 0:
            continue
        half = int(reach[picture])
        first, last = int(picture) - half, int(picture) + half
        best = score[max(0, first) : last + 1].max() <= score[picture]
        score[max(0, first) : last + 1] = 0
        if best and (boundary := _judged(thumbnails, jumps, first, last, float(residue[picture]), blanks)):
            found.append(boundary)
    return found


def _mixtures(thumbnails: Thumbnails, cuts: list[int], rate: float) -> tuple[Floats, NDArray[np.int32], Floats]:
    """Per picture how like the middle of a mixture it is, of how many pictures to either side, and the residue."""
    count = len(thumbnails)
    score, residue = np.zeros(count, np.float32), np.ones(count, np.float32)
    reach = np.zeros(count, np.int32)
    cuts_before = np.zeros(count + 1, np.int32)
    cuts_before[np.array(cuts, int) + 1] = 1
    cuts_before = cuts_before.cumsum()
    halves = sorted({max(3, round(seconds * rate)) for seconds in _GRADUAL_SECONDS})
    step = max(1, round(rate / _GRADUAL_STEPS_A_SECOND))
    for first, start, end, vectors in _chunks(thumbnails, halves[-1]):
        for half in halves:
            middle = np.arange(max(start, half) + (-max(start, half)) % step, min(end, count - half), step)
            # A hard cut inside is no mixture: its picture belongs to the new shot.
            middle = middle[cuts_before[middle + half + 1] == cuts_before[middle - half + 1]]
            if not len(middle):
                continue
            change, left, uneven = _fit(vectors, middle - first, half)
            good = (left < _MOST_RESIDUE) & (uneven < _MOST_UNEVENNESS) & (change > _LEAST_CHANGE)
            new = np.where(good, change * (1 - left) * (1 - uneven), 0)
            better = middle[new > score[middle]]
            kept = new > score[middle]
            score[better], reach[better], residue[better] = new[kept], half, left[kept]
    return score, reach, residue


def _fit(vectors: Floats, middle: NDArray[np.intp], half: int) -> tuple[Floats, Floats, Floats]:
    """Fit pictures between `middle` - half and + half as mixtures of these two.

    Returns how far the two differ (grey levels), the largest part of a picture that no mixture explains
    (of that difference), and how far the mixing is from even steps.
    """
    before = vectors[middle - half]
    change = vectors[middle + half] - before
    power = np.einsum("nv,nv->n", change, change) + 1e-3
    residues, uneven = [], np.zeros(len(middle))
    for place in (-0.5, 0.0, 0.5):
        offset = round(place * half)
        part = vectors[middle + offset] - before
        share = np.einsum("nv,nv->n", part, change) / power
        residues.append(np.maximum(np.einsum("nv,nv->n", part, part) / power - share**2, 0))
        uneven += np.abs(share - (half + offset) / (2 * half))
    return (
        np.sqrt(power / vectors.shape[1]).astype(np.float32),
        np.sqrt(np.max(residues, axis=0)).astype(np.float32),
        uneven.astype(np.float32),
    )


def _judged(
    thumbnails: Thumbnails, jumps: Floats, first: int, last: int, residue: float, blanks: list[tuple[int, int]]
) -> Boundary | None:
    """The boundary that a stretch of mixtures is, unless it is only movement or light."""
    luma, vectors = thumbnails.read(first, last + 1)
    change = float(np.abs(vectors[-1] - vectors[0]).mean())
    if float(jumps[first + 1 : last + 1].max()) > _MOST_SPIKE * change:
        return None
    blank = next((run for run in blanks if run[0] <= first < run[1] or run[0] <= last < run[1]), None)
    if blank is not None:
        return _faded(blank, len(thumbnails))
    alike = likeness(luma[0], luma[-1])
    beyond = round(_BEYOND * (last - first) / 2)
    start, end = max(0, first - beyond), min(len(thumbnails), last + 1 + beyond)
    if float(jumps[start + 1 : end].max()) <= _MOST_SPIKE * change:
        purer, _ = thumbnails.read(start, end)
        alike = min(alike, likeness(purer[0], purer[-1]), key=lambda one: one.parts)
    if alike.whole > _MOST_WHOLE or alike.parts + residue + _dip(luma) > _MOST_IN_COMMON:
        return None
    return Boundary((first + last + 1) // 2, "dissolve")


def _dip(luma: Floats) -> float:
    """Variance of the middle picture over the mean of the ends': a half where pictures with nothing in common mix."""
    variance = luma[[0, len(luma) // 2, -1]].var(axis=(1, 2))
    return float(2 * variance[1] / (variance[0] + variance[2] + _FLAT))


def _faded(blank: tuple[int, int], count: int) -> Boundary | None:
    """A fade changes shots in the middle of its blank stretch, unless the film begins or ends with it."""
    first, end = blank
    return None if first == 0 or end == count else Boundary((first + end) // 2, "fade")


def _merged(cuts: list[Boundary], gradual: list[Boundary], times: NDArray[np.float64]) -> list[Boundary]:
    """Both in order, none twice, no shot shorter than a glance; where two are too close the hard cut stays."""
    kept: list[Boundary] = []
    for boundary in sorted({*cuts, *gradual}, key=lambda b: (b.picture, b.kind)):
        if boundary.picture < 1 or boundary.picture >= len(times):
            continue
        if not kept or times[boundary.picture] - times[kept[-1].picture] >= _LEAST_SHOT_SECONDS:
            kept.append(boundary)
        elif boundary.kind == "cut" and kept[-1].kind != "cut":
            kept[-1] = boundary
    return kept
