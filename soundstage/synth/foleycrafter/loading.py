"""Loads FoleyCrafter from the folders and files that its makers publish."""

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    EulerDiscreteScheduler,
    PNDMScheduler,
    UNet2DConditionModel,
)
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizer, CLIPVisionModelWithProjection

from soundstage.errors import BadModel, MissingPart
from soundstage.networks.hifigan import HifiGan
from soundstage.networks.onsetnet import WIDTHS, OnsetNet
from soundstage.networks.rack import Setting
from soundstage.synth.foleycrafter.adapters import semantic_of, temporal_of
from soundstage.synth.foleycrafter.crafter import FoleyCrafter
from soundstage.synth.foleycrafter.denoiser import Denoiser
from soundstage.synth.foleycrafter.eyes import Eyes
from soundstage.synth.foleycrafter.foreign import Decoder, Scheduler, Tokenizer
from soundstage.synth.foleycrafter.parts import Parts
from soundstage.synth.foleycrafter.ruler import Ruler
from soundstage.synth.foleycrafter.spectrogram import Sounder
from soundstage.synth.foleycrafter.words import Words

SCHEDULERS: dict[str, Any] = {
    "pndm": PNDMScheduler,
    "ddim": DDIMScheduler,
    "euler": EulerDiscreteScheduler,
}
"""Ways to take noise away, by name; "pndm" is the published one."""


def load(
    parts: Parts,
    setting: Setting,
    *,
    scheduler: str = "pndm",
    columns: int = 1024,
    detector: tuple[int, int, int, int] = WIDTHS,
) -> FoleyCrafter:
    """FoleyCrafter, ready to work.

    The decoder, the vocoder and the onset detector work in float32 whatever the setting: they are small,
    and half precision is heard.

    Args:
        parts: where the files lie.
        setting: device and precision.
        scheduler: one of `SCHEDULERS`.
        columns: spectrogram columns of a window.
        detector: channels of the onset detector's layers.

    Raises:
        MissingPart: files are not there.
        BadModel: files are damaged, or do not fit together.
    """
    base = parts.base
    unet = _network(UNet2DConditionModel, base / "unet")
    temporal = temporal_of(unet, parts.temporal)
    encoder = _network(CLIPVisionModelWithProjection, parts.image_encoder)
    semantic_of(unet, parts.semantic, encoder.config.projection_dim).put_into(unet)
    decoder = _network(AutoencoderKL, base / "vae")
    vocoder = HifiGan.load(parts.vocoder)
    whole = Setting(setting.device, torch.float32)
    return FoleyCrafter(
        Eyes(_placed(encoder, setting), _placed(OnsetNet.load(parts.detector, detector), whole)),
        Words(_tokenizer(base / "tokenizer"), _placed(_network(CLIPTextModel, base / "text_encoder"), setting)),
        Denoiser(_placed(unet, setting), _placed(temporal, setting), vocoder.config.num_mels),
        Sounder(_placed(decoder, whole), _placed(vocoder, whole)),
        _scheduler(SCHEDULERS[scheduler], base / "scheduler"),
        _ruler(vocoder, decoder, columns),
    )


def _ruler(vocoder: HifiGan, decoder: Decoder, columns: int) -> Ruler:
    config = vocoder.config
    scale = 2 ** (len(decoder.config.block_out_channels) - 1)
    return Ruler(config.sampling_rate, config.hop, scale, columns, config.num_mels)


def _placed(network: Any, setting: Setting) -> Any:  # noqa: ANN401
    ready = network.requires_grad_(False).eval()
    return nn.Module.to(ready, setting.device, setting.dtype)  # diffusers' own `to` warns of every change of type


def _network(kind: Any, folder: Path) -> Any:  # noqa: ANN401 - classes of diffusers and transformers share no base
    """A network of diffusers or transformers from its folder, in float32 on the CPU; all its weights must be there."""
    network, report = _opened(kind, folder, output_loading_info=True, torch_dtype=torch.float32)
    if missing := sorted(map(str, report["missing_keys"])):
        raise BadModel(
            f"{folder} does not fit {kind.__name__}: it lacks {', '.join(missing[:3])}; give the published checkpoint."
        )
    return network


def _scheduler(kind: Any, folder: Path) -> Scheduler:  # noqa: ANN401
    return _opened(kind, folder)


def _tokenizer(folder: Path) -> Tokenizer:
    return _opened(CLIPTokenizer, folder)


def _opened(kind: Any, folder: Path, **options: object) -> Any:  # noqa: ANN401
    if not folder.is_dir():
        raise MissingPart(f"{folder} is not there; fetch the model with: soundstage models pull.")
    try:
        return kind.from_pretrained(folder, local_files_only=True, **options)
    except Exception as error:  # whatever a damaged file makes the libraries raise
        raise BadModel(
            f"{folder} cannot be read as {kind.__name__} ({_brief(error)}); fetch the model again: "
            "soundstage models pull."
        ) from error


def _brief(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
