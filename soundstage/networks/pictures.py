"""Pictures made ready for networks: resized, cropped and scaled as torchvision does it, in plain torch."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Frames = NDArray[np.uint8] | Tensor

CLIP_SIZE = 384
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
SYNC_SIZE = 224


def for_clip(frames: Frames) -> Tensor:
    """Frames as MMAudio shows them to CLIP: squeezed into a square; `Clip` itself takes mean and deviation out.

    Args:
        frames: bytes, (n, height, width, 3).

    Returns:
        (n, 3, 384, 384), float32 in 0..1.
    """
    return in_unit_range(resized(channels_first(frames), CLIP_SIZE, CLIP_SIZE))


def for_sync(frames: Frames) -> Tensor:
    """Frames as Synchformer sees them: the middle square.

    Args:
        frames: bytes, (n, height, width, 3).

    Returns:
        (n, 3, 224, 224), float32 in -1..1.
    """
    square = centre_cropped(shorter_side_resized(channels_first(frames), SYNC_SIZE), SYNC_SIZE)
    return normalised(in_unit_range(square), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def channels_first(frames: Frames) -> Tensor:
    """(n, height, width, channels) as (n, channels, height, width), without a copy."""
    return torch.as_tensor(frames).permute(0, 3, 1, 2)


def resized(pictures: Tensor, height: int, width: int, mode: str = "bicubic") -> Tensor:
    """Pictures of bytes (n, 3, h, w) in another size, filtered against aliasing, bytes again.

    On a CPU the filter works on bytes with Pillow's integer weights, elsewhere on floats that are rounded
    afterwards, as in torchvision.transforms.v2; the two differ by 1 here and there.

    Args:
        pictures: bytes, (n, channels, h, w).
        height: of the result, in pixels.
        width: of the result, in pixels.
        mode: "bicubic" or "bilinear".
    """
    if pictures.shape[-2:] == (height, width):
        return pictures
    on_cpu = pictures.device.type == "cpu"
    given = pictures if on_cpu else pictures.float()
    result = functional.interpolate(given, size=(height, width), mode=mode, align_corners=False, antialias=True)
    return result if on_cpu else result.clamp_(0, 255).round_().to(torch.uint8)


def shorter_side_resized(pictures: Tensor, size: int, mode: str = "bicubic") -> Tensor:
    """Pictures (n, channels, h, w) whose shorter side is `size` pixels; the longer one is rounded down."""
    height, width = pictures.shape[-2:]
    if height < width:
        return resized(pictures, size, int(size * width / height), mode)
    return resized(pictures, int(size * height / width), size, mode)


def centre_cropped(pictures: Tensor, size: int) -> Tensor:
    """The middle square of pictures (..., h, w), neither side of which is shorter than `size` pixels.

    An odd rest is split with Python's rounding, halves to even, as torchvision does.
    """
    top, left = (round((side - size) / 2) for side in pictures.shape[-2:])
    return pictures[..., top : top + size, left : left + size]


def in_unit_range(pictures: Tensor) -> Tensor:
    """Bytes 0..255 as float32 0..1."""
    return pictures.float().mul_(1 / 255)


def normalised(pictures: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Pictures (..., channels, h, w) with each channel's mean taken out and divided by its deviation."""
    centre, spread = (pictures.new_tensor(values).view(-1, 1, 1) for values in (mean, std))
    return (pictures - centre) / spread
