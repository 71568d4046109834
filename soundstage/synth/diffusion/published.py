"""Stable Audio 3 from the folder as Stability publishes it: one checkpoint, its configuration, and T5Gemma beside it.

`model_config.json`, `model.safetensors` and `t5gemma-b-b-ul2/`; the checkpoint's names and the order in its matrices
are turned into those of diffusers (as its scripts/convert_stable_audio_3_to_diffusers.py does it).
"""

import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from soundstage.errors import BadModel
from soundstage.networks.checkpoints import load_into, read_weights
from soundstage.networks.folders import FETCH, Network, network_from, tokenizer_from
from soundstage.networks.rack import Setting
from soundstage.synth.diffusion.same import same_decoder

_DIFFUSERS: Any = import_module("diffusers")  # its classes are typed by halves

CONFIG, WEIGHTS = "model_config.json", "model.safetensors"
_WORDS = "t5gemma-b-b-ul2"

_VAE, _DIT = "pretransform.model.", "model.model."
_PADDING = "conditioner.conditioners.prompt.padding_embedding"
_SECONDS = "conditioner.conditioners.seconds_total.embedder.embedding.1."

# Beginnings and parts of names in the checkpoint, and what they are called in diffusers, in order.
_DECODER_NAMES = (
    (r"^decoder\.layers\.1\.", "decoder.proj."),
    (r"^bottleneck\.scaling_factor$", "bottleneck.scale"),
    (r"\.pre_norm\.", ".norm_attn."),
    (r"\.self_attn\.", ".attn."),
    (r"\.ff_norm\.", ".norm_ff."),
    (r"\.ff\.ff\.0\.proj\.", ".ff.proj_in."),
    (r"\.ff\.ff\.2\.", ".ff.proj_out."),
)
_DIT_NAMES = (
    (r"^transformer\.layers\.", "transformer_blocks."),
    (r"^transformer\.project_(in|out)\.", r"proj_\1."),
    (r"^transformer\.", ""),
    (r"\.ff\.ff\.0\.proj\.", ".ff.proj_in."),
    (r"\.ff\.ff\.2\.", ".ff.proj_out."),
)
_DECODING = ("decoder.", "bottleneck.")
_NOT_NEEDED = ("noise_scaling_factor", "rope.inv_freq")
_BLOCK = re.compile(r"^decoder\.layers\.(\d+)\.")
_FIRST_BLOCK = 3  # after a transposition, a projection and another transposition


def load_parts(folder: Path, config: Mapping[str, Any], setting: Setting) -> dict[str, Any]:
    """The parts of a Stable Audio 3 pipeline.

    Args:
        folder: as published.
        config: its `model_config.json`.
        setting: device and precision.

    Raises:
        MissingPart: a file is not there.
        BadModel: one is damaged, or the model is another than Stable Audio 3.
    """
    source = folder / WEIGHTS
    weights = read_weights(source)
    try:
        networks = networks_of(config, weights)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise BadModel(f"{folder / CONFIG} does not describe Stable Audio 3 (no {error}); {FETCH}.") from error
    for network, own in networks.values():
        load_into(network, own, source)
    parts = {name: network.to(setting.device, setting.dtype).eval() for name, (network, _) in networks.items()}
    return parts | {
        "text_encoder": network_from(folder / _WORDS, "T5GemmaEncoderModel", setting, is_encoder_decoder=False),
        "tokenizer": tokenizer_from(folder / _WORDS, "GemmaTokenizer"),
        "scheduler": _scheduler(config),
    }


def networks_of(
    config: Mapping[str, Any], weights: Mapping[str, Tensor]
) -> dict[str, tuple[Network, dict[str, Tensor]]]:
    """The networks that a published checkpoint holds, not yet filled, each with its weights under its own names."""
    model = config["model"]
    vae = same_decoder(model["pretransform"]["config"], config["sample_rate"])
    return {
        "vae": (vae, dict(_decoder_weights(weights))),
        "transformer": (_transformer(weights), dict(_transformer_weights(weights))),
        "duration_embedder": _embedder(model, weights),
    }


