"""MMAudio as one of the sound makers: on-screen effects by the pictures, what is not seen and beds by words alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from soundstage.cuesheet import Cue, Layer, Method, Perspective
from soundstage.errors import BadModel, MissingPart
from soundstage.footage import Footage
from soundstage.knowledge.base import knowledge
from soundstage.sound import Block
from soundstage.synth.finishing import rendering
from soundstage.synth.maker import Fit, MakerFacts, Rendering
from soundstage.synth.mmaudio.durations import seconds_seen
from soundstage.synth.mmaudio.variants import VARIANTS
from soundstage.synth.prompts import avoided_in, prompt_of
from soundstage.weights.card import ModelCard, licence_of
from soundstage.weights.shelf import Shelf

if TYPE_CHECKING:
    from soundstage.networks.rack import Rack
    from soundstage.synth.mmaudio.engine import Engine, EngineOptions, Order
    from soundstage.synth.mmaudio.model import Files

INSTALL = "pip install 'soundstage[gpu]'"

_SEEN = 0.95
# Models that make nothing but sound from words are better at these.
_BED, _UNSEEN, _NO_PICTURES = 0.7, 0.7, 0.5
_COST = 0.25
_VOCODER = "bigvgan_generator.pt"  # of a repository; the other vocoder is a file of its card


class MMAudioMaker:
    """Serves one film; the engine may serve many."""

    def __init__(
        self,
        cards: Sequence[ModelCard],
        engine: Engine,
        footage: Footage | None = None,
        *,
        identity: str = "",
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Prepare to make; nothing is loaded before the first cue.

        Args:
            cards: MMAudio's, last, after those it needs, as `Catalogue.needed` gives them.
            engine: what works, as `open_engine` makes it from the same cards.
            footage: the film's pictures; None where there are none.
            identity: of the very weights, as `Shelf.identities` names them.
            stop: asked between steps whether to give up.
        """
        card = cards[-1]
        self._cards = tuple(cards)
        self._engine = engine
        self._footage = footage
        self._stop = stop
        self._basis = f"{identity or card.name}, {engine.options}, {engine.rack.setting.dtype}"
        self.facts = MakerFacts(
            name=card.name,
            method=Method.VIDEO_TO_AUDIO,
            channels=1,
            longest=None,
            cost=_COST if card.cost is None else card.cost,
            licence=licence_of(cards),
            sample_rate=engine.sample_rate,
            gathers=True,
        )

    def can_make(self, cue: Cue) -> Fit:
        """Best for what is seen to sound. Speech and music are not made."""
        if refusal := self._refusal(cue):
            return Fit(0.0, refusal)
        footage = self._watched(cue)
        if footage is None:
            return Fit(*self._by_words(cue), basis=self._basis)
        seen = footage.identity(cue.start, cue.start + seconds_seen(cue.duration))
        return Fit(_SEEN, f"on screen, seen from {cue.start:.1f} s", f"{self._basis}, {seen}")

    def make(self, cue: Cue, seed: int) -> Rendering:
        """Start making a sound; it is worked out as its blocks are asked for.

        Until the sound is there blocks are empty, one at least for every step, so that one who asks for no more
        stops it within a step. While they are asked for, these are raised:

        Raises:
            MissingPart: a file of the model is not there.
            BadModel: one is damaged or another model's, or does not fit into memory.
            BadSound: the model gave no sound.
            StorageError: the pictures cannot be read.
            Stopped: `stop` said so.
        """
        sources = tuple(map(str, self._cards))
        return Rendering(1, self._blocks(cue, seed), self.facts.licence, sources)

    def _blocks(self, cue: Cue, seed: int) -> Iterator[Block]:
        from soundstage.synth.canvas import Stopped

        made: list[Block] = []
        for block in self._engine.compose(self._order(cue, seed)):
            if self._stop():
                raise Stopped(f"The sound of {cue.id} was given up.")
            made.append(block)
            yield block[:0]
        yield from rendering(np.concatenate(made), self._engine.sample_rate, cue, self.facts.licence).blocks

    def _order(self, cue: Cue, seed: int) -> Order:
        from soundstage.synth.mmaudio.engine import Order

        return Order(
            prompt=prompt_of(cue),
            avoided=avoided_in(cue),
            duration=cue.duration,
            seed=seed,
            start=cue.start,
            footage=self._watched(cue),
        )

    def _refusal(self, cue: Cue) -> str | None:
        label = knowledge().find(cue.label)
        if cue.layer in (Layer.SPEECH, Layer.ORIGINAL):
            return "it speaks no words"
        if cue.layer is Layer.MUSIC or (label is not None and label.layer is Layer.MUSIC):
            return "it makes no music"
        return self._engine.obstacle()

    def _by_words(self, cue: Cue) -> tuple[float, str]:
        if cue.layer is Layer.AMBIENCE:
            return _BED, "a bed, by words alone"
        if cue.perspective is Perspective.OFF_SCREEN:
            return _UNSEEN, "off the screen, by words alone"
        return _NO_PICTURES, "by words alone, for there are no pictures"

    def _watched(self, cue: Cue) -> Footage | None:
        """The footage, where it shows what sounds."""
        seen = cue.layer is Layer.EFFECTS and cue.perspective is not Perspective.OFF_SCREEN
        return self._footage if seen else None


def open_engine(
    cards: Sequence[ModelCard],
    shelf: Shelf,
    rack: Rack,
    *,
    options: EngineOptions | None = None,
    compiled: bool = False,
) -> Engine:
    """The engine of a published MMAudio; one serves all films and threads of a process.

    Args:
        cards: MMAudio's, last, after those it needs.
        shelf: where their files lie.
        rack: lends the networks.
        options: how to work.
        compiled: compile the network when it is first used; slow to begin, faster for hours.

    Raises:
        MissingPart: PyTorch is not installed.
        BadModel: the card is of no variant that there is.
    """
    try:
        from soundstage.synth.mmaudio.engine import Engine
        from soundstage.synth.mmaudio.model import Model
    except ImportError as error:
        raise MissingPart(f"{cards[-1].name} needs PyTorch; install it: {INSTALL}") from error
    files = _files(cards, shelf)
    name = files.network.stem.removeprefix("mmaudio_")
    if name not in VARIANTS:
        raise BadModel(f"{files.network.name} is no MMAudio that is known; give one of {', '.join(VARIANTS)}.")
    return Engine(Model(VARIANTS[name], files, compiled=compiled), rack, options)


def _files(cards: Sequence[ModelCard], shelf: Shelf) -> Files:
    from soundstage.synth.mmaudio.model import Files

    by_family = {card.family: card for card in cards}
    missing = {"mmaudio", "mel-vae", "bigvgan", "synchformer", "clip"} - by_family.keys()
    if missing:
        raise BadModel(f"{cards[-1].name} lacks {', '.join(sorted(missing))}; correct what its card needs.")

    def file(family: str) -> Path:
        card = by_family[family]
        return shelf.place(card) / (card.files[0].path if card.files else _VOCODER)

    return Files(
        network=file("mmaudio"),
        autoencoder=file("mel-vae"),
        vocoder=file("bigvgan"),
        synchformer=file("synchformer"),
        clip=shelf.place(by_family["clip"]),
    )
