"""The maker that computes its sounds: no recordings, any length, free of rights."""

from collections.abc import Iterator, Mapping

from soundstage import sound
from soundstage.cuesheet import Cue, Method
from soundstage.errors import BadCueSheet, BadSound
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Label
from soundstage.sound import BLOCK_FRAMES, Block
from soundstage.synth.maker import Fit, MakerFacts, Rendering
from soundstage.synth.procedural.performance import Part, Strike, perform
from soundstage.synth.procedural.recipe import Recipe
from soundstage.synth.procedural.recipes import RECIPES

LICENCE = "CC0-1.0"
# Raised whenever a cue and its seeds give other samples than before: kept takes are then made anew.
VERSION = 2

# Seconds of one core per second of sound: the median over all recipes (`python -m benchmarks.makers`).
_COST = 0.01


class ProceduralMaker:
    """Renders the labels that name a recipe; deterministic, in stereo, in blocks."""

    def __init__(self, block_frames: int = BLOCK_FRAMES) -> None:
        """Args: block_frames: frames in each block given; the samples do not depend on it."""
        self._block_frames = block_frames

    @property
    def facts(self) -> MakerFacts:
        """What the maker is and needs."""
        return MakerFacts("procedural", Method.PROCEDURAL, channels=2, longest=None, cost=_COST, licence=LICENCE)

    def can_make(self, cue: Cue) -> Fit:
        """The fidelity of the label's recipe, or 0 where there is none."""
        label = knowledge().find(cue.label)
        if label is None or label.recipe is None:
            return Fit(0.0, "no recipe for this label")
        return Fit(label.fidelity, f"recipe {label.recipe.name}", basis=f"procedural {VERSION}")

    def make(self, cue: Cue, seed: int) -> Rendering:
        """Start rendering the cue.

        Parameters outside their range are taken at its edge (see `Recipe.values`).

        Raises:
            BadCueSheet: the cue sets a parameter that its recipe does not know.
            BadSound: nothing here makes the label.
        """
        label = knowledge().find(cue.label)
        if label is None or label.recipe is None:
            raise BadSound(f"No recipe makes {cue.label!r}; choose another label or add recordings.")
        blocks = self._blocks(label, RECIPES[label.recipe.name], label.recipe.parameters, cue, seed)
        return Rendering(channels=2, blocks=blocks, licence=LICENCE)

    def _blocks(
        self, label: Label, recipe: Recipe, preset: Mapping[str, float], cue: Cue, seed: int
    ) -> Iterator[Block]:
        values = _values(recipe, preset, cue)
        return sound.rechunk(perform(recipe, values, _part(label, cue, seed)), self._block_frames)


def _values(recipe: Recipe, preset: Mapping[str, float], cue: Cue) -> dict[str, float]:
    try:
        return recipe.values({**preset, **cue.parameters})
    except BadCueSheet as problem:
        raise BadCueSheet(f"The cue {cue.id} ({cue.label}) cannot be made: {problem}") from problem


def _part(label: Label, cue: Cue, seed: int) -> Part:
    strikes = tuple(Strike(anchor.time - cue.start, anchor.strength) for anchor in cue.anchors)
    return Part(cue.duration, label.behaviour, strikes, cue.perspective, cue.seed, seed)
