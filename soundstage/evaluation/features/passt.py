"""PaSST's features (FD) and logits (KL, IS) of soundtracks, ten seconds at a time."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor
from torch.nn.functional import pad

from soundstage.evaluation.features.extractor import SoundExtractor, mono
from soundstage.networks.passt import RATE, SAMPLES, Passt, log_mel


def passt_extractor(lend: Callable[[], AbstractContextManager[Passt]], identity: str) -> SoundExtractor[Passt]:
    """Gives `passt` and `passt_logits`; what is shorter than ten seconds ends in silence, what is longer is cut."""
    return SoundExtractor("PaSST", ("passt", "passt_logits"), identity, RATE, lend, _hear, mono)


def _hear(network: Passt, samples: Tensor) -> tuple[Tensor, ...]:
    cut = samples[:, :SAMPLES].to(network.norm.weight.device)
    with torch.inference_mode():
        features, logits = network(log_mel(pad(cut, (0, SAMPLES - cut.shape[1])), network.config.bins))
    return features, logits
