"""Shows that our metrics agree with av-benchmark's own functions on the same random features.

    python -m benchmarks.parity.avbench --avbench DIR

`DIR` is a checkout of hkchengrex/av-benchmark, of which `av_bench.metrics` is imported and nothing else. It asks
scipy's `sqrtm` for an error estimate that scipy has given up; where it is gone, it is given back inside this
process. What av-benchmark calls -1 or NaN (a distance that it cannot take) must be NotDefined here. Features are
drawn in double precision, and once more in the single precision of networks, in which av-benchmark takes some means.
"""

import argparse
import inspect
import math
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import linalg

from soundstage.evaluation.metrics import agreement, divergences
from soundstage.evaluation.metrics.distances import Gaussian, frechet, frechet_of, kernel_distance

MOST = 1e-6
CLASSES = 527
Check = tuple[str, float, float]

# Features and their dimensions, as the networks have them; LVAS-Bench has 207 films, whose covariances lack rank.
SHAPES = {"VGGish": (1500, 128), "PaSST": (1600, 768), "PaSST, 207 films": (207, 768), "PANNs, 207 films": (207, 2048)}


def main() -> int:
    """Compare, print one line each, return 1 where something differs."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--avbench", type=Path, required=True)
    theirs = _metrics(asked.parse_args().avbench)
    worst = 0.0
    for name, ours, wanted in _checks(theirs):
        error = _apart(ours, wanted)
        verdict = "agrees" if error < MOST else "DIFFERS"
        print(f"{name:58} theirs {wanted:<20.12g} ours {ours:<20.12g} relative error {error:.1e} {verdict}", flush=True)
        worst = max(worst, error)
    return int(worst >= MOST)


def _metrics(checkout: Path) -> ModuleType:
    sys.path.insert(0, str(checkout))
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", linalg.LinAlgWarning)
    if "disp" not in inspect.signature(linalg.sqrtm).parameters:
        linalg.sqrtm = _with_estimate(linalg.sqrtm)
    return import_module("av_bench.metrics")


def _with_estimate(root: Callable[[Any], Any]) -> Callable[..., Any]:
    def sqrtm(matrix: NDArray[np.float64], disp: bool = True) -> object:
        return root(matrix) if disp else (root(matrix), 0.0)

    return sqrtm


def _checks(theirs: ModuleType) -> Iterator[Check]:
    for kind in (np.float64, np.float32):
        yield from _distances(theirs, kind)
        yield from _divergences(theirs, kind)
    yield from _awkward(import_module("av_bench.metrics.fad"), theirs)
    yield from _cosines()


def _distances(theirs: ModuleType, kind: type[np.floating]) -> Iterator[Check]:
    for name, (count, dimensions) in SHAPES.items():
        made, truth = _features(count, dimensions, kind)
        wanted = float(theirs.compute_fd(made, truth))
        label = f"{name} {count}x{dimensions} {kind.__name__}"
        yield f"FD {label}", frechet(Gaussian.of(made), Gaussian.of(truth)), wanted
        yield f"FD without the root, {label}", frechet_of(made, truth), wanted
        if kind is np.float64:  # theirs takes its kernel, a third power, in the features' own precision
            yield f"KID {label}", kernel_distance(made, truth), _kid(theirs, made, truth)


def _kid(theirs: ModuleType, made: NDArray[Any], truth: NDArray[Any]) -> float:
    """Theirs of one subset that is the whole set, whose order plays no part."""
    sets = (torch.from_numpy(made), torch.from_numpy(truth))
    found = theirs.compute_kid(*sets, 1, len(made), 3, None, 1, 2020, None)
    return float(found["kernel_inception_distance_mean"])


def _divergences(theirs: ModuleType, kind: type[np.floating]) -> Iterator[Check]:
    for count in (20, 207, 2000):
        made, truth = (3 * logits for logits in _features(count, CLASSES, kind))
        pair = (torch.from_numpy(made), torch.from_numpy(truth))
        label = f"{count}x{CLASSES} {kind.__name__}"
        yield (
            f"KL {label}",
            float(divergences.divergences(made, truth).mean()),
            theirs.compute_kl([pair[0]], pair[1])["kl_softmax"],
        )
        for splits in (10, 1):
            wanted = theirs.compute_isc(pair[0], None, 2020, True, splits)
            found = divergences.inception(made, splits)
            yield f"IS in {splits} {label}", found.mean, wanted["inception_score_mean"]
            if splits > 1:
                yield f"IS in {splits}, spread, {label}", found.spread, wanted["inception_score_std"]


def _awkward(fad: ModuleType, theirs: ModuleType) -> Iterator[Check]:
    """Covariances that are no numbers, that lack rank, or whose product has no root."""
    made, truth = _features(60, 24, np.float64)
    dead = made.copy()
    dead[:, ::3] = 0
    yield "FD, features that never change", _ours(dead, truth), float(theirs.compute_fd(dead, truth))
    yield "FD, one set alike in all", _ours(made * 0, truth), float(theirs.compute_fd(made * 0, truth))
    yield "FD, two films", _ours(made[:2], truth[:2]), float(theirs.compute_fd(made[:2], truth[:2]))
    yield "FD, a set and itself, less 1e3", _ours(made, made) - 1e3, float(theirs.compute_fd(made, made)) - 1e3
    for name, value in (("not a number", np.nan), ("infinite", np.inf), ("beyond double precision", 1e200)):
        broken = made.copy()
        broken[3, 5] = value
        with np.errstate(all="ignore"):
            yield f"FD, a feature {name}", _ours(broken, truth), _guarded(partial(theirs.compute_fd, broken, truth))
    zero = np.zeros(2)
    for name, first, second in (
        ("that turns (its root has an imaginary part)", np.diag([1.0, -1.0]), np.eye(2)),
        ("without a root", np.array([[0.0, 1.0], [0.0, 0.0]]), np.eye(2)),
        ("without a root, of 0", np.array([[0.0, 1.0], [0.0, 0.0]]), np.diag([1.0, 0.0])),
    ):
        wanted = _guarded(partial(fad.calculate_frechet_distance, zero, first, zero, second))
        yield (
            f"FD, a product {name}",
            _guarded(partial(frechet, Gaussian(zero, first), Gaussian(zero, second))),
            wanted,
        )


def _ours(made: NDArray[Any], truth: NDArray[Any]) -> float:
    return _guarded(lambda: frechet(Gaussian.of(made), Gaussian.of(truth)))


def _guarded(measured: Callable[[], float]) -> float:
    """-1 where there is no distance: av-benchmark says so itself, raises, or lets a NaN through."""
    try:
        found = float(measured())
    except ValueError:
        return -1.0
    return -1.0 if math.isnan(found) else found


def _cosines() -> Iterator[Check]:
    first, second = _features(207, 1024, np.float64)
    wanted = torch.cosine_similarity(torch.from_numpy(first), torch.from_numpy(second), dim=-1).mean()
    yield "mean cosine 207x1024", float(agreement.cosines(first, second).mean()), float(wanted)


def _features(count: int, dimensions: int, kind: type[np.floating]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Two sets of unlike spread and mean, correlated among dimensions."""
    random = np.random.default_rng(count * 10_000 + dimensions)
    mixing = random.standard_normal((dimensions, dimensions)) / math.sqrt(dimensions)
    made = random.standard_normal((count, dimensions)) @ mixing + 0.3
    truth = 1.2 * random.standard_normal((count, dimensions)) @ mixing.T
    return made.astype(kind), truth.astype(kind)


def _apart(ours: float, wanted: float) -> float:
    return abs(ours - wanted) / max(abs(wanted), 1e-12)


if __name__ == "__main__":
    sys.exit(main())
