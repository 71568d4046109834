import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from soundstage.errors import BadModel, MissingPart  # noqa: E402
from soundstage.networks.checkpoints import read_checkpoint, read_weights  # noqa: E402
from soundstage.synth.foleycrafter.adapters import semantic_of, temporal_of  # noqa: E402
from tests.networks.filling import noise  # noqa: E402
from tests.synth.foleycrafter import models  # noqa: E402


@pytest.fixture
def unet(parts):
    return diffusers.UNet2DConditionModel.from_pretrained(parts.base / "unet")


def predicted(unet):
    with torch.inference_mode():
        return unet(
            noise(2, 4, 4, 8),
            torch.tensor([7, 400]),
            noise(2, 5, models.WIDTH, key=1),
            added_cond_kwargs={"image_embeds": [noise(2, 1, models.EMBEDDING, key=2)]},
            return_dict=False,
        )[0]


def test_the_semantic_adapter_is_what_diffusers_makes_of_the_same_file(parts, unet):
    semantic_of(unet, parts.semantic, models.EMBEDDING).put_into(unet)
    other = diffusers.UNet2DConditionModel.from_pretrained(parts.base / "unet")
    other._load_ip_adapter_weights([read_checkpoint(parts.semantic)], low_cpu_mem_usage=False)
    torch.testing.assert_close(predicted(unet), predicted(other))


def test_an_adapter_for_another_image_encoder_is_refused(parts, unet):
    with pytest.raises(BadModel, match=r"image_embeds.weight has shape \(32, 12\) where \(32, 20\) was expected"):
        semantic_of(unet, parts.semantic, 20)


def test_an_adapter_that_lacks_an_attention_is_refused(parts, unet, tmp_path):
    weights = models.semantic(unet)
    del weights["ip_adapter"]["3.to_v_ip.weight"]
    torch.save(weights, tmp_path / "semantic_adapter.bin")
    with pytest.raises(BadModel, match=r"lacks ip_adapter.3.to_v_ip"):
        semantic_of(unet, tmp_path / "semantic_adapter.bin", models.EMBEDDING)


def test_other_weights_are_no_semantic_adapter(parts, unet):
    with pytest.raises(BadModel, match="is no semantic adapter: it has no image_proj"):
        semantic_of(unet, parts.detector, models.EMBEDDING)


def test_a_missing_adapter_says_how_to_get_it(parts, unet, tmp_path):
    with pytest.raises(MissingPart, match="soundstage models pull"):
        temporal_of(unet, tmp_path / "temporal_adapter.ckpt")


def test_the_temporal_adapter_holds_the_weights_of_its_file(parts, unet):
    held = read_weights(parts.temporal)
    found = temporal_of(unet, parts.temporal).state_dict()
    assert found["controlnet_cond_embedding.conv_in.weight"].shape[1] == 1
    for name, value in found.items():
        torch.testing.assert_close(value, held[f"module.{name}"])


def test_shared_layers_that_its_file_leaves_out_are_the_base_models(parts, unet, tmp_path):
    held = {name: value for name, value in read_weights(parts.temporal).items() if "mid_block.res" not in name}
    torch.save(held, tmp_path / "temporal_adapter.ckpt")
    found = temporal_of(unet, tmp_path / "temporal_adapter.ckpt").state_dict()
    name = "mid_block.resnets.0.conv1.weight"
    torch.testing.assert_close(found[name], unet.state_dict()[name])


def test_a_temporal_adapter_without_its_own_layers_is_refused(parts, unet, tmp_path):
    held = {name: value for name, value in read_weights(parts.temporal).items() if "controlnet_mid" not in name}
    torch.save(held, tmp_path / "temporal_adapter.ckpt")
    with pytest.raises(BadModel, match=r"does not fit ControlNetModel: it lacks controlnet_mid_block.bias"):
        temporal_of(unet, tmp_path / "temporal_adapter.ckpt")
