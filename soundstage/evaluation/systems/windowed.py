"""The paper's baseline: fixed windows, each made on its own from one short prompt, put together without a join."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
from pydantic import JsonValue

from soundstage import __version__
from soundstage.cuesheet import Cue, Layer
from soundstage.errors import BadOption
from soundstage.evaluation.bench.entries import Entry
from soundstage.evaluation.systems.lengths import borders, seconds_of
from soundstage.evaluation.systems.results import Result
from soundstage.evaluation.systems.single import SingleMaker
from soundstage.evaluation.systems.system import prompt_of
from soundstage.knowledge.base import knowledge
from soundstage.sound import Block, write_blocks
from soundstage.synth.maker import SoundMaker

SOUNDS: Final = "sounds"
WINDOW: Final = 10.0
_LEVEL: Final = -20.0  # LUFS asked of a maker; what it makes is taken as it is
_LABELS: Final = 40


@dataclass(frozen=True)
class WindowedSystem:
    """Cuts a film into windows of `window` seconds and has each made by one sound maker, from the film's description.

    `maker` is `procedural`, `library`, or a sound model by name; `library` are folders of recordings for the second.
    """

    maker: str = "procedural"
    window: float = WINDOW
    seed: int = 0
    library: tuple[Path, ...] = ()
    called: str | None = None

    @property
    def name(self) -> str:
        """The maker and the length of its windows, or what it was called."""
        return self.called or f"{self.maker}-{self.window:g}s"

    @property
    def apart(self) -> bool:
        """Films may be worked in processes of their own where no model would be loaded by each."""
        return self._single.is_house

    def about(self) -> Mapping[str, JsonValue]:
        """Versions, options, and the digest of the model."""
        return {
            "system": "fixed windows",
            "version": __version__,
            "maker": self.maker,
            "models": self._single.identities(),
            "library": [str(folder) for folder in self.library],
            "told": "description",
            "window": self.window,
            "seed": self.seed,
        }

    def sound_of(self, entry: Entry, film: Path, folder: Path) -> Result:
        """All windows, one after the other; the instants between them are the result's joins."""
        began = perf_counter()
        edges = borders(seconds_of(film), self.window)
        (folder / SOUNDS).mkdir(parents=True, exist_ok=True)
        maker, prompt = self._single.for_film(film, folder / "work" / entry.id), prompt_of(entry)
        cues = [self._cue(prompt, maker, number, *span) for number, span in enumerate(pairwise(edges))]
        sound = f"{SOUNDS}/{entry.id}.flac"
        write_blocks(folder / sound, _stereo(maker, cues), channels=2)
        return Result(entry=entry.id, sound=sound, joins=edges[1:-1], seconds=round(perf_counter() - began, 3))

    @property
    def _single(self) -> SingleMaker:
        return SingleMaker(self.maker, self.library)

    def _cue(self, prompt: str, maker: SoundMaker, number: int, start: float, end: float) -> Cue:
        cue = Cue(
            id=f"w{number + 1:04}",
            layer=Layer.EFFECTS,
            label=prompt[:120],
            prompt=prompt,
            start=start,
            end=end,
            level=_LEVEL,
            seed=self.seed + number,
            variation=number,
        )
        return _labelled(cue, prompt, maker)


def _labelled(cue: Cue, prompt: str, maker: SoundMaker) -> Cue:
    """The cue with the label nearest to its prompt of those that the maker can make."""
    for match in knowledge().search(prompt, _LABELS):
        named = cue.model_copy(update={"label": match.label.name, "layer": match.label.layer})
        if maker.can_make(named).score > 0:
            return named
    raise BadOption(
        f"{maker.facts.name} can make nothing like {prompt!r}; choose another maker, or another description."
    )


def _stereo(maker: SoundMaker, cues: Sequence[Cue]) -> Iterator[Block]:
    for cue in cues:
        for block in maker.make(cue, cue.seed).blocks:
            if len(block):
                yield np.repeat(block, 2, axis=1) if block.shape[1] == 1 else block
