"""One sound maker by its name, whatever kind it is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from soundstage.cuesheet import Method
from soundstage.errors import BadOption, MissingPart
from soundstage.evaluation.systems.models import identities, sound_models
from soundstage.film.read import read_film
from soundstage.footage import Footage
from soundstage.soundmodels import INSTALL, Crew, Wishes
from soundstage.synth.library.index import Library
from soundstage.synth.library.maker import LibraryMaker
from soundstage.synth.maker import SoundMaker
from soundstage.synth.procedural import ProceduralMaker
from soundstage.weights.card import Does

PROCEDURAL: Final = "procedural"
LIBRARY: Final = "library"
_OF_FILMS: Final = (Method.TEXT_TO_AUDIO, Method.VIDEO_TO_AUDIO)


@dataclass(frozen=True)
class SingleMaker:
    """A maker of the house, or a sound model that lies on the shelf."""

    name: str
    library: tuple[Path, ...] = ()

    @property
    def is_house(self) -> bool:
        """Whether it needs no model."""
        return self.name in (PROCEDURAL, LIBRARY)

    def identities(self) -> dict[str, JsonValue]:
        """Digests of the model's files, by name. Raises BadOption where the model is not here."""
        if self.is_house:
            return {}
        return identities(self._wishes, Does.VIDEO_TO_AUDIO, Does.TEXT_TO_AUDIO)

    def for_film(self, film: Path, folder: Path) -> SoundMaker:
        """The maker for one film.

        Args:
            film: shown to a model that watches.
            folder: where the film is read to for that.

        Raises:
            BadOption: there is no such maker, it is not here, or it makes no sounds.
            MissingPart: torch is not installed.
        """
        if self.name == PROCEDURAL:
            return ProceduralMaker()
        if self.name == LIBRARY:
            return LibraryMaker(Library.of_folders(self.library) if self.library else Library.open(None))
        return self._model(film, folder)

    def _model(self, film: Path, folder: Path) -> SoundMaker:
        crew = sound_models().crew(self._wishes)
        if crew.models is None:
            raise MissingPart(f"{self.name} needs torch to make sounds; install it with: {INSTALL}.")
        footage = self._footage(crew, film, folder)
        made = [maker for maker in crew.makers(footage, _never) if maker.facts.method in _OF_FILMS]
        if not made:
            raise BadOption(f"{self.name} makes no sounds of films; choose a text-to-audio or video-to-audio model.")
        return made[0]

    def _footage(self, crew: Crew, film: Path, folder: Path) -> Footage | None:
        if crew.models is None or not crew.models.serving(self._wishes, Does.VIDEO_TO_AUDIO):
            return None
        return Footage.of_clips(folder, read_film(film, folder, transcribe=False, clips=True).shots)

    @property
    def _wishes(self) -> Wishes:
        return Wishes((self.name,))


def _never() -> bool:
    return False
