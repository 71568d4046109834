"""The sound models at hand: which of them serve a job, all on one rack; none is loaded before it is needed."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

import structlog

from soundstage.errors import BadOption, MissingPart
from soundstage.footage import Footage
from soundstage.review.at_hand import ears_at_hand
from soundstage.review.listeners import Ear
from soundstage.synth.maker import SoundMaker
from soundstage.synth.speech import SpeechMaker
from soundstage.synth.speech.voice import allows_commerce, voices
from soundstage.weights.card import Does, ModelCard
from soundstage.weights.catalogue import Catalogue, catalogue
from soundstage.weights.settings import ModelSettings, model_settings
from soundstage.weights.shelf import Shelf

if TYPE_CHECKING:
    import torch

    from soundstage.networks.rack import Rack
    from soundstage.synth.mmaudio.engine import Engine, EngineOptions
    from soundstage.synth.speech.neural.voices import NeuralVoice

Stop = Callable[[], bool]

HOUSE = "house"
INSTALL = "pip install 'soundstage[gpu]'"
_PULL = "fetch it with: soundstage models pull"
# What is left to the work itself, of a card whose owner set no bound.
_SHARE_OF_CARD = 0.6
_log = structlog.get_logger()


@dataclass(frozen=True)
class Wishes:
    """What a job allows.

    `makers` names the models that may be used, `house` alone allows none, nothing allows all there are;
    `commercial_use` leaves out those whose weights do not allow it; `music` lets them make music.
    """

    makers: tuple[str, ...] = ()
    commercial_use: bool = False
    music: bool = False


class SoundModels:
    """The models on one shelf. One for a process: what it loads, it keeps for the next film."""

    def __init__(self, shelf: Shelf | None = None, settings: ModelSettings | None = None) -> None:
        """Args: shelf: None for the one that the settings name."""
        self.settings = settings or model_settings()
        self.shelf = shelf or Shelf(self.settings.folder)
        self._engines: dict[str, tuple[str, Engine]] = {}
        self._opening = threading.Lock()

    def serving(self, wishes: Wishes, *does: Does) -> tuple[ModelCard, ...]:
        """The models that lie whole on the shelf and that the job allows, in the catalogue's order.

        Raises:
            BadOption: a model asked for by name does not exist, is not there, or is not allowed.
        """
        if HOUSE in wishes.makers and len(wishes.makers) > 1:
            raise BadOption(f"{HOUSE!r} stands for no models at all; name it alone, or leave it out.")
        if wishes.makers == (HOUSE,):
            return ()
        for name in wishes.makers:
            self._check(self.known.card(name), wishes)
        return tuple(card for card in self.known if card.does in does and self._serves(card, wishes))

    def looks(self, wishes: Wishes) -> bool:
        """Whether some model of the job's watches moving pictures."""
        return bool(self.serving(wishes, Does.VIDEO_TO_AUDIO)) or any(
            card.family in _WATCHING for card in self.serving(wishes, Does.LISTENING)
        )

    def crew(self, wishes: Wishes) -> "Crew":
        """Who works at a film for the job; nobody where no model can run here.

        Raises:
            BadOption: as `serving` does.
            MissingPart: models were asked for by name, and what runs them is not installed.
        """
        makers = self.serving(wishes, Does.VIDEO_TO_AUDIO, Does.TEXT_TO_AUDIO, Does.SPEECH)
        if not makers and not self.serving(wishes, Does.LISTENING):
            return NOBODY
        if find_spec("torch") is None:
            if wishes.makers:
                raise MissingPart(f"{', '.join(wishes.makers)} cannot run without torch; install it with: {INSTALL}.")
            _log.warning("models lie here but cannot run", install=INSTALL)
            return NOBODY
        return Crew(self, wishes)

    @property
    def known(self) -> Catalogue:
        """All models there are, here or not, as the catalogue says now."""
        return catalogue()

    @cached_property
    def rack(self) -> "Rack":
        """Where they are loaded to.

        Raises:
            MissingPart: torch is not installed.
            BadOption: the device that the settings name is not there.
        """
        if find_spec("torch") is None:
            raise MissingPart(f"Sound models need torch; install it with: {INSTALL}.")
        return _rack(self.settings)

    def engine(self, card: ModelCard) -> "Engine":
        """The engine of an MMAudio: one for all films, so that windows of many share its passes.

        With other weights it is another one, which remembers nothing of what the former saw.
        """
        from soundstage.synth.mmaudio.maker import open_engine

        cards = self.known.needed(card)
        weights = self.shelf.identities(cards)
        with self._opening:
            opened, engine = self._engines.get(card.name, ("", None))
            if engine is None or opened != weights:
                options, compiled = _engine_options(self.settings), self.settings.compile
                engine = open_engine(cards, self.shelf, self.rack, options=options, compiled=compiled)
                self._engines[card.name] = weights, engine
            return engine

    def speaker(self, *cards: ModelCard) -> SpeechMaker:
        """One who speaks with the voices of these models alone."""
        return SpeechMaker(self.voices(*cards))

    def voices(self, *cards: ModelCard) -> "tuple[NeuralVoice, ...]":
        """The voices of models; none is loaded before it speaks."""
        from soundstage.synth.speech.neural.voices import neural_voices

        known, shelf = self.known, self.shelf
        return neural_voices(
            cards,
            place=lambda name: shelf.place(known.card(name)),
            rack=self.rack,
            identity=lambda name: shelf.identity(known.card(name)),
        )

    def _serves(self, card: ModelCard, wishes: Wishes) -> bool:
        named = not wishes.makers or card.name in wishes.makers or card.does is Does.LISTENING
        return named and (card.commercial or not wishes.commercial_use) and self._is_whole(card)

    def _is_whole(self, card: ModelCard) -> bool:
        return self.shelf.whole(self.known.needed(card))

    def _check(self, card: ModelCard, wishes: Wishes) -> None:
        if wishes.commercial_use and not card.commercial:
            raise BadOption(
                f"The licence of {card.name} ({card.licence.name}) does not allow commercial use, which the job asks "
                "for; leave one of the two out."
            )
        if not self._is_whole(card):
            raise BadOption(f"The model {card.name} is not here{self._lacking(card)}; {_PULL} {card.name}.")

    def _lacking(self, card: ModelCard) -> str:
        """What is not as it should be of one that is here in part."""
        if not self.shelf.has_begun(card):
            return ""
        lacking = [f"{each.name}/{path}" for each in self.known.needed(card) for path in self.shelf.lacking(each)]
        return f" whole: it lacks {', '.join(lacking[:3])}{', …' if len(lacking) > 3 else ''}"


