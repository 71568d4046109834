"""MMAudio at work: any number of threads ask for sounds, and their windows share the passes of the networks."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from soundstage.footage import Footage, Picture
from soundstage.networks.desk import Desk
from soundstage.networks.rack import Rack
from soundstage.sound import Block
from soundstage.synth.canvas import Span, Windows, noise, piecewise, steps
from soundstage.synth.mmaudio import flow, stages
from soundstage.synth.mmaudio.autoencoder import REACH
from soundstage.synth.mmaudio.conditions import Conditions
from soundstage.synth.mmaudio.durations import window_seconds
from soundstage.synth.mmaudio.features import Remembered, Watching
from soundstage.synth.mmaudio.model import Model
from soundstage.synth.mmaudio.stages import Piece, Seen, Wish
from soundstage.synth.mmaudio.variants import TRAINED_SECONDS, Lengths, Sampling

# Latents over which decoded pieces fade into each other: their attention does not look at quite the same.
_FADE = 22
_WORDS_REMEMBERED = 1024


@dataclass(frozen=True)
class EngineOptions:
    """How an engine works.

    `steps` and `guidance` (1: none) are those of the published results; `overlap` is seconds that windows of a
    long sound share. `batch` is windows in one pass of the network, `pictures` and `segments` those that CLIP and
    Synchformer see at once, `decoders` threads that decode pictures, `remembered` windows of known features.
    """

    steps: int = flow.STEPS
    guidance: float = 4.5
    overlap: float = 2.0
    batch: int = 16
    pictures: int = 128
    segments: int = 48
    decoders: int = 2
    remembered: int = 256

    def __str__(self) -> str:
        """What of this shapes the sound."""
        return f"{self.steps} steps, guidance {self.guidance:g}, overlap {self.overlap:g}"


@dataclass(frozen=True)
class Order:
    """A sound to be made: `duration` seconds from film time `start`.

    With `footage` it follows what the film shows then; without, the words alone. `avoided` are words to keep away from.
    """

    prompt: str
    duration: float
    seed: int
    start: float = 0.0
    footage: Footage | None = None
    avoided: str = ""


@dataclass(frozen=True)
class Plan:
    """How long a sound's latent is and what windows cover it; a window lasts `seconds` and has `lengths`."""

    windows: Windows
    seconds: float
    lengths: Lengths

    @classmethod
    def of(cls, duration: float, sampling: Sampling, overlap: float) -> "Plan":
        """One window of the next longer bucket, or several of eight seconds.

        Args:
            duration: of the sound, in seconds.
            sampling: of the variant.
            overlap: seconds that windows share at least.
        """
        seconds = window_seconds(duration)
        lengths = sampling.lengths(seconds)
        if duration <= seconds:
            return cls(Windows.over(lengths.latent, lengths.latent, 0), seconds, lengths)
        total = math.ceil(duration * sampling.latent_rate)
        shared = min(round(overlap * sampling.latent_rate), lengths.latent - 1)
        return cls(Windows.over(total, lengths.latent, shared), seconds, lengths)


