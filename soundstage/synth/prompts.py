"""What a model is told of a cue: words only, from its label and what the Designer says of it."""

from soundstage.cuesheet import Cue, Layer, Perspective
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Behaviour, Label

# What takes of models suffer from most: voices, and music that nobody asked for.
AVOIDED = "music, speech, singing, distortion, low quality"
AVOIDED_IN_MUSIC = "speech, distortion, low quality"

_FROM = {Perspective.NEAR: "close", Perspective.FAR: "in the distance"}
_COURSE = {Behaviour.STEADY: "continuous", Behaviour.SINGLE: "a single sound"}
_LONGEST = 300


def prompt_of(cue: Cue) -> str:
    """A line of words for a text-to-audio or video-to-audio model: "church bell, tolling slowly, in the distance"."""
    label = knowledge().find(cue.label)
    parts = (cue.label, _said(cue, label), _FROM.get(cue.perspective, ""), _course(label))
    return ", ".join(part for part in parts if part)[:_LONGEST]


def avoided_in(cue: Cue) -> str:
    """What a model is told to keep away from."""
    if cue.layer is Layer.MUSIC:
        return AVOIDED_IN_MUSIC
    label = knowledge().find(cue.label)
    if label is not None and label.voice:
        return AVOIDED.replace("speech, singing, ", "")
    return AVOIDED


def _said(cue: Cue, label: Label | None) -> str:
    """The Designer's own words, else other names of the label that a model may know better."""
    if cue.prompt:
        return " ".join(cue.prompt.split())
    return ", ".join(label.aliases[:1]) if label else ""


def _course(label: Label | None) -> str:
    return _COURSE.get(label.behaviour, "") if label else ""
