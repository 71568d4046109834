"""A FoleyCrafter of a few thousand weights, written as the real one is published."""

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, ControlNetModel, PNDMScheduler, UNet2DConditionModel
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from soundstage.networks.hifigan import HifiGan, HifiGanConfig
from soundstage.networks.onsetnet import OnsetNet
from soundstage.networks.rack import Setting
from soundstage.synth.foleycrafter.crafter import FoleyCrafter
from soundstage.synth.foleycrafter.loading import load
from soundstage.synth.foleycrafter.parts import Parts
from tests.networks.filling import fill, noise

WIDTH = 8  # of the embeddings of words
EMBEDDING = 12
COLUMNS = 64  # of a window; 0.64 s
DETECTOR = (4, 4, 6, 6)
SETTING = Setting(torch.device("cpu"), torch.float32)

_VOCODER = {
    "num_mels": 32,
    "upsample_rates": [4, 4],
    "upsample_kernel_sizes": [8, 8],
    "upsample_initial_channel": 8,
    "resblock": "1",
    "resblock_kernel_sizes": [3],
    "resblock_dilation_sizes": [[1, 3, 5]],
    "sampling_rate": 1600,
}


def write(folder: Path) -> Parts:
    """Write all parts below a folder."""
    parts = Parts(folder / "auffusion", folder / "foleycrafter", folder / "encoder")
    unet = _unet()
    for name, network in {"unet": unet, "vae": _decoder(), "text_encoder": _text_encoder()}.items():
        network.save_pretrained(parts.base / name)
    _scheduler().save_pretrained(parts.base / "scheduler")
    _write_tokenizer(parts.base / "tokenizer")
    _image_encoder().save_pretrained(parts.encoder)
    _write_adapters(parts, unet)
    return parts


def tiny(parts: Parts, setting: Setting = SETTING, scheduler: str = "pndm") -> FoleyCrafter:
    """Load what `write` wrote."""
    return load(parts, setting, scheduler=scheduler, columns=COLUMNS, detector=DETECTOR)


def semantic(unet: UNet2DConditionModel, embedding: int = EMBEDDING) -> dict[str, dict[str, torch.Tensor]]:
    """Weights of a semantic adapter, by the published names."""
    width = unet.config.cross_attention_dim
    projection = {
        "proj.weight": noise(4 * width, embedding, key=1) / 4,
        "proj.bias": noise(4 * width, key=2) / 4,
        "norm.weight": 1 + noise(width, key=3) / 4,
        "norm.bias": noise(width, key=4) / 4,
    }
    attention = {}
    crossing = [name.removesuffix(".processor") for name in unet.attn_processors if "attn2" in name]
    for number, name in enumerate(crossing):
        for kind in ("k", "v"):
            inner = unet.get_submodule(name).inner_dim
            attention[f"{2 * number + 1}.to_{kind}_ip.weight"] = noise(inner, width, key=10 + number) / 2
    return {"image_proj": projection, "ip_adapter": attention}


def steady(network: torch.nn.Module) -> torch.nn.Module:
    """Fill a network; what batch normalisation divides by stays above zero."""
    fill(network)
    for name, values in network.named_buffers():
        if name.endswith("running_var"):
            values.abs_().add_(0.5)
    return network


def _write_adapters(parts: Parts, unet: UNet2DConditionModel) -> None:
    for path in (parts.semantic, parts.adapters / "vocoder" / "config.json"):
        path.parent.mkdir(parents=True)
    torch.save(semantic(unet), parts.semantic)
    control = steady(ControlNetModel.from_unet(unet, conditioning_channels=1)).state_dict()
    torch.save({"state_dict": {f"module.{name}": value for name, value in control.items()}}, parts.temporal)
    torch.save({"epoch": 1, "state_dict": steady(OnsetNet(DETECTOR)).state_dict()}, parts.detector)
    (parts.vocoder / "config.json").write_text(json.dumps(_VOCODER))
    torch.save({"generator": _split(_vocoder(parts).state_dict())}, parts.vocoder / "vocoder.pt")


def _vocoder(parts: Parts) -> torch.nn.Module:
    """One that is not driven into its bounds."""
    network = steady(HifiGan(HifiGanConfig.read(parts.vocoder / "config.json")))
    network.conv_post.weight.mul_(0.1)
    return network


def _split(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    held = {}
    for name, value in weights.items():
        parts = {name: value}
        if name.endswith("weight"):
            parts = {f"{name}_v": value, f"{name}_g": value.flatten(1).norm(dim=1).view(-1, 1, 1)}
        held |= parts
    return held


def _unet() -> torch.nn.Module:
    return steady(
        UNet2DConditionModel(
            sample_size=8,
            in_channels=4,
            out_channels=4,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
            block_out_channels=(8, 16),
            layers_per_block=1,
            cross_attention_dim=WIDTH,
            attention_head_dim=2,
            norm_num_groups=4,
        )
    )


def _decoder() -> torch.nn.Module:
    return steady(
        AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(4, 4, 4, 4),
            norm_num_groups=2,
        )
    )


def _text_encoder() -> torch.nn.Module:
    return steady(
        CLIPTextModel(
            CLIPTextConfig(
                vocab_size=600,
                hidden_size=WIDTH,
                intermediate_size=16,
                num_hidden_layers=1,
                num_attention_heads=2,
                max_position_embeddings=16,
                bos_token_id=512,
                eos_token_id=513,
                pad_token_id=513,
            )
        )
    )


def _image_encoder() -> torch.nn.Module:
    return steady(
        CLIPVisionModelWithProjection(
            CLIPVisionConfig(
                hidden_size=8,
                intermediate_size=16,
                num_hidden_layers=1,
                num_attention_heads=2,
                image_size=32,
                patch_size=16,
                projection_dim=EMBEDDING,
            )
        )
    )


def _scheduler() -> PNDMScheduler:
    return PNDMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True, steps_offset=1
    )


def _write_tokenizer(folder: Path) -> None:
    """As of old, in three files: every byte is a token, alone and at the end of a word, and so is "th"."""
    folder.mkdir()
    letters = [chr(number) for number in range(33, 127)]
    names = [*letters, *(f"{letter}</w>" for letter in letters), "th", "<|startoftext|>", "<|endoftext|>"]
    numbers = {name: number for number, name in enumerate(names)} | {"<|startoftext|>": 512, "<|endoftext|>": 513}
    (folder / "vocab.json").write_text(json.dumps(numbers))
    (folder / "merges.txt").write_text("#version: 0.2\nt h\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": 16, "pad_token": "<|endoftext|>"})
    )
