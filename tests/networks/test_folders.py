"""Networks from folders of transformers and diffusers: what is wrong with one is said, and nothing else."""

import logging

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from soundstage.errors import BadModel, MissingPart  # noqa: E402
from soundstage.networks.folders import network_from, tokenizer_from  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from tests.networks.claps import written  # noqa: E402

ON_CPU = Setting(torch.device("cpu"), torch.float32)


def test_libraries_tell_the_terminal_nothing(tmp_path, capfd, monkeypatch):
    monkeypatch.delenv("TRANSFORMERS_VERBOSITY", raising=False)
    written(tmp_path)
    capfd.readouterr()
    network_from(tmp_path, "ClapModel", ON_CPU)
    words = tokenizer_from(tmp_path, "ClapProcessor").tokenizer
    words("rain " * 2 * words.model_max_length)
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("transformers").getEffectiveLevel() == logging.ERROR


def test_what_is_loaded_is_frozen(tmp_path):
    network = network_from(written(tmp_path), "ClapModel", ON_CPU)
    assert not network.training
    assert not any(weight.requires_grad for weight in network.parameters())


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x02cos\nsystem\nq\x00."], ids=["empty", "text", "code"])
def test_a_torch_file_that_holds_no_weights_is_damaged(tmp_path, content):
    (written(tmp_path) / "model.safetensors").unlink()
    (tmp_path / "pytorch_model.bin").write_bytes(content)
    with pytest.raises(BadModel, match="is damaged or no ClapModel"):
        network_from(tmp_path, "ClapModel", ON_CPU)


@pytest.mark.parametrize(
    "load",
    [lambda folder: network_from(folder, "ClapModel", ON_CPU), lambda folder: tokenizer_from(folder, "ClapProcessor")],
    ids=["network", "words"],
)
def test_a_folder_that_is_not_there_is_told(tmp_path, load):
    with pytest.raises(MissingPart, match="soundstage models pull"):
        load(tmp_path / "nowhere")


def test_nobody_is_asked_over_the_network(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    written(tmp_path)
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(f"socket.socket.{name}", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    network_from(tmp_path, "ClapModel", ON_CPU)
    tokenizer_from(tmp_path, "ClapProcessor")
