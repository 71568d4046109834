"""A loaded text-to-audio model with the desk where requests of all films are gathered into batches."""

from collections.abc import Hashable, Sequence
from pathlib import Path

from soundstage.networks.desk import Desk
from soundstage.networks.rack import Setting
from soundstage.synth.canvas import Stopped
from soundstage.synth.diffusion.families import Family
from soundstage.synth.diffusion.generating import Request, Sound, generate
from soundstage.synth.diffusion.latents import Pipeline
from soundstage.synth.diffusion.loading import load_pipeline

# Sounds made at a time; out of memory halves it.
BATCH = 4


class Studio:
    """Makes sounds; any number of threads may ask at once, and those that ask for one length are served together."""

    def __init__(self, family: Family, pipeline: Pipeline, name: str, batch: int = BATCH) -> None:
        """Args: pipeline: of the family, loaded. name: of the model. batch: sounds made at a time at most."""
        self._family = family
        self._pipeline = pipeline
        self._desk = Desk(self._work, batch, self._kind, name=name)

    @classmethod
    def load(cls, family: Family, folder: Path, setting: Setting, name: str) -> "Studio":
        """From a folder; raises as `load_pipeline` does."""
        return cls(family, load_pipeline(family, folder, setting), name)

    def make(self, request: Request) -> Sound:
        """Make one sound, with what others ask for at the same time.

        Raises:
            Stopped: the request says so; what is made with it goes on.
            BadModel: it does not fit into memory.
        """
        sound = self._desk.ask([request])[0]
        if request.stop():
            raise Stopped("The sound was given up while others were made with it.")
        return sound

    def _kind(self, request: Request) -> Hashable:
        words = (request.prompt, request.avoided) if self._family.same_words else ()
        return (request.seconds, request.manner, *words)

    def _work(self, requests: Sequence[Request]) -> list[Sound]:
        return generate(self._family, self._pipeline, requests)
