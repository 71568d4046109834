"""FoleyCrafter as one of the sound makers: on-screen effects from the pictures, others from their words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from soundstage.cuesheet import Cue, Layer, Method, Perspective
from soundstage.errors import MissingPart
from soundstage.footage import Footage
from soundstage.knowledge.base import knowledge
from soundstage.sound import Block
from soundstage.synth.finishing import rendering
from soundstage.synth.foleycrafter.parts import Parts
from soundstage.synth.maker import Fit, MakerFacts, Rendering
from soundstage.synth.prompts import avoided_in, prompt_of
from soundstage.weights.card import ModelCard, licence_of
from soundstage.weights.shelf import Shelf, state_of

if TYPE_CHECKING:
    from soundstage.networks.rack import Rack, Setting
    from soundstage.synth.foleycrafter.crafter import FoleyCrafter, Wanted
    from soundstage.synth.foleycrafter.eyes import Sight

INSTALL = "pip install 'soundstage[gpu]'"

_LAYERS = {Layer.EFFECTS, Layer.AMBIENCE}
_SEEN, _HEARD_ONLY = 0.62, 0.4  # below MMAudio, which hears better and keeps better time
_COST = 0.5
STEPS = 25


class FoleyCrafterMaker:
    """Makes effects for what the pictures show; what is off-screen, or has no pictures, from words alone."""

    def __init__(
        self,
        cards: Sequence[ModelCard],
        shelf: Shelf,
        rack: Rack,
        footage: Footage | None = None,
        *,
        steps: int = STEPS,
        stop: Callable[[], bool] = lambda: False,
        load: Callable[[Parts, Setting], FoleyCrafter] | None = None,
    ) -> None:
        """Prepare to make; nothing is loaded before the first cue.

        Args:
            cards: FoleyCrafter's, last, after those it needs, as `Catalogue.needed` gives them.
            shelf: where their files lie.
            rack: what keeps the loaded model.
            footage: the film's pictures; None where there are none.
            steps: of denoising; as published where none are given.
            stop: asked between steps whether to give up.
            load: loads the model from its parts; None for the published one.
        """
        card = cards[-1]
        self._cards = tuple(cards)
        self._parts = Parts.on(shelf, cards)
        self._basis = f"{shelf.identities(cards)} in {steps} steps, {rack.setting.dtype}"
        self._state = state_of(*(shelf.place(each) for each in cards))
        self._steps = steps
        self._rack = rack
        self._footage = footage
        self._stop = stop
        self._load = load or _load
        self.facts = MakerFacts(
            name=card.name,
            method=Method.VIDEO_TO_AUDIO,
            channels=1,
            longest=None,
            cost=card.cost or _COST,
            licence=licence_of(cards),
            sample_rate=card.sample_rate or 16_000,
            gathers=True,
        )

    def can_make(self, cue: Cue) -> Fit:
        """How well the cue is served: better where its source is seen. Speech and music are not made."""
        if refusal := self._refusal(cue):
            return Fit(0.0, refusal)
        footage = self._shown(cue)
        if footage is None:
            return Fit(_HEARD_ONLY, "from its words alone", self._basis)
        return Fit(_SEEN, "from pictures and words", f"{self._basis} {footage.identity(cue.start, cue.end)}")

    def make(self, cue: Cue, seed: int) -> Rendering:
        """Start making a sound; it is worked out as its blocks are asked for.

        Until the sound is there blocks are empty, one for every step. While they are asked for, these are raised:

        Raises:
            MissingPart: files of the model, or the libraries it needs, are not there.
            BadModel: its files are damaged, or do not fit into memory.
            BadSound: the model gave no sound.
            StorageError: the pictures cannot be read.
            Stopped: `stop` said so.
        """
        sources = tuple(map(str, self._cards))
        return Rendering(self.facts.channels, self._blocks(cue, seed), self.facts.licence, sources)

    def _blocks(self, cue: Cue, seed: int) -> Iterator[Block]:
        from soundstage.synth.canvas import Stopped

        size = self._rack.setting.size(sum(card.memory or 0 for card in self._cards))
        made: list[Block] = []
        with self._rack.borrow(self.facts.name, size, self._loaded, self._state) as crafter:
            for block in crafter.compose(self._wanted(crafter, cue, seed)):
                if self._stop():
                    raise Stopped(f"The sound of {cue.id} was given up.")
                made.append(block)
                yield block[:0]
        yield from rendering(np.concatenate(made), crafter.ruler.sample_rate, cue, self.facts.licence).blocks

    def _loaded(self, setting: Setting) -> FoleyCrafter:
        return self._load(self._parts, setting)

    def _wanted(self, crafter: FoleyCrafter, cue: Cue, seed: int) -> Wanted:
        from soundstage.synth.foleycrafter.crafter import Wanted

        return Wanted(
            prompt=prompt_of(cue),
            avoided=avoided_in(cue),
            duration=cue.duration,
            seed=seed,
            sight=self._sight(crafter, cue),
            events=tuple(anchor.time - cue.start for anchor in cue.anchors),
            steps=self._steps,
        )

    def _refusal(self, cue: Cue) -> str | None:
        label = knowledge().find(cue.label)
        if cue.layer not in _LAYERS or (label is not None and label.layer not in _LAYERS):
            return "it makes effects and beds only"
        return self._rack.obstacle(self.facts.name, self._state)

    def _sight(self, crafter: FoleyCrafter, cue: Cue) -> Sight | None:
        """What the pictures show; when something happens in them is looked for only where that is not known."""
        from soundstage.networks.onsetnet import RATE
        from soundstage.synth.foleycrafter.eyes import EVERY

        footage = self._shown(cue)
        if footage is None:
            return None
        if cue.anchors:
            return crafter.eyes.look(footage.pictures(_times(cue, RATE / EVERY)))
        return crafter.eyes.watch(footage.pictures(_times(cue, RATE)))

    def _shown(self, cue: Cue) -> Footage | None:
        """The footage, where it shows what sounds."""
        return None if cue.perspective is Perspective.OFF_SCREEN or cue.layer is not Layer.EFFECTS else self._footage


def _times(cue: Cue, rate: float) -> NDArray[np.float64]:
    """Film times `rate` a second from the cue's start to before its end."""
    return cue.start + np.arange(max(1, int(np.ceil(cue.duration * rate)))) / rate


def _load(parts: Parts, setting: Setting) -> FoleyCrafter:
    try:
        from soundstage.synth.foleycrafter.loading import load
    except ImportError as error:
        raise MissingPart(f"FoleyCrafter needs diffusers and transformers; install them: {INSTALL}") from error
    return load(parts, setting)
