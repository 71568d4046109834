"""Shows that our FoleyCrafter agrees with the published code: same weights, same inputs, float32.

    python -m benchmarks.parity.foleycrafter --foleycrafter DIR [--full]

`DIR` is a checkout of open-mmlab/FoleyCrafter. Its own UNet, semantic adapter, onset detector, vocoder and its
whole pipeline are built from there, and run on today's diffusers; the few names it imports that are gone are stood in
for, in this process alone. By default networks are narrow (the onset detector has one size only);
`--full` builds the published sizes: Stable Diffusion 1.5's UNet, windows of 256 × 1024, 150 pictures of 112 × 112.
"""

import argparse
import importlib
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import diffusers
import torch
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from benchmarks.parity.stand_ins import difference, module, rearranged
from soundstage.networks.checkpoints import load_into
from soundstage.networks.hifigan import HifiGan, HifiGanConfig, folded
from soundstage.networks.onsetnet import OnsetNet, unwrapped
from soundstage.synth.canvas import noise
from soundstage.synth.foleycrafter.adapters import semantic_of
from soundstage.synth.foleycrafter.crafter import FoleyCrafter, Wanted
from soundstage.synth.foleycrafter.denoiser import Denoiser
from soundstage.synth.foleycrafter.eyes import Sight
from soundstage.synth.foleycrafter.ruler import Ruler
from soundstage.synth.foleycrafter.spectrogram import Sounder, log_mel
from soundstage.synth.foleycrafter.timing import map_of_events
from soundstage.synth.foleycrafter.words import Words

MOST = 1e-4
EVENTS = (0.05, 0.31, 2.4, 7.7)
SEED = 11
_GONE = Path("a-checkpoint")
_DIFFUSERS: Any = diffusers  # to a type checker its classes are stand-ins


@dataclass(frozen=True)
class Size:
    """How large the networks are, and what they are shown."""

    widths: tuple[int, ...]
    decoder: tuple[int, ...]
    words: int
    embedding: int
    window: int
    bands: int
    vocoder: int
    pictures: tuple[int, int]
    steps: int
    heads: int = 8


NARROW = Size((16, 32, 32, 32), (8, 8, 16, 16), 24, 20, 128, 64, 32, (30, 48), 25, heads=4)
FULL = Size((320, 640, 1280, 1280), (128, 256, 512, 512), 768, 1024, 1024, 256, 1024, (150, 112), 2)


def main() -> int:
    """Compare, print one line each, return 1 where something differs."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--foleycrafter", type=Path, required=True)
    asked.add_argument("--full", action="store_true")
    options = asked.parse_args()
    warnings.filterwarnings("ignore", category=FutureWarning)  # of what is deprecated and theirs uses
    _stand_in(options.foleycrafter)
    size = FULL if options.full else NARROW
    torch.manual_seed(0)
    worst = 0.0
    with torch.inference_mode():
        for parts in (_detector_errors, _vocoder_errors, _spectrogram_errors, _pipeline_errors):
            began = time.perf_counter()
            for name, error in parts(size):
                print(f"{name:52} relative error {error:.1e} {'agrees' if error < MOST else 'DIFFERS'}", flush=True)
                worst = max(worst, error)
            print(f"{'':52} {time.perf_counter() - began:.0f} s", flush=True)
    return int(worst >= MOST)


def _stand_in(checkout: Path) -> None:
    """What the checkout imports that is not installed, or not in today's diffusers any more."""
    module("einops", rearrange=rearranged)
    modelling: Any = importlib.import_module("diffusers.models.modeling_utils")
    if not hasattr(modelling, "load_model_dict_into_meta"):
        modelling.load_model_dict_into_meta = None
    several = type("MultiControlNetModel", (), {})
    _missing("diffusers.pipelines.controlnet.multicontrolnet", MultiControlNetModel=several)
    sys.path.insert(0, str(checkout))


def _missing(name: str, **contents: object) -> None:
    try:
        importlib.import_module(name)
    except ImportError:
        sys.modules[name] = made = ModuleType(name)
        vars(made).update(contents)


def _theirs(name: str) -> Any:  # noqa: ANN401
    return importlib.import_module(f"foleycrafter.{name}")


