"""VGGish's features (FD) of soundtracks, one for every 0.96 s."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import torch

from soundstage.evaluation.features.extractor import Takes, numbers
from soundstage.evaluation.features.item import Features, Item, View
from soundstage.evaluation.features.sounds import heard
from soundstage.networks.vggish import RATE, Vggish, examples

_BATCH = 64


@dataclass(frozen=True)
class VggishExtractor:
    """Gives `vggish`, (frames, 128), of all that the view reaches to: windows make no difference."""

    lend: Callable[[], AbstractContextManager[Vggish]]
    identity: str
    name: str = "VGGish"
    arrays: tuple[str, ...] = ("vggish",)
    takes: Takes = Takes.SOUND

    def features(self, item: Item, view: View) -> Features:
        """See `Extractor.features`."""
        samples = heard(item).at(RATE)
        end = None if view.whole or view.seconds is None else int(view.seconds * RATE)
        shown = examples(samples[:end])
        with self.lend() as network, torch.inference_mode():
            device = next(network.parameters()).device
            found = [numbers(network(batch.to(device))) for batch in torch.split(shown, _BATCH)]
        return {self.arrays[0]: np.concatenate(found)}
