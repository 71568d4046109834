"""What a job may ask for; the same words as the engine's command line."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from soundstage.agents.names import CastName
from soundstage.cuesheet import Identifier
from soundstage.delivery import SPOKEN_OVER, Format
from soundstage.errors import BadOption, BadSound
from soundstage.mix.film import LOUDEST, QUIETEST, MixOptions, Original
from soundstage.options import StudioOptions
from soundstage.soundmodels import HOUSE, Wishes
from soundstage.synth.speech.lines import parse_lines
from soundstage.weights.catalogue import catalogue


def speech_kind(text: str) -> str:
    """Which kind of subtitles a text is: "vtt", by the word that it must begin with (WebVTT, section 4.1), or "srt"."""
    return "vtt" if text.lstrip("\ufeff \n").startswith("WEBVTT") else "srt"


def _checked(text: str) -> str:
    """Refused here, with the request, rather than by a worker later."""
    try:
        parse_lines(text, speech_kind(text), "speech")
    except BadSound as problem:
        raise ValueError(str(problem)) from problem
    return text


Speech = Annotated[str, Field(max_length=500_000), AfterValidator(_checked)]
MostTokens = Annotated[int, Field(ge=1, le=10**10)]
MostDollars = Annotated[float, Field(gt=0, le=1e6)]


def _known(name: str) -> str:
    """Refused with the request, wherever the model lies."""
    if name != HOUSE:
        try:
            catalogue().card(name)
        except BadOption as problem:
            raise ValueError(str(problem)) from problem
    return name


ModelName = Annotated[str, Field(max_length=80), AfterValidator(_known)]
Hint = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class JobOptions(BaseModel):
    """How a film is to be dubbed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hint: Hint | None = Field(None, description="What the film shows, in your words; outweighs what is seen")
    seed: int = Field(0, ge=0, lt=2**31, description="The same seed gives the same sound")
    target: float = Field(-16.0, ge=QUIETEST, le=LOUDEST, description="Loudness of the master in LUFS")
    original: Original = Field(Original.DUCK, description="What becomes of the film's own sound")
    candidates: int = Field(2, ge=1, le=16, description="Takes to choose from, for each cue")
    transcript: bool = Field(True, description="Find and write down speech in the original sound")
    only_scenes: tuple[Identifier, ...] = Field((), description="Give sound to these scenes only")
    format: Format = Field(Format.MP4, description="Container of the result; flac is the sound alone")
    speech: Speech | None = Field(None, description="Lines to be spoken, as the text of an SRT or WebVTT file")
    cast: CastName = Field(
        CastName.HOUSE,
        description="Who reads and designs: `house` needs no model service, `llm` asks the operator's models",
    )
    fallback: bool = Field(
        False, description="Let the house cast stand in where a model fails or the budget is spent; else the job fails"
    )
    narrate: bool = Field(False, description="Have lines written and spoken for a narrator; by the cast `llm` alone")
    most_tokens: MostTokens | None = Field(
        None, description="What the job may spend on models, in tokens asked and answered"
    )
    most_dollars: MostDollars | None = Field(
        None, description="What the job may spend on models, in US dollars; prices must be known"
    )

    makers: tuple[ModelName, ...] = Field(
        (),
        max_length=16,
        description="Sound models that may be used, of those the operator has; `house` alone for none; empty for all",
    )
    commercial_use: bool = Field(False, description="Use only sound models whose licence allows commercial use")
    music: Hint | None = Field(None, description="Lay music under the film: which, in your words; none when left out")

    cue_seconds: float | None = Field(None, gt=0, le=3600, description="Begin no more takes of a cue after so long")

    def wishes(self) -> Wishes:
        """What the job allows of the sound models."""
        return Wishes(self.makers, self.commercial_use, bool(self.music))

    def studio(self, speech: Path | None = None, keep_sheet: bool = False, clips: bool = False) -> StudioOptions:
        """As the engine's studio takes them.

        Args:
            speech: the file that the lines to be spoken were written to.
            keep_sheet: take the cue sheet as it stands; nobody is asked for anything then.
            clips: have a clip of every shot written while the film is read.
        """
        return StudioOptions(
            hint=self.hint,
            seed=self.seed,
            speech=speech,
            keep_sheet=keep_sheet,
            clips=clips,
            narrate=self.narrate and not keep_sheet,
            music=None if keep_sheet else self.music,
            cue_seconds=self.cue_seconds,
            only_scenes=self.only_scenes,
            candidates=self.candidates,
            transcribe=self.transcript,
            over_dialogue=self.original in SPOKEN_OVER,
        )

    def mix(self) -> MixOptions:
        """As the engine's mix takes them."""
        return MixOptions(target=self.target, original=self.original, only=self.only_scenes)
