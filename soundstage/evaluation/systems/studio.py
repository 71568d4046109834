"""Soundstage itself as a system, whole or with parts taken out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Final

from pydantic import JsonValue

from soundstage import __version__
from soundstage.agents.names import CastName
from soundstage.casting import Casting
from soundstage.evaluation.bench.entries import Entry
from soundstage.evaluation.systems.ablations import Ablation, options_without, without
from soundstage.evaluation.systems.models import identities, sound_models
from soundstage.evaluation.systems.results import Result
from soundstage.makers import house_makers
from soundstage.mix.film import MixOptions, Original, Outputs
from soundstage.options import StudioOptions
from soundstage.pipeline import Studio
from soundstage.soundmodels import HOUSE, Wishes
from soundstage.synth.maker import SoundMaker
from soundstage.synth.procedural import ProceduralMaker
from soundstage.weights.card import Does
from soundstage.workfolder import WorkFolder

WORK: Final = "work"
SOUNDS: Final = "sounds"
_HELPING: Final = (Does.VIDEO_TO_AUDIO, Does.TEXT_TO_AUDIO, Does.SPEECH, Does.LISTENING)


@dataclass(frozen=True)
class SoundstageSystem:
    """Runs the studio over a film and takes its master.

    `casting` says who decides; `makers` are sound models by name (`house`: none); `library` are folders of recordings
    (none: not even the user's own, so that results are the same everywhere); `told` is whether the film's description
    is given as a hint; `target` is the master's loudness in LUFS.
    """

    casting: Casting = field(default_factory=Casting)
    makers: tuple[str, ...] = (HOUSE,)
    library: tuple[Path, ...] = ()
    ablations: tuple[Ablation, ...] = ()
    told: bool = True
    seed: int = 0
    candidates: int = 2
    target: float = -16.0
    called: str | None = None

    @property
    def name(self) -> str:
        """`soundstage`, with what was taken out; or what it was called."""
        return self.called or "-".join(("soundstage", *(ablation.value for ablation in self.ablations)))

    @property
    def apart(self) -> bool:
        """Films may be worked in processes of their own where no models would be loaded by each."""
        return self.casting.name is CastName.HOUSE and self.makers == (HOUSE,)

    def about(self) -> Mapping[str, JsonValue]:
        """Versions, options, and the digests of models."""
        return {
            "system": "soundstage",
            "version": __version__,
            "cast": self.casting.name.value,
            "model": self.casting.model,
            "makers": list(self.makers),
            "models": identities(self._wishes, *_HELPING),
            "library": [str(folder) for folder in self.library],
            "ablations": [ablation.value for ablation in self.ablations],
            "told": "description" if self.told else "nothing",
            "seed": self.seed,
            "candidates": self.candidates,
            "target": self.target,
        }

    def sound_of(self, entry: Entry, film: Path, folder: Path) -> Result:
        """The master of the film; all that led to it stays in `work/`, to go on from."""
        began = perf_counter()
        work, sound = WorkFolder(folder / WORK / entry.id), f"{SOUNDS}/{entry.id}.flac"
        (folder / SOUNDS).mkdir(parents=True, exist_ok=True)
        with work.locked():
            studio = self._studio(entry, film, work)
            studio.mix(Outputs(master=folder / sound), MixOptions(target=self.target, original=Original.REMOVE))
        return Result(entry=entry.id, sound=sound, seconds=round(perf_counter() - began, 3))

    def _studio(self, entry: Entry, film: Path, work: WorkFolder) -> Studio:
        models = sound_models()
        options = StudioOptions(
            hint=entry.description if self.told and entry.description else None,
            seed=self.seed,
            candidates=self.candidates,
            transcribe=False,  # the film has no sound of its own
            clips=models.looks(self._wishes),
        )
        cast = without(self.casting.cast(work, self.seed), self.ablations)
        options = options_without(options, self.ablations)
        return Studio(film, work, cast, self._house(), options, crew=models.crew(self._wishes))

    def _house(self) -> tuple[SoundMaker, ...]:
        return house_makers(self.library) if self.library else (ProceduralMaker(),)

    @property
    def _wishes(self) -> Wishes:
        return Wishes(self.makers)
