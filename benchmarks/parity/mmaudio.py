"""Shows that our MMAudio and BigVGAN agree with the published code: same weights, same inputs, float32.

    python -m benchmarks.parity.mmaudio --mmaudio DIR [--full [VARIANT ...]]

`DIR` is a checkout of hkchengrex/MMAudio. What it imports beyond torch is stood in for here, in this process alone;
mel filters are transformers'. By default networks are narrow; `--full` builds the published sizes, one after the
other (the largest has 4.1 GB of weights, which both share), or those that are named.
"""

import argparse
import gc
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from transformers.audio_utils import mel_filter_bank

from benchmarks.parity.stand_ins import module, rearranged
from soundstage.networks import mel
from soundstage.networks.bigvgan import generator, layout
from soundstage.networks.checkpoints import load_into
from soundstage.networks.unmade import unmade
from soundstage.synth.canvas import Windows, piecewise, steps
from soundstage.synth.mmaudio import autoencoder, flow, network, variants
from soundstage.synth.mmaudio.variants import VARIANTS, Lengths, Sampling, Variant

MOST = 1e-4
DURATIONS = (0.64, 2.0, 8.0, 11.3)
FULL_DURATIONS = (0.64, 2.0)  # eight seconds through the large variants take a processor many minutes
STRENGTH = 4.5


def main() -> int:
    """Compare, print one line each, return 1 where something differs."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--mmaudio", type=Path, required=True)
    asked.add_argument("--full", nargs="*", choices=[*VARIANTS, "16k", "44k"])
    options = asked.parse_args()
    _stand_in(options.mmaudio)
    worst = 0.0
    with torch.inference_mode():
        for name, error in _full(options.full) if options.full is not None else _narrow():
            print(f"{name:52} relative error {error:.1e} {'agrees' if error < MOST else 'DIFFERS'}", flush=True)
            worst = max(worst, error)
    return int(worst >= MOST)


def _narrow() -> Iterator[tuple[str, float]]:
    for variant in VARIANTS.values():
        small = replace(
            variant, heads=variant.heads // 7, depth=variant.depth // 4, fused=2, clip_channels=24, text_channels=40
        )
        yield from _velocity_errors(small, DURATIONS, (0.0, STRENGTH), whole_way=True)
    for sampling in (variants.AT_16K, variants.AT_44K):
        yield from _mel_errors(sampling)
        yield from _autoencoder_errors(replace(sampling, width=16))
        yield from _vocoder_errors(sampling, 64)


def _full(names: list[str]) -> Iterator[tuple[str, float]]:
    for name in names or [*VARIANTS, "16k", "44k"]:
        began = time.perf_counter()
        if name in VARIANTS:
            yield from _velocity_errors(VARIANTS[name], FULL_DURATIONS, (STRENGTH,))
        else:
            sampling = {each.name: each for each in (variants.AT_16K, variants.AT_44K)}[name]
            yield from _autoencoder_errors(sampling)
            yield from _vocoder_errors(sampling, 1536)
        print(f"{name}: {time.perf_counter() - began:.0f} s", flush=True)
        gc.collect()


def _velocity_errors(
    variant: Variant, durations: tuple[float, ...], strengths: tuple[float, ...], whole_way: bool = False
) -> Iterator[tuple[str, float]]:
    theirs = _randomised(_their_network(variant))
    ours = unmade(lambda: network.Velocity(variant)).eval()
    load_into(ours, theirs.state_dict(), Path("random"), ignore=network.RECOMPUTED)
    print(f"{variant.name}: {sum(each.numel() for each in ours.parameters()) / 1e6:.1f} M parameters", flush=True)
    for duration in durations:
        lengths = variant.sampling.lengths(duration)
        theirs.update_seq_lengths(lengths.latent, lengths.clip, lengths.sync)
        latent, given = _inputs(variant, lengths)
        for strength in strengths:
            name = f"{variant.name} {duration:g} s, strength {strength:g}"
            their_way, our_way = _their_velocity(theirs, given, strength), _our_velocity(ours, lengths, given, strength)
            moments = torch.tensor([0.03, 0.72])
            wanted = torch.cat([their_way(t, row[None]) for t, row in zip(moments, latent, strict=True)])
            yield f"{name}: velocity", relative_error(our_way(latent, moments), wanted)
            if whole_way:
                end = _their_flow().to_data(their_way, latent[:1])[0]
                yield f"{name}: latent", relative_error(_walked(our_way, latent[0]), end)


def _inputs(variant: Variant, lengths: Lengths) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Two equal rows of conditions, so that each can also be asked for alone: clip, sync, text, negative text."""
    draw = torch.Generator().manual_seed(3)
    latent = torch.randn(2, lengths.latent, variant.sampling.channels, generator=draw)
    shapes = (
        (lengths.clip, variant.clip_channels),
        (lengths.sync, variant.sync_channels),
        (variant.text_length, variant.text_channels),
        (variant.text_length, variant.text_channels),
    )
    return latent, tuple(torch.randn(1, *shape, generator=draw).repeat(2, 1, 1) for shape in shapes)


