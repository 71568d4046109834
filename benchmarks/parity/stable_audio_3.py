"""Shows that Stable Audio 3, loaded from its published layout, agrees with the published code: float32, same weights.

    python -m benchmarks.parity.stable_audio_3 --stable-audio-3 DIR

`DIR` is a checkout of Stability-AI/stable-audio-3. Its own autoencoder's decoder, transformer and duration embedder are
built from there, narrow, with random weights; a checkpoint and a configuration are written as they are published, and
our loader makes the networks of diffusers (and our chunked decoder) of them. Layouts are those of the small model
(chunks, plain attention) and of the medium one (sliding windows, differences of attentions).
"""

import argparse
import importlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.parity.stand_ins import difference, module, package, rearranged
from soundstage.networks.checkpoints import load_into
from soundstage.synth.diffusion.published import networks_of

MOST = 1e-4
_RATE, _PATCH, _STRIDE, _LATENT = 44_100, 4, 16, 8
_WIDTH = 16
_MODULES = ("autoencoders", "bottleneck", "dit", "conditioners")
_NOWHERE = Path("model.safetensors")

SHARED: dict[str, Any] = {
    "channels": 32,
    "c_mults": [4],
    "strides": [_STRIDE],
    "latent_dim": _LATENT,
    "transformer_depths": [4],
}
SHARED |= {"out_channels": 2 * _PATCH, "dyt": True, "dim_heads": 64, "differential": True, "variable_stride": True}
SHARED |= {"sinusoidal_blocks": [0], "mask_noise": 0.0}
LAYOUTS: Mapping[str, tuple[dict[str, Any], bool]] = {
    "small": (SHARED | {"chunk_size": 32, "chunk_midpoint_shift": True, "conv_mapping": True}, False),
    "medium": (SHARED | {"sliding_window": [1, 1], "sinusoidal_blocks": [2]}, True),
}
TRANSFORMER: dict[str, Any] = {
    "io_channels": _LATENT,
    "embed_dim": 128,
    "depth": 2,
    "num_heads": 2,
    "cond_token_dim": _WIDTH,
}
TRANSFORMER |= {"global_cond_dim": _WIDTH, "project_cond_tokens": True, "project_global_cond": True}
TRANSFORMER |= {"global_cond_type": "adaLN", "timestep_features_type": "expo", "num_memory_tokens": 4}
TRANSFORMER |= {"transformer_type": "continuous_transformer", "local_add_cond_dim": _LATENT + 1}
ATTENTION: dict[str, Any] = {"qk_norm": "rms", "qk_norm_eps": 1e-6}


def stand_in(checkout: Path) -> None:
    """What the checkout imports and is not installed here."""
    module("einops", rearrange=_rearranged, repeat=_rearranged)
    module("einops.layers.torch", Rearrange=nn.Identity)
    module("torchaudio.transforms")
    module("stable_audio_3.inference.audio_utils", prepare_audio=None)
    lora = ("LoRAParametrization", "set_lora_strength", "has_lora", "enable_lora", "disable_lora", "filter_lora_layers")
    module("stable_audio_3.models.lora", **dict.fromkeys(lora))
    package("stable_audio_3.models", checkout / "stable_audio_3" / "models")
    package("stable_audio_3", checkout / "stable_audio_3")


def _rearranged(tensor: Tensor, pattern: str, **sizes: int) -> Tensor:
    left = pattern.split("->")[0]
    if "..." in pattern:
        open_axes = tensor.ndim - (len(left.replace("(", " ( ").split("(")[0].split()) - 1) - left.count("(")
        pattern = pattern.replace("...", " ".join(f"x{axis}" for axis in range(open_axes)))
    return rearranged(tensor, pattern, **sizes)


def shaken(network: nn.Module) -> nn.Module:
    """The network with no weight left at zero."""
    for value in network.parameters():
        if value.ndim > 1:
            nn.init.normal_(value, std=value[0].numel() ** -0.5)
        else:
            value.data += 0.1 * torch.randn_like(value)
    return network.eval().requires_grad_(False)


