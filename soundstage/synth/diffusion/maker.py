"""The text-to-audio maker: cues from words alone, by the models that diffusers can run."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from soundstage.cuesheet import Cue, Layer, Method, Perspective, digest
from soundstage.errors import MissingPart
from soundstage.knowledge.base import knowledge
from soundstage.synth.diffusion.families import check_scheduler, family_named
from soundstage.synth.finishing import rendering
from soundstage.synth.maker import Fit, MakerFacts, Rendering
from soundstage.synth.prompts import avoided_in, prompt_of
from soundstage.weights.card import ModelCard
from soundstage.weights.shelf import state_of

if TYPE_CHECKING:
    from soundstage.networks.rack import Rack, Setting
    from soundstage.synth.diffusion.generating import Sound
    from soundstage.synth.diffusion.studio import Studio

INSTALL = "pip install 'soundstage[gpu]'"

_NO_SPEECH = Fit(0.0, "words do not say how a line is spoken")
_NO_MUSIC = Fit(0.0, "music only where the job asks for it")
_UNKNOWN_MEMORY = 4 << 30
_COST = 0.1


@dataclass(frozen=True)
class Running:
    """How a model is run where its own ways are not wanted: each None leaves the family's default.

    `scheduler` is a name of `families.SCHEDULERS`.
    """

    steps: int | None = None
    guidance: float | None = None
    scheduler: str | None = None


class TextToAudioMaker:
    """Makes beds, and what is heard but not seen, from words; longer than the model by windows denoised together."""

    def __init__(
        self,
        card: ModelCard,
        folder: Path,
        rack: "Rack",
        *,
        music: bool = False,
        identity: str = "",
        running: Running | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Set up; nothing is loaded before the first cue.

        Args:
            card: of the model; its family is one of `families.FAMILIES`.
            folder: where its files lie, in the layout of diffusers.
            rack: where it is loaded to.
            music: whether the job asks for music.
            identity: of the very weights in the folder, as `Shelf.identity` names them.
            running: how to run it.
            stop: asked between two steps whether to give up.

        Raises:
            BadOption: there is no such family, or it cannot use the scheduler.
        """
        self._family = family_named(card.family)
        self._running = running or Running()
        check_scheduler(self._family, self._running.scheduler)
        self._card, self._folder, self._rack = card, folder, rack
        self._state = state_of(folder)
        self._music, self._stop = music, stop
        self._longest = card.longest or self._family.longest
        how = [self._running.steps, self._running.guidance, self._running.scheduler, self._longest]
        self._basis = digest([identity or card.name, *how, str(rack.setting.dtype)])

    @property
    def facts(self) -> MakerFacts:
        """What the maker is and needs."""
        card = self._card
        return MakerFacts(
            name=card.name,
            method=Method.TEXT_TO_AUDIO,
            channels=card.channels or self._family.channels,
            longest=None,
            cost=_COST if card.cost is None else card.cost,
            licence=card.licence.name,
            gathers=True,
        )

    def can_make(self, cue: Cue) -> Fit:
        """Best for beds and what is off the picture; worse the more a sound has to meet the picture."""
        if problem := self._rack.obstacle(self._card.name, self._state):
            return Fit(0.0, problem)
        fit = _fit(cue, self._music)
        return Fit(fit.score, fit.reason, self._basis) if fit.score else fit

    def make(self, cue: Cue, seed: int) -> Rendering:
        """Make a cue, together with others of the same length that are asked for at the same time.

        Raises:
            MissingPart: the model or what runs it is not there.
            BadModel: its files are damaged or another model's, or it does not fit into memory.
            Stopped: `stop` said so.
        """
        sound = self._asked(cue, seed)
        made = "in one go" if sound.windows == 1 else f"in {sound.windows} windows denoised together"
        source = f"{self._card.name} ({self._card.licence.name}), {made}"
        return rendering(sound.samples, sound.rate, cue, self._card.licence.name, (source,))

    def _asked(self, cue: Cue, seed: int) -> "Sound":
        try:
            from soundstage.synth.diffusion.generating import Manner, Request
        except ImportError as error:
            raise MissingPart(f"{self._card.name} needs PyTorch and diffusers; install them: {INSTALL}") from error
        manner = Manner(
            steps=self._running.steps or self._family.steps,
            guidance=self._family.guidance if self._running.guidance is None else self._running.guidance,
            longest=self._longest,
            scheduler=self._running.scheduler,
        )
        request = Request(prompt_of(cue), avoided_in(cue), self._seconds(cue.duration), seed, manner, self._stop)
        size = self._rack.setting.size(self._card.memory or _UNKNOWN_MEMORY)
        with self._rack.borrow(self._card.name, size, self._load, self._state) as studio:
            return studio.make(request)

    def _seconds(self, duration: float) -> float:
        """Whole seconds, so that cues of about one length are made together; never beyond the model for that."""
        whole = float(max(1, math.ceil(duration)))
        return whole if duration > self._longest else min(whole, self._longest)

    def _load(self, setting: "Setting") -> "Studio":
        from soundstage.synth.diffusion.studio import Studio

        return Studio.load(self._family, self._folder, setting, self._card.name)


def _fit(cue: Cue, music: bool) -> Fit:
    label = knowledge().find(cue.label)
    if cue.layer in (Layer.SPEECH, Layer.ORIGINAL):
        return _NO_SPEECH
    if cue.layer is Layer.MUSIC or (label is not None and label.layer is Layer.MUSIC):
        return Fit(0.9, "the job asks for music") if music else _NO_MUSIC
    if cue.layer is Layer.AMBIENCE:
        return Fit(0.9, "a bed, which has to meet nothing on the picture")
    if cue.perspective is Perspective.OFF_SCREEN:
        return Fit(0.85, "heard but not seen")
    if cue.anchors:
        return Fit(0.3, f"it cannot see when to strike, and there are {len(cue.anchors)} instants to meet")
    return Fit(0.6, "on the picture, though it strikes at no set instant")
