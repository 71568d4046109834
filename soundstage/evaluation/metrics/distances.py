"""How far apart two sets of features lie: the Fréchet distance, and what it is where there are few of them.

av-benchmark's definition is `frechet`. A matrix root of a product of two large covariances is slow and loses
half the digits where they lack rank, as they do with fewer features than dimensions; `frechet_of` takes the same
distance from the features by singular values, which is exact there, or by the eigenvalues of a symmetric product.

`kernel_distance` is unbiased at any number of features (Bińkowski et al., "Demystifying MMD GANs", ICLR 2018).
"""

import contextlib
import warnings
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from soundstage.evaluation.metrics.measure import NotDefined

Features = NDArray[np.floating]
_Floats = NDArray[np.float64]

_DIAGONAL = 1e-6
_MOST_IMAGINARY = 1e-3
# So many features to a dimension make covariances of full rank, whose eigenvalues are as good and ten times as fast.
_MANY = 2


@dataclass(frozen=True)
class Gaussian:
    """A normal distribution: mean (dimensions,) and covariance (dimensions, dimensions)."""

    mean: NDArray[np.floating]
    covariance: _Floats

    @classmethod
    def of(cls, features: Features) -> Self:
        """The mean and the covariance (divided by one less than their number) of features (number, dimensions).

        The mean is taken in the features' own precision, as av-benchmark does.

        Raises:
            NotDefined: fewer than two, which have no covariance.
        """
        _check(features)
        covariance = np.atleast_2d(np.cov(features, rowvar=False))
        return cls(np.asarray(features.mean(axis=0)), np.asarray(covariance, np.float64))


def frechet(made: Gaussian, truth: Gaussian) -> float:
    """The Fréchet distance of two normal distributions, |m1 - m2|^2 + Tr(C1 + C2 - 2 (C1 C2)^(1/2)).

    To the letter of av-benchmark: 1e-6 is added to the diagonals only where the root is not finite, and an imaginary
    part of up to 1e-3 on the root's diagonal is dropped. Where that gives up with -1, this raises.

    Raises:
        NotDefined: the covariances hold values that are no finite numbers, or their product has no real root.
    """
    if made.mean.shape != truth.mean.shape:
        raise NotDefined(f"features of {made.mean.size} and of {truth.mean.size} dimensions cannot be compared")
    apart = made.mean - truth.mean
    root = _root_trace(made.covariance, truth.covariance)
    return float(apart @ apart + np.trace(made.covariance) + np.trace(truth.covariance) - 2 * root)


def _root_trace(first: _Floats, second: _Floats) -> float:
    root = _root(first @ second)
    if not np.isfinite(root).all():
        offset = np.eye(len(first)) * _DIAGONAL
        root = _root((first + offset) @ (second + offset))
    imaginary = np.abs(np.diagonal(root).imag)
    if not imaginary.max() <= _MOST_IMAGINARY:
        raise NotDefined(f"the root of the covariances' product is not real: {imaginary.max():.3g} on its diagonal")
    return float(np.trace(root.real))


def _root(product: _Floats) -> NDArray[np.complexfloating] | _Floats:
    if not np.isfinite(product).all():
        raise NotDefined("the covariances hold values that are no finite numbers")
    with warnings.catch_warnings():
        # A feature that never changes makes the product singular; its root is then right all the same.
        warnings.simplefilter("ignore", linalg.LinAlgWarning)
        root: _Floats = linalg.sqrtm(product)
    return root


def frechet_of(made: Features, truth: Features) -> float:
    """The same distance from features (number, dimensions), without the root; never negative but for rounding.

    With C = A'A, the eigenvalues of the symmetric product C1^(1/2) C2 C1^(1/2) are the squared singular values
    of A1 A2', and the trace of the root is the sum of those values.

    Raises:
        NotDefined: fewer than two features in a set, unlike dimensions, or values that are no finite numbers.
    """
    for features in (made, truth):
        _check(features)
        if not np.isfinite(features).all():
            raise NotDefined("the features hold values that are no finite numbers")
    if made.shape[1] != truth.shape[1]:
        raise NotDefined(f"features of {made.shape[1]} and of {truth.shape[1]} dimensions cannot be compared")
    apart = made.mean(axis=0, dtype=np.float64) - truth.mean(axis=0, dtype=np.float64)
    return float(apart @ apart) + _spread_apart(made, truth)


def _spread_apart(made: Features, truth: Features) -> float:
    """The part of the distance that the covariances make."""
    if min(len(made), len(truth)) >= _MANY * made.shape[1]:
        first, second = (Gaussian.of(features.astype(np.float64)).covariance for features in (made, truth))
        with contextlib.suppress(linalg.LinAlgError):
            lower = linalg.cholesky(first, lower=True)
            squares = linalg.eigvalsh(lower.T @ second @ lower)
            return float(np.trace(first) + np.trace(second) - 2 * np.sqrt(np.maximum(squares, 0)).sum())
    first, second = _factor(made), _factor(truth)
    root = float(linalg.svdvals(first @ second.T).sum())
    return float(np.sum(first**2) + np.sum(second**2) - 2 * root)


def _factor(features: Features) -> _Floats:
    """A matrix A of at most as many rows as dimensions, whose A'A is the features' covariance."""
    centred = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    centred /= np.sqrt(len(features) - 1)
    if len(features) <= features.shape[1]:
        return np.asarray(centred, np.float64)
    (upper,) = linalg.qr(centred, mode="r", overwrite_a=True)
    return np.asarray(upper[: features.shape[1]], np.float64)


def kernel_distance(made: Features, truth: Features) -> float:
    """The squared maximum mean discrepancy by the polynomial kernel (x.y / dimensions + 1)^3, without bias.

    Its mean is zero for two sets of the same distribution, at any size: single values may be below zero.

    Raises:
        NotDefined: fewer than two features in a set.
    """
    _check(made)
    _check(truth)
    first, second = np.asarray(made, np.float64), np.asarray(truth, np.float64)
    return _mean_apart(first) + _mean_apart(second) - 2 * float(kernel(first, second).mean())


def kernel(first: _Floats, second: _Floats) -> _Floats:
    """The kernel (x.y / dimensions + 1)^3 of each of the first features with each of the second."""
    product: _Floats = first @ second.T / first.shape[1] + 1
    return product * product * product  # ten times as fast as a power


def _mean_apart(features: _Floats) -> float:
    """The kernel's mean over all pairs of two different features."""
    values = kernel(features, features)
    count = len(features)
    return float((values.sum() - np.trace(values)) / (count * (count - 1)))


def _check(features: Features) -> None:
    if features.ndim != 2 or len(features) < 2:
        raise NotDefined(f"it needs two items at least, not {len(features) if features.ndim == 2 else features.shape}")