class Engine:
    """One MMAudio. May be asked by any number of threads; the more ask, the fuller its batches."""

    def __init__(self, model: Model, rack: Rack, options: EngineOptions | None = None) -> None:
        """Set it up; nothing is loaded yet.

        Args:
            model: what to work with.
            rack: lends the networks; says where and in which precision they work.
            options: how to work.
        """
        self.model = model
        self.rack = rack
        self.options = options or EngineOptions()
        name, most = model.files.network.stem, self.options
        self._words = Desk(stages.Words(model, rack), most.batch, name="CLIP")
        self._wishes = Desk(stages.Wishes(model, rack), most.batch, _kind_of_wish, name=name)
        self._velocities = Desk(stages.Velocities(model, rack, most.guidance), most.batch, _kind_of_piece, name=name)
        self._spectrograms = Desk(stages.Spectrograms(model, rack), most.batch, len, name=model.files.autoencoder.stem)
        self._sounds = Desk(stages.Sounds(model, rack), most.batch, len, name=model.files.vocoder.stem)
        pictures = Desk(stages.Pictures(model, rack), most.pictures, _kind_of_picture, name="CLIP")
        movements = Desk(stages.Movements(model, rack), most.segments, _kind_of_segment, name="Synchformer")
        self._watching = Watching(pictures, movements, most.decoders, most.remembered)
        self._read = Remembered[Tensor](_WORDS_REMEMBERED)

    @property
    def sample_rate(self) -> int:
        """Of the sounds, in Hz."""
        return self.model.variant.sampling.sample_rate

    @property
    def batch(self) -> int:
        """Windows in one pass of the network; less than at first where memory ran out."""
        return self._velocities.most

    def obstacle(self) -> str | None:
        """Why it cannot work; None as long as nothing has failed."""
        return self.model.obstacle(self.rack)

    def compose(self, order: Order) -> Iterator[Block]:
        """Make a sound.

        Nothing is worked out before it is asked for, so who stops asking has stopped it, within one step. The same
        order gives the same sound, whatever else is made meanwhile, up to the rounding of the device.

        Yields:
            Mono blocks of shape (samples, 1) at `sample_rate`: an empty one after every window looked at and
            every step of the flow, then one with the whole sound, which lasts at least as long as was asked.

        Raises:
            StorageError: the film's pictures cannot be read.
            MissingPart: a network's file is not there.
            BadModel: a network cannot be loaded, or does not fit into memory.
        """
        plan = Plan.of(order.duration, self.model.variant.sampling, self.options.overlap)
        seen: list[Seen | None] = []
        for each in self._seen(order, plan):
            seen.append(each)
            yield _nothing()
        wanted, unwanted = self._conditions(order, plan, seen)
        canvas = self._noise(order.seed, plan)
        for changed in self._steps(canvas, plan, wanted, unwanted):
            canvas = changed
            yield _nothing()
        yield self._sound(canvas).cpu().numpy()

    def _seen(self, order: Order, plan: Plan) -> Iterator[Seen | None]:
        if order.footage is None:
            return iter([None] * len(plan.windows.starts))
        rate = self.model.variant.sampling.latent_rate
        starts = [order.start + start / rate for start in plan.windows.starts]
        return self._watching.watch(order.footage, starts, plan.seconds, plan.lengths)

    def _conditions(self, order: Order, plan: Plan, seen: Sequence[Seen | None]) -> tuple[list[Conditions], Conditions]:
        words, avoided = self._features(order.prompt), self._features(order.avoided)
        wishes = [Wish(each, words, plan.lengths) for each in seen]
        *wanted, unwanted = self._wishes.ask([*wishes, Wish(None, avoided, plan.lengths)])
        return wanted, unwanted

    def _features(self, text: str) -> Tensor | None:
        if not text:
            return None
        return self._read.get(text, lambda: self._words.ask([text])[0].cpu())

    def _noise(self, seed: int, plan: Plan) -> Tensor:
        drawn = noise(seed, plan.windows.length, self.model.variant.sampling.channels)
        return drawn.to(self.rack.setting.device)

    def _steps(
        self, latent: Tensor, plan: Plan, wanted: Sequence[Conditions], unwanted: Conditions
    ) -> Iterator[Tensor]:
        def velocity(spans: Sequence[Span], windows: Tensor, time: float) -> Tensor:
            pieces = [Piece(part, time, wish, unwanted) for part, wish in zip(windows, wanted, strict=True)]
            return torch.stack(self._velocities.ask(pieces))

        return steps(latent, plan.windows, flow.times(self.options.steps).tolist(), velocity)

    def _sound(self, latent: Tensor) -> Tensor:
        with self.model.lend_network(self.rack) as network:
            latent = network.unnormalise(latent)[0]
        size = self.model.variant.sampling.lengths(TRAINED_SECONDS).latent
        mel = piecewise(latent, size, REACH, _FADE, self._spectrograms.ask)
        return piecewise(mel, 2 * size, self.model.layout.context, 0, self._sounds.ask)


def _nothing() -> Block:
    return np.zeros((0, 1), np.float32)


def _kind_of_wish(wish: Wish) -> Lengths:
    return wish.lengths


def _kind_of_piece(piece: Piece) -> tuple[int, int]:
    return piece.wanted.lengths


def _kind_of_picture(picture: Picture) -> tuple[int, ...]:
    return picture.shape


def _kind_of_segment(segment: stages.Segment) -> tuple[int, ...]:
    return segment[0].shape
