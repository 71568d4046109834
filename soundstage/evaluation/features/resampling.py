"""Sound at another rate, as torchaudio resamples it: what the published features were computed from."""

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

_CROSSINGS = 6  # of zero, on either side of the filter's middle
_ROLLOFF = 0.99
_PIECE = 1 << 22


def resampled(samples: Tensor, given: int, wanted: int) -> Tensor:
    """A sound at another rate: a windowed sinc (Hann), cut off just below half the lower of the two rates.

    Args:
        samples: (samples,), float32.
        given: its rate in Hz.
        wanted: the rate in Hz of what is returned.

    Returns:
        (ceil(samples x wanted / given),).
    """
    if given == wanted:
        return samples
    common = math.gcd(given, wanted)
    before, after = given // common, wanted // common
    filters, reach = _filters(before, after)
    padded = functional.pad(samples, (reach, reach + before))
    whole = torch.cat(
        [functional.conv1d(piece[None, None], filters, stride=before)[0] for piece in _pieces(padded, before, reach)],
        dim=1,
    )
    return whole.T.flatten()[: math.ceil(after * len(samples) / before)]


def _pieces(padded: Tensor, step: int, reach: int) -> list[Tensor]:
    """A long sound in pieces that overlap by what the filter spans, so that memory stays bounded."""
    span = 2 * reach + step
    hop = max(1, _PIECE // step) * step
    return [padded[start : start + hop - step + span] for start in range(0, max(1, len(padded) - span + 1), hop)]


@lru_cache(maxsize=16)
def _filters(before: int, after: int) -> tuple[Tensor, int]:
    """One filter for each of the `after` samples that come of `before`, and how far they reach to either side."""
    edge = min(before, after) * _ROLLOFF
    reach = math.ceil(_CROSSINGS * before / edge)
    places = torch.arange(-reach, reach + before, dtype=torch.float64) / before
    shifts = -torch.arange(after, dtype=torch.float64) / after
    times = ((shifts[:, None] + places) * edge).clamp(-_CROSSINGS, _CROSSINGS)
    window = torch.cos(times * math.pi / _CROSSINGS / 2).square()
    return (torch.sinc(times) * window * (edge / before)).float()[:, None], reach