def _our_velocity(
    ours: network.Velocity, lengths: Lengths, given: tuple[Tensor, ...], strength: float
) -> Callable[[Tensor, Tensor], Tensor]:
    clip, sync, text, negative = given
    wanted = ours.conditions(clip, sync, text, lengths.latent)
    unwanted = ours.conditions(ours.no_clip(2, lengths), ours.no_sync(2, lengths), negative, lengths.latent)

    def way(latent: Tensor, time: Tensor) -> Tensor:
        rows = slice(len(latent))
        return network.guided(ours, latent, time, wanted.rows(rows), unwanted.rows(rows), strength)

    return way


def _walked(way: Callable[[Tensor, Tensor], Tensor], noise: Tensor) -> Tensor:
    """Where the way ends that begins with noise (latents, channels)."""
    window = Windows.over(len(noise), len(noise), 0)
    moments = flow.times().tolist()
    return list(steps(noise, window, moments, lambda _, latent, time: way(latent, torch.tensor([time]))))[-1]


def _their_velocity(theirs: Any, given: tuple[Tensor, ...], strength: float) -> Callable[[Tensor, Tensor], Tensor]:  # noqa: ANN401
    def way(time: Tensor, latent: Tensor) -> Tensor:
        *features, negative = (each[: len(latent)] for each in given)
        wanted = theirs.preprocess_conditions(*features)
        unwanted = theirs.get_empty_conditions(len(latent), negative_text_features=negative)
        flow: Tensor = theirs.ode_wrapper(time, latent, wanted, unwanted, strength)
        return flow

    return way


def _their_network(variant: Variant) -> Any:  # noqa: ANN401
    lengths = variant.sampling.lengths(8.0)
    return _published("model.networks").MMAudio(
        latent_dim=variant.sampling.channels,
        clip_dim=variant.clip_channels,
        sync_dim=variant.sync_channels,
        text_dim=variant.text_channels,
        hidden_dim=variant.hidden,
        depth=variant.depth,
        fused_depth=variant.fused,
        num_heads=variant.heads,
        latent_seq_len=lengths.latent,
        clip_seq_len=lengths.clip,
        sync_seq_len=lengths.sync,
        v2=variant.revised,
    )


def _their_flow() -> Any:  # noqa: ANN401
    return _published("model.flow_matching").FlowMatching(min_sigma=0.0, inference_mode="euler", num_steps=flow.STEPS)


def _mel_errors(sampling: Sampling) -> Iterator[tuple[str, float]]:
    settings = {"16k": mel.AT_16K, "44k": mel.AT_44K}[sampling.name]
    sound = 0.3 * torch.randn(2, 2 * sampling.sample_rate)
    yield (
        f"{sampling.name}: mel of sound",
        relative_error(
            mel.Mel(settings)(sound), _published("ext.mel_converter").get_mel_converter(sampling.name)(sound)
        ),
    )


def _autoencoder_errors(sampling: Sampling) -> Iterator[tuple[str, float]]:
    theirs = _randomised(
        _published("ext.autoencoder.vae").VAE(
            data_dim=sampling.bands, embed_dim=sampling.channels, hidden_dim=sampling.width
        )
    )
    ours = autoencoder.Autoencoder(sampling).eval()
    autoencoder.lay(ours, theirs.state_dict(), Path("random"))
    theirs.remove_weight_norm()
    size = f"{sum(each.numel() for each in ours.parameters()) / 1e6:.1f} M"
    for duration in (0.64, 8.0):
        latent = torch.randn(2, sampling.channels, sampling.lengths(duration).latent)
        spectrogram = theirs.decode(latent)
        yield (
            f"{sampling.name} autoencoder ({size}) {duration:g} s: mel",
            relative_error(ours.decode(latent), spectrogram),
        )
        wanted, found = theirs.encode(spectrogram), ours.encode(spectrogram)
        yield f"{sampling.name} autoencoder ({size}) {duration:g} s: mean", relative_error(found.mean, wanted.mean)
        yield f"{sampling.name} autoencoder ({size}) {duration:g} s: std", relative_error(found.deviation, wanted.std)


