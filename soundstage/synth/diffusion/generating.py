"""Sounds from words: one call of a pipeline of diffusers for several sounds of one length, as long as one likes."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import diffusers
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundstage.synth.canvas import Windows, noise
from soundstage.synth.diffusion.decoding import decoded
from soundstage.synth.diffusion.denoiser import Denoiser
from soundstage.synth.diffusion.families import SCHEDULERS, Family
from soundstage.synth.diffusion.latents import Latents, Pipeline, latents_of

Scheduler: TypeAlias = Any

# Of a window, that the next one shares.
_OVERLAP = 0.25
_SEEDS = 2**63


@dataclass(frozen=True)
class Manner:
    """How a model is run: denoising steps, guidance (1: none), and what None leaves to the model.

    `longest` is the longest window in seconds, `scheduler` a name of `families.SCHEDULERS`.
    """

    steps: int
    guidance: float
    longest: float | None = None
    scheduler: str | None = None


@dataclass(frozen=True)
class Request:
    """One sound: what it is, what to keep away from it, how long it is (seconds), and the seed of its noise.

    `stop` is asked before each call of the denoising network whether nobody wants it any more.
    """

    prompt: str
    avoided: str
    seconds: float
    seed: int
    manner: Manner
    stop: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class Sound:
    """What came of a request: samples (frames, channels) at `rate`, made in so many windows."""

    samples: NDArray[np.float32]
    rate: int
    windows: int


def generate(family: Family, pipeline: Pipeline, requests: Sequence[Request]) -> list[Sound]:
    """Make sounds of one length in one go. The pipeline is left as it was; several threads may use it at once.

    Args:
        family: of the pipeline.
        pipeline: loaded; its networks are used, its scheduler is not.
        requests: all of the same `seconds` and `manner`.

    Raises:
        Stopped: none of them is wanted any more.
    """
    kind = latents_of(family, pipeline)
    windows = windows_of(kind, requests[0].seconds, requests[0].manner.longest)
    with torch.inference_mode():
        latents = _denoised(family, pipeline, requests, windows)
    return [_sounding(one[None], request, kind, windows) for one, request in zip(latents, requests, strict=True)]


def windows_of(kind: Latents, seconds: float, longest: float | None = None) -> Windows:
    """The windows that cover so many seconds: a single one as far as the model goes."""
    window = kind.window if longest is None else min(kind.window, max(kind.least, kind.frames(longest)))
    return Windows.over(kind.frames(seconds), window, int(window * _OVERLAP))


def _denoised(family: Family, pipeline: Pipeline, requests: Sequence[Request], windows: Windows) -> Tensor:
    kind, manner = latents_of(family, pipeline), requests[0].manner
    network = getattr(pipeline, family.denoiser)
    denoiser = Denoiser(network, kind, windows, stop=lambda: all(request.stop() for request in requests))
    own = _own_pipeline(family, pipeline, denoiser, manner.scheduler)
    guided = manner.guidance > 1
    latents: Tensor = own(
        prompt=[request.prompt for request in requests],
        negative_prompt=[request.avoided for request in requests] if guided else None,
        num_inference_steps=manner.steps,
        guidance_scale=manner.guidance,
        generator=[torch.Generator().manual_seed(_drawn(request.seed)) for request in requests],
        latents=_noise(kind, windows, requests).to(network.device, network.dtype),
        output_type="latent",
        **kind.asked(min(requests[0].seconds, kind.seconds(windows.window))),
    ).audios
    return latents


def _own_pipeline(family: Family, pipeline: Pipeline, denoiser: Denoiser, scheduler: str | None) -> Pipeline:
    """A pipeline of the same networks for one call: pipelines and schedulers remember things while they work."""
    parts = dict(pipeline.components)
    parts[family.denoiser] = denoiser
    parts["scheduler"] = _scheduler(pipeline.scheduler, scheduler)
    own = getattr(diffusers, family.pipeline)(**parts)
    own.set_progress_bar_config(disable=True)
    return own


def _scheduler(own: Scheduler, name: str | None) -> Scheduler:
    """A new scheduler: of the model's own kind, or of another in its place."""
    if name is None:
        return type(own).from_config(own.config)
    chosen = SCHEDULERS[name]
    return getattr(diffusers, chosen.kind).from_config(own.config, **chosen.settings)


def _noise(kind: Latents, windows: Windows, requests: Sequence[Request]) -> Tensor:
    """The canvases before the first step; a frame's noise hangs on the seed and its place alone."""
    wide = kind.channels * math.prod(kind.bins)
    rows = torch.stack([noise(request.seed, windows.length, wide) for request in requests])
    return rows.reshape(*rows.shape[:2], kind.channels, *kind.bins).movedim(1, 2)


def _sounding(latents: Tensor, request: Request, kind: Latents, windows: Windows) -> Sound:
    samples = decoded(latents, kind, round(request.seconds * kind.rate))
    return Sound(samples, kind.rate, len(windows.starts))


def _drawn(seed: int) -> int:
    """The seed of what schedulers draw at their steps: another one than that of the canvas."""
    return (seed * 6364136223846793005 + 1442695040888963407) % _SEEDS
