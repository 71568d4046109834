"""The way from noise to sound: where Euler's method makes its steps (flow matching, Lipman et al. 2023)."""

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
