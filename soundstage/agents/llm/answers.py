"""The structures that models answer with. Whatever does not fit goes back to the model with what is wrong."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from soundstage.agents.roles import Rhythm
from soundstage.cuesheet import Perspective

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")


def _plain(text: str) -> str:
    """Without control characters and marks that cannot be seen, in one line."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def _some(text: str) -> str:
    if not text:
        raise ValueError("there is nothing in it that can be seen")
    return text


Text = Annotated[str, Field(max_length=1200), AfterValidator(_plain)]
Sentence = Annotated[str, Field(max_length=400), AfterValidator(_plain)]
Words = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_plain), AfterValidator(_some)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
SourceName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Found(_Answer):
    """Something seen or done."""

    name: Words
    confidence: Share = 0.7


class CaptionAnswer(_Answer):
    """A caption, of a shot or of several."""

    background: Sentence
    setting: Annotated[tuple[Found, ...], Field(max_length=12)] = ()
    entities: Annotated[tuple[Found, ...], Field(max_length=20)] = ()
    actions: Annotated[tuple[Found, ...], Field(max_length=20)] = ()
    summary: Sentence
    confidence: Share = 0.7


class SpeakerAnswer(_Answer):
    """Who speaks a numbered line."""

    line: Annotated[int, Field(ge=1)]
    who: Words


class ShotAnswer(CaptionAnswer):
    """The caption of one shot, and who speaks in it."""

    speakers: Annotated[tuple[SpeakerAnswer, ...], Field(max_length=60)] = ()


class MomentAnswer(_Answer):
    """One entry of a timeline."""

    start: Seconds
    end: Seconds
    text: Sentence


class OverviewAnswer(_Answer):
    """A film, or a part of it, as a whole."""

    summary: Text
    timeline: Annotated[tuple[MomentAnswer, ...], Field(max_length=40)] = ()


class MergeAnswer(_Answer):
    """Whether two stretches are one scene; then the caption of both."""

    merge: bool
    confidence: Share
    reason: Sentence
    caption: CaptionAnswer | None = None


class SplitAnswer(_Answer):
    """Whether a scene holds two events; then the number of the shot that begins the second."""

    two_events: bool
    begins_with_shot: int | None = None
    reason: Sentence = ""


class NarrationLine(_Answer):
    """What the narrator says in a numbered pause."""

    pause: Annotated[int, Field(ge=1)]
    text: Annotated[str, Field(min_length=1, max_length=600), AfterValidator(_plain), AfterValidator(_some)]


class NarrationAnswer(_Answer):
    """All lines of the narrator; none is an answer."""

    lines: Annotated[tuple[NarrationLine, ...], Field(max_length=400)] = ()


class SoundAnswer(_Answer):
    """A sound that the Designer asks for."""

    words: Words
    reason: Sentence
    confidence: Share = 0.7
    salience: Share = 0.5
    visible: bool = True
    perspective: Perspective | None = None
    level: Annotated[float, Field(ge=-60, le=-6, allow_inf_nan=False)] | None = None
    pan: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)] | None = None
    rhythm: Rhythm | None = None
    moments: Annotated[tuple[Seconds, ...], Field(max_length=64)] = ()
    source: SourceName | None = None


class DraftAnswer(_Answer):
    """The sounds of a scene. The thoughts come first, so that they come before what follows from them."""

    thoughts: Text = ""
    main: Annotated[tuple[SoundAnswer, ...], Field(max_length=6)] = ()
    background: Annotated[tuple[SoundAnswer, ...], Field(max_length=3)] = ()


class ReviewAnswer(_Answer):
    """Final, or the whole design corrected."""

    final: bool
    remarks: Annotated[tuple[Sentence, ...], Field(max_length=10)] = ()
    corrected: DraftAnswer | None = None


class SourceAnswer(_Answer):
    """A recurring source."""

    name: SourceName
    words: Words
    level: Annotated[float, Field(ge=-60, le=-6, allow_inf_nan=False)] = -24.0
    scenes: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=500)] = ()
    note: Sentence = ""


class BibleAnswer(_Answer):
    """All recurring sources; none is an answer."""

    sources: Annotated[tuple[SourceAnswer, ...], Field(max_length=12)] = ()


class HearAnswer(_Answer):
    """What becomes of a sound that fell short."""

    action: Literal["keep", "change"]
    label: Annotated[str, Field(max_length=120)] | None = None
    words: Words | None = None
    reason: Sentence = ""


class SuggestedLabel(_Answer):
    """A label that could stand for a sound, and how it sounds."""

    label: Annotated[str, Field(max_length=120)]
    sounds: Sentence = ""


class Suggestions(_Answer):
    """The labels suggested for a numbered sound, the best first; none is an answer."""

    sound: Annotated[int, Field(ge=1)]
    labels: Annotated[tuple[SuggestedLabel, ...], Field(max_length=5)] = ()


class RetrievalAnswer(_Answer):
    """Suggestions for all sounds."""

    suggestions: Annotated[tuple[Suggestions, ...], Field(max_length=20)]


class PlanChoice(_Answer):
    """The label that a numbered sound gets, or None."""

    sound: Annotated[int, Field(ge=1)]
    label: Annotated[str, Field(max_length=120)] | None = None
    fit: Share = 0.7
    reason: Sentence = ""


class PlanAnswer(_Answer):
    """The choice for every sound."""

    choices: Annotated[tuple[PlanChoice, ...], Field(max_length=20)]
