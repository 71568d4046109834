"""What a job has added to the design: lines to be spoken, and music under the whole film."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from soundstage.cuesheet import Cue, Layer, Line, Scene, digest
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Label
from soundstage.reading import Reading
from soundstage.synth.speech.lines import read_lines
from soundstage.synth.speech.placing import Placed, place, placed_cues

MUSIC: Final = "music"
# Under everything else: some 8 dB below the usual effect.
_LEVEL = -34.0
_FADE_IN, _FADE_OUT = 2.0, 4.0

Narrator = Callable[[Sequence[Line], Sequence[Line]], Sequence[Line]]
"""Writes lines, given the film's dialogue that is kept and the lines that are given."""


@dataclass(frozen=True)
class Additions:
    """The additions of one job: `speech` is a file of lines, `music` says which, `over_dialogue` heeds no dialogue."""

    reading: Reading
    narrator: Narrator
    speech: Path | None = None
    music: str | None = None
    seed: int = 0
    over_dialogue: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user on lines that could not be placed as asked."""
        return tuple(self._placed.notes)

    def added_to(self, scenes: Sequence[Scene]) -> tuple[Scene, ...]:
        """The scenes, with what begins in each of them."""
        return tuple(
            scene.model_copy(
                update={"cues": (*scene.cues, *(c for c in self._cues if scene.start <= c.start < scene.end))}
            )
            for scene in scenes
        )

    @cached_property
    def _cues(self) -> tuple[Cue, ...]:
        duration = self.reading.facts.duration
        music = (music_cue(self.music, duration, self.seed),) if self.music else ()
        return (*placed_cues(self._lines, self._placed, duration), *music)

    @cached_property
    def _lines(self) -> tuple[Line, ...]:
        given = read_lines(self.speech) if self.speech else ()
        return tuple(sorted((*given, *self.narrator(self._dialogue, given)), key=lambda line: line.start))

    @cached_property
    def _placed(self) -> Placed:
        return place(self._lines, self._dialogue, self.reading.facts.duration)

    @property
    def _dialogue(self) -> tuple[Line, ...]:
        return () if self.over_dialogue else self.reading.dialogue


def music_cue(words: str, duration: float, seed: int) -> Cue:
    """A cue of music from the film's first picture to its last.

    Args:
        words: what it should be ("calm solo piano").
        duration: of the film, in seconds.
        seed: the job's.
    """
    share = min(1.0, duration / (_FADE_IN + _FADE_OUT))
    return Cue(
        id=MUSIC,
        layer=Layer.MUSIC,
        label=_label(words).name,
        prompt=words,
        start=0.0,
        end=duration,
        level=_LEVEL,
        fade_in=_FADE_IN * share,
        fade_out=_FADE_OUT * share,
        seed=int(digest([seed, MUSIC])[:12], 16),
        reason="asked for",
    )


def _label(words: str) -> Label:
    """The label that is nearest by meaning; whoever makes music goes by the words."""
    return knowledge().search(words, 1, among=lambda label: label.layer is Layer.MUSIC)[0].label
