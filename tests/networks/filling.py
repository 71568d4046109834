"""Weights by formula: the same on every machine and with every version of torch, unlike random ones."""

import math

import torch
from torch import Tensor, nn


def fill(module: nn.Module) -> nn.Module:
    """Give all floats of its state dict values like noise, tamed so that signals keep their size.

    Returns:
        The module itself, in evaluation mode and without gradients.
    """
    tensors = module.state_dict()
    with torch.no_grad():
        for order, name in enumerate(sorted(tensors)):
            if tensors[name].is_floating_point():
                tensors[name].copy_(_values(name, tensors[name].shape, order))
    return module.eval().requires_grad_(False)


def noise(*shape: int, key: int = 0) -> Tensor:
    """Numbers in -1..1 that look like noise but follow from shape and key alone, float32."""
    index = torch.arange(math.prod(shape), dtype=torch.float64)
    hashed = torch.sin(index * 12.9898 + (key + 1) * 78.233) * 43758.5453
    return (2 * (hashed - hashed.floor()) - 1).float().reshape(shape)


def pictures(count: int, height: int, width: int, key: int = 0) -> Tensor:
    """Frames of bytes, (count, height, width, 3): soft shapes with some grain."""
    coarse = noise(count, 3, 5, 5, key=key)
    soft = nn.functional.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=False)
    grain = noise(count, 3, height, width, key=key + 1)
    return ((soft + 0.3 * grain) * 100 + 128).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)


def _values(name: str, shape: torch.Size, order: int) -> Tensor:
    values = noise(*shape, key=order)
    if len(shape) > 1:
        return values * math.sqrt(3 / math.prod(shape[1:]))
    return values * 0.1 + float(name.endswith(("weight", "running_var")))
