"""The temporal adapter's map: for each spectrogram column, whether something sounds (+1) or not (-1)."""

from collections.abc import Iterable

import torch
from torch import Tensor

from soundstage.networks.onsetnet import RATE

_HELD = 0.2  # seconds that a known event sounds; three pictures of the detector


def map_of_logits(logits: Tensor, columns: int, column_rate: float) -> Tensor:
    """What the onset detector says, a column under the picture that is shown with it; silence after the last one.

    What was published stretches ten seconds over all 1024 columns (a `column_rate` of 102.4), which the vocoder
    turns into 10.24 s: events at the end come 0.24 s late. The true rate is 100.

    Args:
        logits: one per picture, `RATE` a second; 0 is a probability of one half.
        columns: of the map.
        column_rate: columns a second.

    Returns:
        Shape (columns,), float32.
    """
    sounds = torch.where(logits >= 0, 1.0, -1.0).cpu()
    shown = (torch.arange(columns, dtype=torch.float64) / column_rate * RATE + 1e-6).long()
    padded = torch.cat([sounds, -torch.ones(1)])
    return padded[shown.clamp(max=len(sounds))]


def map_of_events(times: Iterable[float], columns: int, column_rate: float) -> Tensor:
    """Known events: each sounds from its own column on, for a fifth of a second.

    Args:
        times: of the events, in seconds from the first column.
        columns: of the map.
        column_rate: columns a second.
    """
    result = -torch.ones(columns)
    for time in times:
        first = round(time * column_rate)
        result[max(0, first) : max(0, first + round(_HELD * column_rate))] = 1.0
    return result
