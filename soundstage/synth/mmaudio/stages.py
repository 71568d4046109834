"""The work of MMAudio, a class a network: each turns a batch of items into as many results, for a desk to call.

Items of one batch come from any cues, scenes and films, and from any step of their flow.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from soundstage.footage import Picture
from soundstage.networks.pictures import for_clip, for_sync
from soundstage.networks.rack import Rack
from soundstage.synth.mmaudio.conditions import Conditions, stack
from soundstage.synth.mmaudio.model import Model
from soundstage.synth.mmaudio.network import Velocity, guided
from soundstage.synth.mmaudio.variants import Lengths

Segment = tuple[Picture, ...]


@dataclass(frozen=True)
class Seen:
    """What a window shows: CLIP features (pictures, 1024) and Synchformer features (8 a segment, 768)."""

    clip: Tensor
    sync: Tensor


@dataclass(frozen=True)
class Wish:
    """What a window is to sound like: `seen` None leaves it to the words, `words` None to the pictures."""

    seen: Seen | None
    words: Tensor | None
    lengths: Lengths


@dataclass(frozen=True)
class Piece:
    """A window on its way: its latent (latents, channels) at `time`, and what it should and should not become."""

    latent: Tensor
    time: float
    wanted: Conditions
    unwanted: Conditions


class Stage:
    """Works with one model's networks, which a rack lends batch by batch."""

    def __init__(self, model: Model, rack: Rack) -> None:
        self.model = model
        self.rack = rack

    @property
    def _device(self) -> torch.device:
        return self.rack.setting.device


class Pictures(Stage):
    """CLIP features of pictures of one size, (1024,) each."""

    @torch.inference_mode()
    def __call__(self, items: Sequence[Picture]) -> Sequence[Tensor]:
        """Equal arrays are looked at once."""
        shown, places = _distinct(items)
        with self.model.lend_reader(self.rack) as reader:
            features = reader.clip.picture_features(for_clip(_stacked(shown, self._device)))
        return features[places.to(features.device)].unbind()


class Movements(Stage):
    """Synchformer features of segments of 16 pictures of one size, (8, 768) each."""

    @torch.inference_mode()
    def __call__(self, items: Sequence[Segment]) -> Sequence[Tensor]:
        """Segments overlap: every picture is made ready once."""
        shown, places = _distinct([picture for segment in items for picture in segment])
        with self.model.lend_synchformer(self.rack) as sight:
            ready = for_sync(_stacked(shown, self._device)).to(self.rack.setting.dtype)
            segments = ready[places.to(ready.device)].view(len(items), 1, -1, *ready.shape[1:])
            features: Tensor = sight(segments)
        return features[:, 0].unbind()


class Words(Stage):
    """Features of prompts, (77, 1024) each."""

    @torch.inference_mode()
    def __call__(self, items: Sequence[str]) -> Sequence[Tensor]:
        """One pass of CLIP's reading half."""
        with self.model.lend_reader(self.rack) as reader:
            return reader.clip.token_features(reader.words(items).to(self._device)).unbind()


class Wishes(Stage):
    """What does not change on a window's way: conditions of one row each, for windows of one length."""

    @torch.inference_mode()
    def __call__(self, items: Sequence[Wish]) -> Sequence[Conditions]:
        """What a wish leaves open is filled with what the network learnt for it."""
        lengths = items[0].lengths
        with self.model.lend_network(self.rack) as network:
            rows = [_filled(network, item) for item in items]
            clip, sync, text = (torch.stack(part).to(self._device) for part in zip(*rows, strict=True))
            conditions = network.conditions(clip, sync, text, lengths.latent)
        return [conditions.rows(number) for number in range(len(items))]


class Velocities(Stage):
    """Where windows go next, (latents, channels) each: with and without their wish in one pass."""

    def __init__(self, model: Model, rack: Rack, guidance: float) -> None:
        super().__init__(model, rack)
        self._guidance = guidance

    @torch.inference_mode()
    def __call__(self, items: Sequence[Piece]) -> Sequence[Tensor]:
        """Windows of one length, each at its own time."""
        pieces = self._padded(items)
        latent = torch.stack([piece.latent for piece in pieces])
        time = torch.tensor([piece.time for piece in pieces], device=latent.device)
        wanted, unwanted = (stack([getattr(piece, side) for piece in pieces]) for side in ("wanted", "unwanted"))
        with self.model.lend_network(self.rack) as network:
            return guided(network, latent, time, wanted, unwanted, self._guidance)[: len(items)].unbind()

    def _padded(self, items: Sequence[Piece]) -> list[Piece]:
        """A compiled network is compiled anew for every size of batch: few sizes then, the powers of two."""
        size = 1 << (len(items) - 1).bit_length() if self.model.compiled else len(items)
        return [*items, *[items[-1]] * (size - len(items))]


class Spectrograms(Stage):
    """Mel spectrograms (2 * latents, bands) of latents (latents, channels) of one length."""

    @torch.inference_mode()
    def __call__(self, items: Sequence[Tensor]) -> Sequence[Tensor]:
        """One pass of the decoder."""
        latent = torch.stack(list(items))
        with self.model.lend_autoencoder(self.rack) as autoencoder:
            return autoencoder.decode(latent.transpose(1, 2)).transpose(1, 2).float().unbind()


class Sounds(Stage):
    """Sound (samples, 1) of mel spectrograms (frames, bands) of one length."""

    @torch.inference_mode()
    def __call__(self, items: Sequence[Tensor]) -> Sequence[Tensor]:
        """One pass of the vocoder."""
        mel = torch.stack(list(items)).transpose(1, 2)
        with self.model.lend_vocoder(self.rack) as vocoder:
            sound: Tensor = vocoder(mel)
        return sound[..., None].float().unbind()


def _filled(network: Velocity, wish: Wish) -> tuple[Tensor, Tensor, Tensor]:
    seen = wish.seen
    clip = network.no_clip(1, wish.lengths)[0] if seen is None else seen.clip
    sync = network.no_sync(1, wish.lengths)[0] if seen is None else seen.sync
    text = network.no_text(1)[0] if wish.words is None else wish.words
    return clip.to(network.latent_mean), sync.to(network.latent_mean), text.to(network.latent_mean)


def _distinct(pictures: Sequence[Picture]) -> tuple[list[Picture], Tensor]:
    """The arrays that are not one and the same, and which of them each picture is."""
    numbers: dict[int, int] = {}
    places = [numbers.setdefault(id(picture), len(numbers)) for picture in pictures]
    firsts = {id(picture): picture for picture in pictures}
    return [firsts[name] for name in numbers], torch.tensor(places)


def _stacked(pictures: Sequence[Picture], device: torch.device) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).to(device)
