"""Checkpoints whose training left numpy's numbers and arrays beside the weights, which torch refuses on its own."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from soundstage.networks.checkpoints import read_weights

_KINDS = "?bBhHiIlLqQefdSU"
# What torch lets through is the process's; one who leaves must not take it from another who still reads.
_READING = threading.Lock()


def read_older_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, as `read_weights` gives them, whatever numbers lie beside them.

    Nothing in the file is run all the same: only numpy's plain numbers and arrays are let through.

    Raises:
        MissingPart: there is no such file.
        BadModel: it is damaged, or holds something else than weights.
    """
    with _READING, torch.serialization.safe_globals(_harmless()):
        return read_weights(path)


def _harmless() -> list[Any]:
    """What makes arrays and numbers, under the names that older and newer versions of numpy write."""
    array, number = np.zeros(1).__reduce__()[0], np.float64(0).__reduce__()[0]
    makers = [
        (maker, f"numpy.{core}.multiarray.{name}")
        for core in ("core", "_core")
        for maker, name in ((array, "_reconstruct"), (number, "scalar"))
    ]
    return [*makers, np.ndarray, np.dtype, *(type(np.dtype(kind)) for kind in _KINDS)]
