"""The one interface of all systems: what is given a film and leaves a soundtrack."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from pydantic import JsonValue

from soundstage.errors import BadBench
from soundstage.evaluation.bench.entries import Entry
from soundstage.evaluation.systems.results import Result

_LONGEST_PROMPT: Final = 300


class System(Protocol):
    """Makes soundtracks. The same system makes the same of the same film, as far as its models do."""

    @property
    def name(self) -> str:
        """What it is called in reports, and the folder of its results."""
        ...

    @property
    def apart(self) -> bool:
        """Whether its films may be worked in processes of their own; else they share one, and its models."""
        ...

    def about(self) -> Mapping[str, JsonValue]:
        """All that its results hang on: versions, options, seeds, digests of models."""
        ...

    def sound_of(self, entry: Entry, film: Path, folder: Path) -> Result:
        """Make the soundtrack of one film.

        Args:
            entry: what is known of the film; a system goes by no more of it than it declares in `about`.
            film: the film, without its own sound.
            folder: of the system's results, which the path in the result is relative to.

        Raises:
            SoundstageError: it cannot be made; the message says why.
        """
        ...


def prompt_of(entry: Entry) -> str:
    """A short prompt for a film, as baselines are given one: its description, else what it is known to show.

    Raises:
        BadBench: nothing is known of the film.
    """
    told = entry.description or ". ".join(caption.text for caption in entry.captions) or ", ".join(entry.categories)
    sentences = (sentence.strip() for sentence in told.replace("\n", " ").split("."))
    prompt = ", ".join(sentence for sentence in sentences if sentence)
    if not prompt:
        raise BadBench(f"The film {entry.id} has no description, captions or categories to be made sound of; add some.")
    return prompt[:_LONGEST_PROMPT]