@dataclass(frozen=True)
class Crew:
    """The models that work at the films of one kind of job; None of them, where `models` is None."""

    models: SoundModels | None
    wishes: Wishes

    def makers(self, footage: Footage | None, stop: Stop) -> tuple[SoundMaker, ...]:
        """Sound makers for one film.

        Args:
            footage: the film's pictures, where it was read for them.
            stop: says whether nobody wants the sounds any more.
        """
        if self.models is None:
            return ()
        cards = self.models.serving(self.wishes, Does.VIDEO_TO_AUDIO, Does.TEXT_TO_AUDIO)
        made = tuple(_MAKERS[card.family](self.models, card, footage, self.wishes, stop) for card in cards)
        return (*made, *_speakers(self.models, self.wishes))

    def ears(self, footage: Footage | None) -> tuple[Ear, ...]:
        """Models that judge the takes of one film."""
        if self.models is None:
            return ()
        commercial = self.wishes.commercial_use
        return ears_at_hand(self.models.known, self.models.shelf, self.models.rack, footage, commercial)

    def notes(self) -> tuple[str, ...]:
        """Sentences for the user on models that stepped aside."""
        if self.models is None:
            return ()
        return tuple(f"A sound model stepped aside: {problem}" for problem in self.models.rack.problems())


NOBODY = Crew(None, Wishes())
_Build = Callable[[SoundModels, ModelCard, Footage | None, Wishes, Stop], SoundMaker]


