"""Loads FoleyCrafter from the folders and files that its makers publish."""

from pathlib import Path
from typing import Any

import torch
from diffusers import DDIMScheduler, EulerDiscreteScheduler, PNDMScheduler
from torch import nn

from soundstage.errors import BadModel, MissingPart
from soundstage.networks.folders import DAMAGED, FETCH, brief, network_from, tokenizer_from
from soundstage.networks.hifigan import HifiGan
from soundstage.networks.onsetnet import WIDTHS, OnsetNet
from soundstage.networks.rack import Setting
from soundstage.synth.foleycrafter.adapters import semantic_of, temporal_of
from soundstage.synth.foleycrafter.crafter import FoleyCrafter
from soundstage.synth.foleycrafter.denoiser import Denoiser
from soundstage.synth.foleycrafter.eyes import Eyes
from soundstage.synth.foleycrafter.foreign import Decoder, Scheduler
from soundstage.synth.foleycrafter.parts import Parts
from soundstage.synth.foleycrafter.ruler import Ruler
from soundstage.synth.foleycrafter.spectrogram import Sounder
from soundstage.synth.foleycrafter.words import Words

# Where weights are put together before they go to their device.
_LAID = Setting(torch.device("cpu"), torch.float32)

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
    base, whole = parts.base, Setting(setting.device, torch.float32)
    unet = network_from(base / "unet", "UNet2DConditionModel", _LAID)
    temporal = temporal_of(unet, parts.temporal)
    encoder = network_from(parts.image_encoder, "CLIPVisionModelWithProjection", _LAID)
    semantic_of(unet, parts.semantic, encoder.config.projection_dim).put_into(unet)
    decoder = network_from(base / "vae", "AutoencoderKL", whole)
    vocoder = HifiGan.load(parts.vocoder)
    return FoleyCrafter(
        Eyes(_placed(encoder, setting), _placed(OnsetNet.load(parts.detector, detector), whole)),
        Words(
            tokenizer_from(base / "tokenizer", "CLIPTokenizer"),
            network_from(base / "text_encoder", "CLIPTextModel", setting),
        ),
        Denoiser(_placed(unet, setting), _placed(temporal, setting), vocoder.config.num_mels),
        Sounder(decoder, _placed(vocoder, whole)),
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


def _scheduler(kind: Any, folder: Path) -> Scheduler:  # noqa: ANN401
    if not folder.is_dir():
        raise MissingPart(f"{folder} is not there; get it: soundstage models pull.")
    try:
        return kind.from_pretrained(folder, local_files_only=True)
    except DAMAGED as error:
        raise BadModel(f"{folder} is damaged or no {kind.__name__} ({brief(error)}); {FETCH}.") from error
