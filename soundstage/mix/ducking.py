"""What gives way to what: how far each layer comes down under speech, and what becomes of the original sound.

The depths follow broadcast practice: dialogue stays 6 to 12 dB clear of beds, while effects, which
belong to the picture, step back only a little.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from soundstage.cuesheet import Layer, Line
from soundstage.mix.envelope import Curve, Envelope, joined

# DB by which a layer is lowered while someone speaks, in a spoken cue or in the original sound.
DEPTHS = {Layer.AMBIENCE: -7.0, Layer.EFFECTS: -4.0, Layer.MUSIC: -10.0, Layer.SPEECH: 0.0, Layer.ORIGINAL: 0.0}
# DB by which the original sound is lowered under a spoken cue, and under our sound when it is ducked.
_ORIGINAL_UNDER_SPEECH = -12.0
_ORIGINAL_DUCKED = -12.0
# Seconds: the curve is down when the first word comes, and waits a little after the last.
_ATTACK = 0.15
_HOLD = 0.2
_RELEASE = 0.45
# A line's times are rounded inwards by recognisers: the original is let through a little before and after.
_LEAD = 0.12
_TRAIL = 0.25
_CROSSFADE = 0.08
# The original stays down over rests of our sound shorter than this.
_REST = 2.0

Stretch = tuple[float, float]
Gain = Callable[[int, int], Curve]


class Original(StrEnum):
    """What becomes of the film's own sound.

    keep: it sounds as it is, and ours gives way to its dialogue. duck: it is lowered by 12 dB while
    ours sounds, but its dialogue comes through. replace: only its dialogue is heard. remove: nothing.
    """

    KEEP = "keep"
    DUCK = "duck"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True)
class Ducking:
    """The gain of every layer at any frame; pure functions of the frame number."""

    speech: Envelope
    talk: Envelope
    dialogue: Envelope
    ours: Envelope
    original: Original

    def gain(self, layer: Layer) -> Gain:
        """The function (start frame, frames) -> gain of a layer's cues."""
        depth = DEPTHS[layer]
        return lambda start, frames: _lowered(self.talk.at(start, frames), depth)

    def original_gain(self, start: int, frames: int) -> Curve:
        """Gain of the film's own sound."""
        spoken = _lowered(self.speech.at(start, frames), _ORIGINAL_UNDER_SPEECH)
        if self.original is Original.KEEP:
            return spoken
        dialogue = self.dialogue.at(start, frames)
        if self.original is Original.REPLACE:
            return _times(spoken, dialogue)
        ours = self.ours.at(start, frames)
        return _times(spoken, _lowered(_times(ours, _rest_of(dialogue)), _ORIGINAL_DUCKED))


def ducking(original: Original, lines: Sequence[Line], speech: Iterable[Stretch], ours: Iterable[Stretch]) -> Ducking:
    """Plan the ducking.

    Args:
        original: what becomes of the film's own sound.
        lines: its dialogue; empty when the film has no sound.
        speech: when spoken cues sound, (start, end) in seconds.
        ours: when any of our cues sounds.
    """
    spoken = list(speech)
    heard = [] if original is Original.REMOVE else [(line.start, line.end) for line in lines]
    kept = [(start - _LEAD, end + _TRAIL) for start, end in heard]
    return Ducking(
        speech=_talk(spoken),
        talk=_talk([*spoken, *heard]),
        dialogue=Envelope.over(kept, attack=_CROSSFADE, release=_CROSSFADE),
        ours=Envelope.over(joined(ours, gap=_REST), attack=_ATTACK, release=_RELEASE),
        original=original,
    )


def _talk(stretches: Iterable[Stretch]) -> Envelope:
    held = [(start, end + _HOLD) for start, end in stretches]
    return Envelope.over(held, attack=_ATTACK, release=_RELEASE)


def _lowered(envelope: Curve, depth: float) -> Curve:
    if isinstance(envelope, float):
        return float(10 ** (envelope * depth / 20))
    return np.asarray(np.power(10.0, envelope * np.float64(depth / 20)), np.float32)


def _times(one: Curve, other: Curve) -> Curve:
    product: Curve = one * other
    return product


def _rest_of(envelope: Curve) -> Curve:
    rest: Curve = 1.0 - envelope
    return rest
