"""Reads the tensors of a PyTorch checkpoint without PyTorch, and without running anything in it.

Both containers are understood: the zip archive of today and the plain stream of pickles of PyTorch
before 1.6. A pickle can name any function to call; only the three names a state dict needs are
known here, everything else is refused.
"""

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from soundstage.errors import MissingPart

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_DTYPES = {"FloatStorage": "<f4", "HalfStorage": "<f2", "DoubleStorage": "<f8", "LongStorage": "<i8"}


@dataclass(frozen=True)
class _StorageKind:
    dtype: str


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _tensor(storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


class _TensorUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 (pickle's own signature)
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in _DTYPES:
            return _StorageKind(_DTYPES[name])
        raise pickle.UnpicklingError(f"{module}.{name} does not belong in a table of weights")

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401 (pickle's own signature)
        _, kind, key, _, count, *_ = pid
        return _Storage(key=str(key), dtype=kind.dtype, count=int(count))


def read_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """The floating-point tensors of a state dict, by name.

    Raises:
        MissingPart: the file cannot be read, is damaged, or holds anything but tensors.
    """
    try:
        with path.open("rb") as file:
            tensors, data = _read_zip(path) if zipfile.is_zipfile(file) else _read_stream(path)
            return {name: _array(tensor, data) for name, tensor in tensors.items() if tensor.storage.dtype != "<i8"}
    except (OSError, EOFError, KeyError, ValueError, TypeError, AttributeError, pickle.UnpicklingError) as error:
        raise MissingPart(f"The weights {path.name} cannot be read ({error}); install the package again.") from error


def _read_stream(path: Path) -> tuple[Mapping[str, _Tensor], dict[str, bytes]]:
    with path.open("rb") as file:
        if _TensorUnpickler(file).load() != _LEGACY_MAGIC:
            raise pickle.UnpicklingError("not a PyTorch checkpoint")
        _TensorUnpickler(file).load()  # protocol version
        _TensorUnpickler(file).load()  # sizes of the writer's integers
        tensors = _TensorUnpickler(file).load()
        keys = _TensorUnpickler(file).load()
        storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
        return tensors, {key: _read_storage(file, storages[key]) for key in keys}


def _read_storage(file: IO[bytes], storage: _Storage) -> bytes:
    count = int.from_bytes(file.read(8), "little")
    if count != storage.count:
        raise pickle.UnpicklingError("a tensor is shorter than announced")
    return file.read(count * np.dtype(storage.dtype).itemsize)


def _read_zip(path: Path) -> tuple[Mapping[str, _Tensor], dict[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        listing = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        with archive.open(listing) as file:
            tensors = _TensorUnpickler(file).load()
        folder = listing.removesuffix("data.pkl") + "data/"
        keys = {tensor.storage.key for tensor in tensors.values()}
        return tensors, {key: archive.read(folder + key) for key in keys}


def _array(tensor: _Tensor, data: Mapping[str, bytes]) -> NDArray[np.float32]:
    flat = np.frombuffer(data[tensor.storage.key], dtype=tensor.storage.dtype)
    last = tensor.offset + sum((side - 1) * step for side, step in zip(tensor.shape, tensor.strides, strict=True))
    if min(tensor.offset, *tensor.strides, 0) < 0 or last >= len(flat):
        raise ValueError("a tensor reaches outside its data")
    steps = [step * flat.itemsize for step in tensor.strides]
    # Kernels converted from TensorFlow lie transposed in the file: only the strides tell.
    view = np.lib.stride_tricks.as_strided(flat[tensor.offset :], tensor.shape, steps, writeable=False)
    return np.ascontiguousarray(view, dtype=np.float32)