def _mmaudio(models: SoundModels, card: ModelCard, footage: Footage | None, wishes: Wishes, stop: Stop) -> SoundMaker:
    from soundstage.synth.mmaudio.maker import MMAudioMaker

    cards = models.known.needed(card)
    identity = models.shelf.identities(cards)
    return MMAudioMaker(cards, models.engine(card), footage, identity=identity, stop=stop)


def _foleycrafter(
    models: SoundModels, card: ModelCard, footage: Footage | None, wishes: Wishes, stop: Stop
) -> SoundMaker:
    from soundstage.synth.foleycrafter.maker import STEPS, FoleyCrafterMaker

    cards, steps = models.known.needed(card), models.settings.steps or STEPS
    return FoleyCrafterMaker(cards, models.shelf, models.rack, footage, steps=steps, stop=stop)


def _diffusion(models: SoundModels, card: ModelCard, footage: Footage | None, wishes: Wishes, stop: Stop) -> SoundMaker:
    from soundstage.synth.diffusion.maker import Running, TextToAudioMaker

    asked = models.settings
    return TextToAudioMaker(
        card,
        models.shelf.place(card),
        models.rack,
        music=wishes.music,
        identity=models.shelf.identity(card),
        running=Running(asked.steps, asked.guidance, asked.schedulers.get(card.family)),
        stop=stop,
    )


def _speakers(models: SoundModels, wishes: Wishes) -> tuple[SoundMaker, ...]:
    """A speech maker with voices of models beside those installed, before them where they were asked for by name."""
    cards = models.serving(wishes, Does.SPEECH)
    if not cards:
        return ()
    installed = tuple(voice for voice in voices() if allows_commerce(voice) or not wishes.commercial_use)
    own = models.voices(*cards)
    return (SpeechMaker((*own, *installed) if wishes.makers else (*installed, *own)),)


_MAKERS: Mapping[str, _Build] = {
    "mmaudio": _mmaudio,
    "foleycrafter": _foleycrafter,
    "stable-audio": _diffusion,
    "stable-audio-3": _diffusion,
    "audioldm2": _diffusion,
}
# Families of listeners that watch the picture too.
_WATCHING = ("synchformer", "imagebind")


def _engine_options(settings: ModelSettings) -> "EngineOptions":
    from soundstage.synth.mmaudio.engine import EngineOptions

    options = EngineOptions()
    steps = options.steps if settings.steps is None else settings.steps
    guidance = options.guidance if settings.guidance is None else settings.guidance
    return replace(options, steps=steps, guidance=guidance)


def _rack(settings: ModelSettings) -> "Rack":
    import torch

    from soundstage.networks.rack import Rack, Setting

    device = _device(settings)
    dtype = torch.float32 if device.type == "cpu" else torch.bfloat16
    if settings.precision != "auto":
        dtype = getattr(torch, settings.precision)
    if device.type == "cpu":
        return Rack(Setting(device, dtype))
    total = torch.cuda.get_device_properties(device).total_memory
    return Rack(Setting(device, dtype), settings.memory_budget(total) or int(total * _SHARE_OF_CARD))


def _device(settings: ModelSettings) -> "torch.device":
    import torch

    if settings.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if settings.device != "cpu" and not torch.cuda.is_available():
        raise BadOption(
            f"SOUNDSTAGE_DEVICE asks for {settings.device}, but torch finds no CUDA device here; "
            "set it to cpu, or install a driver and a CUDA build of torch."
        )
    return torch.device(settings.device)
