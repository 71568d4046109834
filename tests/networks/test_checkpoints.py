"""Checkpoints: what is damaged, dangerous or another model's is refused in one sentence."""

import pickle
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402
from torch import nn  # noqa: E402

from soundstage.errors import BadModel, MissingPart  # noqa: E402
from soundstage.networks.checkpoints import load_into, read_weights  # noqa: E402

_WEIGHTS = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.ones(2)}


class _Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("code out of a checkpoint was run",))


@pytest.mark.parametrize(
    ("name", "save"),
    [
        pytest.param("a.safetensors", lambda path: save_file(_WEIGHTS, path), id="safetensors"),
        pytest.param("a.pth", lambda path: torch.save(_WEIGHTS, path), id="torch"),
        pytest.param("a.pt", lambda path: torch.save({"generator": _WEIGHTS, "steps": 5}, path), id="one level deeper"),
        pytest.param(
            "old.bin", lambda path: torch.save(_WEIGHTS, path, _use_new_zipfile_serialization=False), id="old torch"
        ),
    ],
)
def test_weights_are_read(tmp_path: Path, name: str, save) -> None:
    save(tmp_path / name)

    read = read_weights(tmp_path / name)

    assert read.keys() == _WEIGHTS.keys()
    assert all(torch.equal(read[key], value) for key, value in _WEIGHTS.items())


def test_a_file_that_is_not_there_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(MissingPart, match="soundstage models pull"):
        read_weights(tmp_path / "a.pth")


@pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
@pytest.mark.parametrize("content", [b"", b"not weights at all", b"PK\x03\x04 half"], ids=["empty", "text", "half"])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(BadModel, match="is damaged or no checkpoint"):
        read_weights(tmp_path / name)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    whole = tmp_path / "a.pth"
    torch.save({"weight": torch.randn(1000)}, whole)
    whole.write_bytes(whole.read_bytes()[:2000])

    with pytest.raises(BadModel, match=r"a\.pth"):
        read_weights(whole)


def test_code_in_a_file_is_never_run(tmp_path: Path) -> None:
    with (tmp_path / "a.pth").open("wb") as file:
        pickle.dump({"weight": _Trap()}, file)

    with pytest.raises(BadModel):
        read_weights(tmp_path / "a.pth")


@pytest.mark.parametrize("content", [{"steps": 5}, [torch.ones(2)]], ids=["no tensors", "no names"])
def test_a_file_without_weights_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "a.pth")

    with pytest.raises(BadModel, match="holds"):
        read_weights(tmp_path / "a.pth")


def test_weights_are_laid_in() -> None:
    network = nn.Linear(3, 2)

    load_into(network, _WEIGHTS, Path("a.pth"))

    assert torch.equal(network.weight, _WEIGHTS["weight"])
    assert not network.weight.requires_grad


def test_weights_take_the_precision_of_the_network() -> None:
    network = nn.Linear(3, 2).to(torch.bfloat16)

    load_into(network, _WEIGHTS, Path("a.pth"))

    assert network.weight.dtype is torch.bfloat16


@pytest.mark.parametrize("ignore", [("extra.scale",), ("extra.",)], ids=["by name", "by prefix"])
def test_what_is_not_needed_may_be_left_out(ignore: tuple[str, ...]) -> None:
    load_into(nn.Linear(3, 2), {**_WEIGHTS, "extra.scale": torch.ones(1)}, Path("a.pth"), ignore)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        pytest.param({"bias": torch.ones(2)}, "lacks weight of the 2 tensors expected", id="missing"),
        pytest.param({**_WEIGHTS, "gain": torch.ones(1)}, "also holds gain", id="unknown"),
        pytest.param(
            {**_WEIGHTS, "bias": torch.ones(5)}, r"bias has shape \(5,\) where \(2,\) was expected", id="shape"
        ),
    ],
)
def test_another_model_is_refused_by_what_was_expected(weights: dict[str, torch.Tensor], said: str) -> None:
    with pytest.raises(BadModel, match=rf"a\.pth does not fit Linear: it .*{said}|a\.pth does not fit Linear: {said}"):
        load_into(nn.Linear(3, 2), weights, Path("a.pth"))