@dataclass(frozen=True)
class Theirs:
    """The networks of the checkout; typed as little as they are there."""

    decoder: Any
    bottleneck: Any
    transformer: Any
    seconds: Any

    @classmethod
    def build(cls, layout: str) -> "Theirs":
        """Narrow ones with random weights."""
        decoder, differential = LAYOUTS[layout]
        part = {name: importlib.import_module(f"stable_audio_3.models.{name}") for name in _MODULES}
        attention = ATTENTION | {"differential": differential}
        return cls(
            shaken(part["autoencoders"].SAMEDecoder(**decoder)),
            part["bottleneck"].SoftNormBottleneck(_LATENT, auto_scale=True),
            shaken(part["dit"].DiffusionTransformer(**TRANSFORMER, attn_kwargs=attention, norm_type="rms_norm")),
            shaken(part["conditioners"].NumberConditioner(_WIDTH, 0, 384, fourier_features_type="expo")),
        )

    def weights(self) -> dict[str, Tensor]:
        """A checkpoint of theirs."""
        parts = {
            "pretransform.model.decoder.": self.decoder,
            "pretransform.model.bottleneck.": self.bottleneck,
            "model.model.": self.transformer,
            "conditioner.conditioners.seconds_total.": self.seconds,
        }
        padding = {"conditioner.conditioners.prompt.padding_embedding": torch.randn(_WIDTH)}
        return padding | {f"{at}{name}": value for at, part in parts.items() for name, value in _state(part).items()}


def compare(layout: str) -> dict[str, float]:
    """The largest relative differences of decoder, transformer and duration embedder."""
    theirs, frames = Theirs.build(layout), 23
    ours: dict[str, Any] = {}
    for name, (network, own) in networks_of(_config(LAYOUTS[layout][0]), theirs.weights()).items():
        load_into(network, own, _NOWHERE)
        ours[name] = network.eval()
    latents, time = torch.randn(1, _LATENT, frames), torch.tensor([0.7])
    words, length = torch.randn(1, 5, _WIDTH), torch.randn(1, _WIDTH)
    with torch.inference_mode():
        patches = theirs.decoder(theirs.bottleneck.decode(latents))[:, :, : frames * _STRIDE]
        sound = patches.reshape(1, 2, _PATCH, -1).transpose(2, 3).flatten(2)
        velocity = theirs.transformer._forward(latents, time, cross_attn_cond=words, global_embed=length)
        duration = theirs.seconds([17.5], "cpu")[0][:, 0]
        return {
            "decoder": difference(sound, ours["vae"].decode(latents).sample),
            "transformer": difference(velocity, ours["transformer"](latents, time, words, length).sample),
            "duration": difference(duration, ours["duration_embedder"](torch.tensor([17.5]))),
        }


def _state(part: nn.Module) -> dict[str, Tensor]:
    return part.state_dict()


def _config(decoder: Mapping[str, Any]) -> dict[str, Any]:
    seconds = {"id": "seconds_total", "config": {"min_val": 0, "max_val": 384}}
    autoencoder = {"io_channels": 2, "pretransform": {"config": {"patch_size": _PATCH}}, "decoder": {"config": decoder}}
    return {
        "sample_rate": _RATE,
        "model": {"pretransform": {"config": autoencoder}, "conditioning": {"configs": [seconds]}},
    }


def main() -> None:
    """Print the differences; fail above one part in ten thousand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stable-audio-3", type=Path, required=True, help="a checkout of Stability-AI/stable-audio-3")
    stand_in(parser.parse_args().stable_audio_3)
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    found = {f"{layout} {part}": value for layout in LAYOUTS for part, value in compare(layout).items()}
    for name, value in found.items():
        print(f"{name:<20} {value:.1e}")
    if max(found.values()) > MOST:
        raise SystemExit(f"further apart than {MOST:.0e}")


if __name__ == "__main__":
    main()
