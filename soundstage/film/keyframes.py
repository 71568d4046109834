"""The pictures that stand for a shot: K-Means over colour features, as LVAS-Agent does (arXiv 2503.10719).

Stills arrive as JPEG a few times a second and wait in a temporary file until the shots are known; how
many are kept of a shot depends on its length and on how different its pictures are.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from soundstage.errors import StorageError
from soundstage.film.features import Floats, Looks
from soundstage.film.frames import Still
from soundstage.reading import Keyframe

FOLDER = "keyframes"
_MOST = 5
_SECONDS_EACH = 3.0
# Mean squared distance (of root histograms, at most 2) below which a shot's pictures count as alike.
_ALIKE = 0.03
_MARGIN = 0.06
_SEED = 20_250_319


@dataclass(frozen=True)
class _Place:
    time: float
    offset: int
    size: int


class Stills:
    """All stills of the film, in a temporary file."""

    def __init__(self, folder: Path) -> None:
        """Args: folder: where the nameless temporary file is made."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  closed by close()
        self._places: list[_Place] = []
        self._end = 0

    def add(self, still: Still) -> None:
        """Keep a still."""
        self._file.write(still.jpeg)
        self._places.append(_Place(still.time, self._end, len(still.jpeg)))
        self._end += len(still.jpeg)

    def times(self, start: float) -> NDArray[np.float64]:
        """Times of all stills, counted from `start`."""
        return np.array([place.time for place in self._places]) - start

    def jpeg(self, number: int) -> bytes:
        """One of them."""
        place = self._places[number]
        self._file.seek(place.offset)
        return self._file.read(place.size)

    def close(self) -> None:
        """Give the disk space back."""
        self._file.close()


def write_keyframes(
    stills: Stills, looks: Looks, spans: list[tuple[float, float]], start: float, folder: Path
) -> list[tuple[Keyframe, ...]]:
    """Choose and write the keyframes of all shots, at least one each.

    Args:
        stills: the film's stills.
        looks: colour over time.
        spans: start and end of each shot, in film time.
        start: time of the first picture as the stills count.
        folder: the reading's; JPEGs go into `keyframes` in it.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    times = stills.times(start)
    features = np.sqrt(looks.colours[_nearest(looks.colour_times, times)])
    try:
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        return [
            tuple(
                _written(stills, number, max(0.0, float(times[number])), weight, folder, f"shot{index:04}-{rank}.jpg")
                for rank, (number, weight) in enumerate(_chosen(times, features, span))
            )
            for index, span in enumerate(spans)
        ]
    except OSError as error:
        raise StorageError(f"Keyframes cannot be written to {folder} ({error.strerror}); free some space.") from error


def _written(stills: Stills, number: int, time: float, weight: float, folder: Path, name: str) -> Keyframe:
    (folder / FOLDER / name).write_bytes(stills.jpeg(number))
    return Keyframe(time=round(time, 4), file=f"{FOLDER}/{name}", weight=round(weight, 4))


def _chosen(times: NDArray[np.float64], features: Floats, span: tuple[float, float]) -> list[tuple[int, float]]:
    """Numbers of the stills that stand for a shot, in order of time, with the shares they stand for."""
    inside = np.flatnonzero((times >= span[0] + _MARGIN) & (times < span[1] - _MARGIN))
    if not len(inside):
        middle = (span[0] + span[1]) / 2
        return [(int(np.abs(times - middle).argmin()), 1.0)]
    labels = _clustered(features[inside], span[1] - span[0])
    chosen = []
    for label in np.unique(labels):
        members = inside[labels == label]
        centre = features[members].mean(axis=0)
        best = members[((features[members] - centre) ** 2).sum(axis=1).argmin()]
        chosen.append((int(best), len(members) / len(inside)))
    return sorted(chosen)


def _clustered(features: Floats, seconds: float) -> NDArray[np.int32]:
    """Cluster of each still; as many clusters as it takes for the members of each to be alike."""
    most = min(_MOST, len(features), 1 + int(seconds / _SECONDS_EACH))
    labels = np.zeros(len(features), np.int32)
    for count in range(1, most + 1):
        if count > 1:
            labels = kmeans2(features.astype(np.float64), count, minit="++", rng=np.random.default_rng(_SEED))[1]
        if _scatter(features, labels) <= _ALIKE:
            break
    return labels


def _scatter(features: Floats, labels: NDArray[np.int32]) -> float:
    parts = (features[labels == label] for label in np.unique(labels))
    return sum(float(((part - part.mean(axis=0)) ** 2).sum()) for part in parts) / len(features)


def _nearest(known: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.intp]:
    right = np.clip(np.searchsorted(known, wanted), 1, max(1, len(known) - 1))
    right = np.minimum(right, len(known) - 1)
    left = np.maximum(right - 1, 0)
    nearer = np.abs(known[left] - wanted) <= np.abs(known[right] - wanted)
    return np.where(nearer, left, right)
