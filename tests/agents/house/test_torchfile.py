import io
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from soundstage.agents.house.torchfile import read_weights
from soundstage.errors import MissingPart


class _Evil:
    def __reduce__(self):
        return (print, ("run!",))


class _Global:
    """Pickles as a reference to a name of torch, without torch."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class _Call:
    """Pickles as a call of a name."""

    def __init__(self, call: _Global, arguments: tuple) -> None:
        self.call, self.arguments = call, arguments


class _StateDictPickler(pickle._Pickler):
    """Writes a state dict as PyTorch does: storages by persistent id, tensors by a rebuild call."""

    def persistent_id(self, obj):
        return obj if isinstance(obj, tuple) and obj and obj[0] == "storage" else None

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, _Global):
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        elif isinstance(obj, _Call):
            self.save(obj.call)
            self.save(obj.arguments)
            self.write(pickle.REDUCE)
        else:
            super().save(obj, save_persistent_id)


def zip_checkpoint(path: Path, values: np.ndarray, shape: tuple[int, ...], strides: tuple[int, ...]) -> Path:
    storage = ("storage", _Global("torch", "FloatStorage"), "0", "cpu", values.size)
    tensor = _Call(_Global("torch._utils", "_rebuild_tensor_v2"), (storage, 0, shape, strides, False, OrderedDict()))
    out = io.BytesIO()
    _StateDictPickler(out, protocol=2).dump({"kernel": tensor})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", out.getvalue())
        archive.writestr("model/data/0", values.astype("<f4").tobytes())
    return path


def test_zip_checkpoint_is_read(tmp_path):
    values = np.arange(6, dtype=np.float32)
    weights = read_weights(zip_checkpoint(tmp_path / "w.pth", values, (2, 3), (3, 1)))
    np.testing.assert_array_equal(weights["kernel"], values.reshape(2, 3))


def test_transposed_tensor_keeps_its_strides(tmp_path):
    values = np.arange(6, dtype=np.float32)
    weights = read_weights(zip_checkpoint(tmp_path / "w.pth", values, (3, 2), (1, 3)))
    np.testing.assert_array_equal(weights["kernel"], values.reshape(2, 3).T)


def test_tensor_that_reaches_outside_its_data_is_refused(tmp_path):
    path = zip_checkpoint(tmp_path / "w.pth", np.arange(6, dtype=np.float32), (4, 3), (3, 1))
    with pytest.raises(MissingPart, match="outside its data"):
        read_weights(path)


def test_pickled_call_is_never_made(tmp_path, capsys):
    path = tmp_path / "w.pth"
    path.write_bytes(pickle.dumps(_Evil(), protocol=2))
    with pytest.raises(MissingPart, match="does not belong"):
        read_weights(path)
    assert "run!" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\x80\x02K\x01."], ids=["empty", "text", "a number"])
def test_other_files_are_refused_in_one_sentence(tmp_path, content):
    path = tmp_path / "w.pth"
    path.write_bytes(content)
    with pytest.raises(MissingPart, match="cannot be read"):
        read_weights(path)
