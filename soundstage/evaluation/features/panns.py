"""PANNs' features (FD) and logits (KL, IS) of soundtracks."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor

from soundstage.evaluation.features.extractor import SoundExtractor, mono
from soundstage.networks.panns import PANNS, RATE, Panns, PannsConfig


def panns_extractor(
    lend: Callable[[], AbstractContextManager[Panns]], identity: str, config: PannsConfig = PANNS
) -> SoundExtractor[Panns]:
    """Gives `pann_2048` and `pann_logits`."""
    arrays = ("pann_2048", "pann_logits")
    return SoundExtractor("PANNs", arrays, identity, RATE, lend, _hear, mono, least=config.least)


def _hear(network: Panns, samples: Tensor) -> tuple[Tensor, ...]:
    with torch.inference_mode():
        features, logits = network(samples.to(network.fc1.weight.device))
    return features, logits