def _decoder_weights(weights: Mapping[str, Tensor]) -> Iterable[tuple[str, Tensor]]:
    for name, value in _below(_VAE, weights):
        if name.startswith(_DECODING) and not name.endswith(_NOT_NEEDED):
            moved = _BLOCK.sub(_block_name, _renamed(name, _DECODER_NAMES))
            yield moved, _reordered(moved, value)


def _block_name(found: re.Match[str]) -> str:
    return f"decoder.blocks.{int(found[1]) - _FIRST_BLOCK}."


def _transformer_weights(weights: Mapping[str, Tensor]) -> Iterable[tuple[str, Tensor]]:
    for name, value in _below(_DIT, weights):
        moved = _renamed(name, _DIT_NAMES)
        yield moved, _reordered(moved, value)
    yield "prompt_padding_embedding", weights[_PADDING]


def _transformer(weights: Mapping[str, Tensor]) -> Network:
    """The network whose sizes the weights tell."""
    own = dict(_below(_DIT, weights))
    width, features = own["to_timestep_embed.0.weight"].shape
    head = len(own["transformer.layers.0.self_attn.q_norm.gamma"])
    first = "transformer.layers.0."
    return _DIFFUSERS.StableAudio3DiTModel(
        io_channels=len(own["preprocess_conv.weight"]),
        embed_dim=width,
        depth=len({name.split(".")[2] for name in own if name.startswith("transformer.layers.")}),
        num_heads=width // head,
        cond_token_dim=own["to_cond_embed.0.weight"].shape[1],
        global_cond_dim=own["to_global_embed.0.weight"].shape[1],
        local_add_cond_dim=own[f"{first}to_local_embed.0.weight"].shape[1],
        timestep_features_dim=features,
        ff_mult=len(own[f"{first}ff.ff.0.proj.weight"]) / (2 * width),
        num_memory_tokens=len(own["transformer.memory_tokens"]),
        use_differential_attention=len(own[f"{first}self_attn.to_qkv.weight"]) == 5 * width,
    )


def _embedder(model: Mapping[str, Any], weights: Mapping[str, Tensor]) -> tuple[Network, dict[str, Tensor]]:
    (told,) = (each["config"] for each in model["conditioning"]["configs"] if each["id"] == "seconds_total")
    linear = {f"linear.{name}": value for name, value in _below(_SECONDS, weights)}
    size, features = linear["linear.weight"].shape
    embedder = _DIFFUSERS.StableAudio3DurationEmbedder(
        output_dim=size, fourier_dim=features, min_val=float(told["min_val"]), max_val=float(told["max_val"])
    )
    return embedder, {"freqs": embedder.state_dict()["freqs"], **linear}


def _scheduler(config: Mapping[str, Any]) -> Network:
    """New noise at each step for the distilled models, none for those they were made from."""
    distilled = config["model"]["diffusion"]["diffusion_objective"] == "rf_denoiser"
    return _DIFFUSERS.FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, stochastic_sampling=distilled)


def _below(beginning: str, weights: Mapping[str, Tensor]) -> Iterable[tuple[str, Tensor]]:
    return ((name.removeprefix(beginning), value) for name, value in weights.items() if name.startswith(beginning))


def _renamed(name: str, names: Iterable[tuple[str, str]]) -> str:
    for old, new in names:
        name = re.sub(old, new, name)
    return name


def _reordered(name: str, value: Tensor) -> Tensor:
    """The matrix of a difference of two attentions, [q, k, v, q2, k2], as diffusers has it: [q, q2, k, k2, v]."""
    if not name.endswith("attn.to_qkv.weight") or len(value) != 5 * value.shape[1]:
        return value
    q, k, v, other_q, other_k = value.chunk(5)
    return torch.cat([q, other_q, k, other_k, v])