def _vocoder_errors(sampling: Sampling, channels: int) -> Iterator[tuple[str, float]]:
    shape = replace({"16k": layout.AT_16K, "44k": layout.AT_44K}[sampling.name], channels=channels)
    theirs = _randomised(_their_vocoder(shape))
    ours = generator.Generator(shape).eval()
    load_into(ours, generator.folded(theirs.state_dict()), Path("random"))
    spectrogram = torch.randn(2, shape.bands, 60)
    name = f"{sampling.name} vocoder ({sum(each.numel() for each in ours.parameters()) / 1e6:.1f} M):"
    sound = ours(spectrogram)
    yield f"{name} sound", relative_error(sound, theirs(spectrogram)[:, 0])
    longer = torch.randn(7 * shape.context, shape.bands)
    pieces = piecewise(
        longer, 3 * shape.context, shape.context, 0, lambda each: ours(torch.stack(list(each)).mT)[..., None]
    )
    yield f"{name} in pieces", relative_error(pieces[:, 0], ours(longer.T[None])[0])


def _their_vocoder(shape: layout.Layout) -> Any:  # noqa: ANN401
    told = _published("ext.bigvgan_v2.env").AttrDict(
        resblock="1",
        num_mels=shape.bands,
        upsample_rates=shape.rates,
        upsample_kernel_sizes=shape.kernels,
        upsample_initial_channel=shape.channels,
        resblock_kernel_sizes=shape.blocks,
        resblock_dilation_sizes=[shape.dilations] * len(shape.blocks),
        activation="snakebeta",
        snake_logscale=True,
        use_tanh_at_final=shape.bounded_by_tanh,
        use_bias_at_final=shape.last_bias,
    )
    if shape.bounded_by_tanh:
        return _published("ext.bigvgan.models").BigVGANVocoder(told)
    return _published("ext.bigvgan_v2.bigvgan").BigVGAN(told)


def _randomised(network: Any) -> Any:  # noqa: ANN401
    """Random weights everywhere: the published code begins with zeros, which would hide most of a network."""
    draw = torch.Generator().manual_seed(7)
    for name, each in network.named_parameters():
        spread = 0.1 if each.ndim < 2 else each[0].numel() ** -0.5
        each.data.normal_(0, spread, generator=draw)
        if name.endswith(("norm.weight", "latent_std")):
            each.data.abs_().add_(0.5)
        if name.endswith("original0"):  # a vocoder's gains: small enough that its sound is not all at the bounds
            each.data.mul_(0.02 if "conv_post" in name else 1)
    return network.eval()


def relative_error(found: Tensor, wanted: Tensor) -> float:
    """The largest difference over the largest number."""
    if found.shape != wanted.shape:
        raise ValueError(f"Shapes differ: {tuple(found.shape)} and {tuple(wanted.shape)}.")
    return float((found - wanted).abs().max() / wanted.abs().max())


def _published(name: str) -> ModuleType:
    return import_module(f"mmaudio.{name}")


def _stand_in(checkout: Path) -> None:
    """Lets the published code be imported without the packages it wants."""
    module("einops", rearrange=rearranged)
    module("einops.layers.torch", Rearrange=_Rearrange)
    module("librosa.filters", mel=_mel_filters)
    module("torchdiffeq", odeint=None)
    module("omegaconf", OmegaConf=None)
    sys.path.insert(0, str(checkout))


class _Rearrange(nn.Module):
    def __init__(self, pattern: str, **sizes: int) -> None:
        super().__init__()
        self.pattern, self.sizes = pattern, sizes

    def forward(self, x: Tensor) -> Tensor:
        return rearranged(x, self.pattern, **self.sizes)


def _mel_filters(sr: int, n_fft: int, n_mels: int, fmin: float, fmax: float) -> Any:  # noqa: ANN401
    bank = mel_filter_bank(n_fft // 2 + 1, n_mels, fmin, fmax, sr, norm="slaney", mel_scale="slaney")
    return bank.T


if __name__ == "__main__":
    sys.exit(main())
