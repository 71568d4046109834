import shutil

import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")

from soundstage.errors import BadModel, MissingPart
from soundstage.synth.foleycrafter.parts import Parts
from tests.synth.foleycrafter import models


@pytest.fixture
def copied(parts, tmp_path):
    """Files that may be changed."""
    for folder in (parts.base, parts.adapters, parts.encoder):
        shutil.copytree(folder, tmp_path / folder.name)
    return Parts(*(tmp_path / folder.name for folder in (parts.base, parts.adapters, parts.encoder)))


def test_what_was_loaded_keeps_the_times_of_its_files(crafter):
    ruler = crafter.ruler
    assert (ruler.sample_rate, ruler.hop, ruler.scale, ruler.window, ruler.bands) == (1600, 16, 8, 64, 32)


@pytest.mark.parametrize("name", ["unet", "vae", "text_encoder", "tokenizer", "scheduler"])
def test_a_missing_part_of_the_base_model_is_named(copied, name):
    shutil.rmtree(copied.base / name)
    with pytest.raises(MissingPart, match=rf"{name} is not there; get it: soundstage models pull"):
        models.tiny(copied)


@pytest.mark.parametrize("name", ["semantic", "temporal", "detector"])
def test_a_missing_adapter_is_named(copied, name):
    path = getattr(copied, name)
    path.unlink()
    with pytest.raises(MissingPart, match=rf"{path.name} is not there"):
        models.tiny(copied)


@pytest.mark.parametrize(
    "name",
    ["auffusion/unet/diffusion_pytorch_model.safetensors", "encoder/model.safetensors", "auffusion/vae/config.json"],
)
def test_a_damaged_network_is_named(copied, name):
    path = copied.base.parent / name
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(BadModel, match=rf"{path.parent.name} is damaged or no .* soundstage models pull"):
        models.tiny(copied)


@pytest.mark.parametrize("name", ["semantic", "temporal", "detector"])
def test_a_damaged_adapter_is_named(copied, name):
    path = getattr(copied, name)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(BadModel, match=rf"{path.name} is damaged or no checkpoint"):
        models.tiny(copied)


def test_weights_of_another_network_are_refused_rather_than_left_random(copied):
    shutil.copy(copied.base / "vae/diffusion_pytorch_model.safetensors", copied.base / "unet")
    with pytest.raises(BadModel, match=r"unet (is damaged or no|lacks \d+ of the weights of a) UNet2DConditionModel"):
        models.tiny(copied)


def test_the_vocoder_may_lie_with_the_base_model(copied):
    shutil.move(copied.adapters / "vocoder", copied.base / "vocoder")
    assert models.tiny(copied).ruler.bands == 32


def test_the_image_encoder_may_lie_where_its_repository_has_it(copied):
    inner = copied.encoder / "models" / "image_encoder"
    inner.mkdir(parents=True)
    for path in copied.encoder.glob("*.*"):
        path.rename(inner / path.name)
    assert models.tiny(copied).eyes.size == models.EMBEDDING
