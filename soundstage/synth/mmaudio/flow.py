"""The way from noise to sound: Euler's method along the velocity that the network gives (Lipman et al. 2023)."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

STEPS = 25
"""Steps that the published variants are used with."""


def times(steps: int = STEPS) -> Tensor:
    """The moments at which steps begin and, last, the end: float32, (steps + 1,), from 0 (noise) to 1 (sound).

    Raises:
        ValueError: there is no step.
    """
    if steps < 1:
        raise ValueError(f"A sound takes at least one step, not {steps}.")
    return torch.linspace(0, 1, steps + 1)


def stepped(latent: Tensor, velocity: Tensor, step: Tensor) -> Tensor:
    """Latents (batch, latents, channels) after a step each of its own length, (batch,)."""
    return latent + step.to(latent.dtype)[:, None, None] * velocity


def walk(velocity: Callable[[Tensor, Tensor], Tensor], noise: Tensor, steps: int = STEPS) -> Tensor:
    """The latents at the end of the way from `noise`.

    Args:
        velocity: of latents (batch, latents, channels) at times (batch,).
        noise: standard normal.
        steps: how many.
    """
    moments = times(steps).to(noise.device)
    latent = noise
    for begin, end in pairwise(moments.unbind()):
        time, step = begin.expand(len(latent)), (end - begin).expand(len(latent))
        latent = stepped(latent, velocity(latent, time), step)
    return latent