def _detector_errors(size: Size) -> Iterator[tuple[str, float]]:
    theirs = _lively(_theirs("models.onset").VideoOnsetNet(False))
    ours = OnsetNet().eval()
    load_into(ours, unwrapped({f"module.{name}": value for name, value in theirs.state_dict().items()}), _GONE)
    count, side = size.pictures
    pictures = torch.randn(1, 3, count, side, side)
    expected = theirs({"frames": pictures})
    yield f"onset detector, {count} pictures of {side} x {side}", difference(expected, ours(pictures))
    pieces = list(ours.along(pictures[0].unbind(1), at_once=max(4, count // 3)))
    yield f"onset detector, in {len(pieces)} pieces", difference(expected[0], torch.cat(pieces))


def _vocoder(size: Size) -> tuple[nn.Module, HifiGan]:
    """Theirs, weight-normalised, and ours with its weights folded."""
    made = _theirs("pipelines.auffusion_pipeline")
    config = HifiGanConfig(
        num_mels=size.bands,
        upsample_rates=(5, 4, 2, 2, 2),
        upsample_kernel_sizes=(16, 16, 8, 4, 4),
        upsample_initial_channel=size.vocoder,
        resblock_kernel_sizes=(3, 7, 11),
        resblock_dilation_sizes=((1, 3, 5), (1, 3, 5), (1, 3, 5)),
    )
    theirs = _lively(made.Generator(made.AttrDict(vars(config))), 0.02)
    ours = HifiGan(config).eval()
    load_into(ours, folded(theirs.state_dict()), _GONE)
    return theirs, ours


def _vocoder_errors(size: Size) -> Iterator[tuple[str, float]]:
    theirs, ours = _vocoder(size)
    mel = torch.rand(1, size.bands, size.window) * 16 - 11
    expected = theirs(mel)[:, 0]
    yield f"vocoder, {size.window} columns", difference(expected, ours(mel))
    yield "vocoder, in four pieces", difference(expected, ours.in_pieces(mel, size.window // 4))


def _spectrogram_errors(size: Size) -> Iterator[tuple[str, float]]:
    made = _theirs("pipelines.auffusion_pipeline")
    picture = 3 * torch.randn(1, 3, size.bands, size.window)
    seen = made.VaeImageProcessor().postprocess(picture, output_type="pt")[0]
    yield "picture to log-mel", difference(made.denormalize_spectrogram(seen), log_mel(picture)[0])


def _pipeline_errors(size: Size) -> Iterator[tuple[str, float]]:
    unet = _DIFFUSERS.UNet2DConditionModel(
        sample_size=size.window // 8,
        block_out_channels=size.widths,
        cross_attention_dim=size.words,
        attention_head_dim=size.heads,
        norm_num_groups=8 if size.widths[0] < 32 else 32,
    )
    with torch.device("meta"):  # the weights are shared
        theirs = _theirs("models.auffusion_unet").UNet2DConditionModel(**_plain(unet.config))
    theirs.load_state_dict(unet.state_dict(), assign=True)
    temporal = _lively(_DIFFUSERS.ControlNetModel.from_unet(unet, conditioning_channels=1), 0.02, only=("controlnet_",))
    adapter = _semantic_weights(unet, size)
    theirs._load_ip_adapter_weights([adapter])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "semantic_adapter.bin")
        torch.save(adapter, path)
        semantic_of(unet, path, size.embedding).put_into(unet)
    yield from _whole_errors(size, unet.eval(), theirs.eval(), temporal)


def _whole_errors(size: Size, unet: Any, theirs: Any, temporal: Any) -> Iterator[tuple[str, float]]:  # noqa: ANN401
    decoder = _DIFFUSERS.AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=size.decoder,
        layers_per_block=2,
        norm_num_groups=8 if size.decoder[0] < 32 else 32,
    ).eval()
    scheduler = _DIFFUSERS.PNDMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True, steps_offset=1
    )
    tokenizer, text = _text(size.words)
    meaning = torch.randn(size.embedding)
    sounding = map_of_events(EVENTS, size.window, 100)
    ruler = Ruler(window=size.window, bands=size.bands)
    latents = noise(SEED, ruler.window // 8, 4 * ruler.rows).view(-1, 4, ruler.rows).permute(1, 2, 0)[None]
    picture = _published(theirs, temporal, decoder, scheduler, tokenizer, text)(
        prompt="a dog barks",
        negative_prompt="music",
        ip_adapter_image_embeds=torch.stack([torch.zeros_like(meaning), meaning])[None, :, None],
        image=sounding.expand(1, 1, size.bands, -1),
        controlnet_conditioning_scale=0.2,
        num_inference_steps=size.steps,
        height=size.bands,
        width=size.window,
        latents=latents,
        output_type="pt",
    ).images[0]
    their_vocoder, vocoder = _vocoder(size)
    mel = _theirs("pipelines.auffusion_pipeline").denormalize_spectrogram(picture)
    expected = their_vocoder(mel[None])[0, 0]
    denoiser = Denoiser(unet, temporal, size.bands)
    blind: Any = None  # what is seen is given
    crafter = FoleyCrafter(blind, Words(tokenizer, text), denoiser, Sounder(decoder, vocoder), scheduler, ruler)
    wanted = Wanted("a dog barks", "music", size.window / 100, SEED, Sight(meaning[None]), EVENTS, steps=size.steps)
    given = torch.from_numpy(crafter.sound(wanted, lambda: False))[:, 0]
    name = f"words, pictures and events to sound, {size.steps} steps"
    yield name, difference(expected - expected.mean(), given - given.mean())


def _published(unet: Any, temporal: Any, decoder: Any, scheduler: Any, tokenizer: Any, text: Any) -> Any:  # noqa: ANN401
    made = _theirs("pipelines.pipeline_controlnet").StableDiffusionControlNetPipeline
    pipeline = made(
        vae=decoder,
        text_encoder=text,
        tokenizer=tokenizer,
        unet=unet,
        controlnet=temporal,
        scheduler=type(scheduler).from_config(scheduler.config),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _semantic_weights(unet: Any, size: Size) -> dict[str, dict[str, Tensor]]:  # noqa: ANN401
    """Random weights of a semantic adapter, by the published names."""
    projection = {
        "proj.weight": torch.randn(4 * size.words, size.embedding) / size.embedding**0.5,
        "proj.bias": torch.randn(4 * size.words),
        "norm.weight": 1 + 0.1 * torch.randn(size.words),
        "norm.bias": 0.1 * torch.randn(size.words),
    }
    crossing = [name.removesuffix(".processor") for name in unet.attn_processors if "attn2" in name]
    attention = {
        f"{2 * number + 1}.to_{kind}_ip.weight": torch.randn(unet.get_submodule(name).inner_dim, size.words)
        / size.words**0.5
        for number, name in enumerate(crossing)
        for kind in ("k", "v")
    }
    return {"image_proj": projection, "ip_adapter": attention}


def _text(width: int) -> tuple[Any, Any]:
    """A tokenizer of bytes, and a text encoder with random weights."""
    letters = [chr(number) for number in range(33, 127)]
    names = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer({name: number for number, name in enumerate(names)}, [], model_max_length=77)
    first, last = len(names) - 2, len(names) - 1
    config: Any = CLIPTextConfig(
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=4,
        bos_token_id=first,
        eos_token_id=last,
        pad_token_id=last,
    )
    encoder: Any = CLIPTextModel(config)
    return tokenizer, encoder.eval()


def _plain(config: Any) -> dict[str, Any]:  # noqa: ANN401
    return {name: value for name, value in config.items() if not name.startswith("_")}


def _lively(network: Any, spread: float | None = None, only: tuple[str, ...] = ("",)) -> Any:  # noqa: ANN401
    """Random values for what is made with zeros or ones, so that nothing passes unseen; for all of it, if told how."""
    for name, value in [*network.named_parameters(), *network.named_buffers()]:
        if not value.is_floating_point() or not name.startswith(only):
            continue
        if name.endswith("running_var"):
            value.copy_(0.5 + torch.rand_like(value))
        elif spread is not None and not name.endswith("weight_g"):
            value.copy_(spread * torch.randn_like(value))
        elif value.ndim == 1:
            value.add_(0.1 * torch.randn_like(value))
    return network.eval()


if __name__ == "__main__":
    sys.exit(main())
