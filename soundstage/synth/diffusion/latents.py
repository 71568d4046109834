"""What a pipeline's latents are like: their shape for a length, what the model is told of it, and how they sound."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor

from soundstage.synth.canvas import Windows
from soundstage.synth.diffusion.families import AUDIOLDM2, STABLE_AUDIO, STABLE_AUDIO_3, Family

# The pipelines of diffusers share no type that knows their parts.
Pipeline: TypeAlias = Any
Conditions: TypeAlias = dict[str, Any]
Placing: TypeAlias = Callable[[Conditions, Windows, Sequence[int], int], Conditions]

# Vectors that AudioLDM2's language model adds to the prompt, in all its published sizes.
_THOUGHTS = 8


@dataclass(frozen=True)
class Latents:
    """The latents of one loaded pipeline; without the batch, their shape is (channels, frames, *bins).

    `rate` is the sound's, in Hz, and `hop` its samples per frame. `window` is how many frames the model was made for
    at most; `least` how many are denoised even for a shorter sound. `asked` gives the arguments that tell the pipeline
    how many seconds a window lasts; `sound` decodes a batch to (batch, channels, samples). `placed` changes what
    the denoising network is told of windows (those that begin at given frames, for so many sounds each).
    """

    rate: int
    hop: int
    window: int
    channels: int
    asked: Callable[[float], Mapping[str, float]]
    sound: Callable[[Tensor], Tensor]
    least: int = 1
    bins: tuple[int, ...] = ()
    placed: Placing = lambda conditions, windows, starts, rows: conditions

    def frames(self, seconds: float) -> int:
        """Frames that cover so many seconds."""
        return max(self.least, math.ceil(seconds * self.rate / self.hop))

    def seconds(self, frames: int) -> float:
        """Seconds that so many frames last."""
        return frames * self.hop / self.rate


def latents_of(family: Family, pipeline: Pipeline) -> Latents:
    """The latents of a family's pipeline."""
    return _KINDS[family.name](pipeline)


def _stable_audio(pipeline: Pipeline) -> Latents:
    """Always as long as the model was trained on; it is told where in a longer sound they lie."""
    window = int(pipeline.transformer.config.sample_size)
    rate, hop = int(pipeline.vae.config.sampling_rate), int(pipeline.vae.hop_length)

    def placed(conditions: Conditions, windows: Windows, starts: Sequence[int], rows: int) -> Conditions:
        """Each window knows its start and the whole length, as chunks of longer recordings did in training."""
        shared = conditions["global_hidden_states"]
        begin = torch.tensor(starts, device=shared.device).repeat_interleave(rows) * (hop / rate)
        end = torch.full_like(begin, windows.length * hop / rate)
        told = pipeline.projection_model(start_seconds=begin, end_seconds=end)
        times = [told.seconds_start_hidden_states, told.seconds_end_hidden_states]
        return conditions | {
            "encoder_hidden_states": torch.cat([conditions["encoder_hidden_states"][:, :-2], *times], dim=1),
            "global_hidden_states": torch.cat(times, dim=2),
            # One position more than frames: the global token goes before them.
            "rotary_embedding": tuple(part[: windows.window + 1] for part in conditions["rotary_embedding"]),
        }

    return Latents(
        rate=rate,
        hop=hop,
        window=window,
        channels=int(pipeline.transformer.config.in_channels),
        asked=lambda seconds: {"audio_end_in_s": seconds},
        sound=lambda latents: _tensor(pipeline.vae.decode(latents).sample),
        least=window,
        placed=placed,
    )


def _stable_audio_3(pipeline: Pipeline) -> Latents:
    """As long as the sound."""
    rate, hop = int(pipeline.vae.config.sampling_rate), int(pipeline.vae.downsampling_ratio)
    return Latents(
        rate=rate,
        hop=hop,
        window=int(pipeline.duration_embedder.config.max_val * rate / hop),
        channels=int(pipeline.vae.config.latent_dim),
        asked=lambda seconds: {"duration": seconds},
        sound=lambda latents: _tensor(pipeline.vae.decode(latents).sample),
    )


def _audioldm2(pipeline: Pipeline) -> Latents:
    """A mel spectrogram as a picture, several times smaller each way, whose height is time."""
    vocoder, scale = pipeline.vocoder, int(pipeline.vae_scale_factor)

    def sound(latents: Tensor) -> Tensor:
        mel = pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor).sample
        return _tensor(vocoder(mel[:, 0]))[:, None]

    return Latents(
        rate=int(vocoder.config.sampling_rate),
        hop=int(math.prod(vocoder.config.upsample_rates)) * scale,
        window=int(pipeline.unet.config.sample_size),
        channels=int(pipeline.unet.config.in_channels),
        asked=lambda seconds: {"audio_length_in_s": seconds, "max_new_tokens": _THOUGHTS},
        sound=sound,
        bins=(int(vocoder.config.model_in_dim) // scale,),
    )


_KINDS: Mapping[str, Callable[[Pipeline], Latents]] = {
    STABLE_AUDIO.name: _stable_audio,
    STABLE_AUDIO_3.name: _stable_audio_3,
    AUDIOLDM2.name: _audioldm2,
}


def _tensor(value: Any) -> Tensor:  # noqa: ANN401
    found: Tensor = value
    return found
