"""The speech maker: lines spoken within their times."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from soundstage.cuesheet import Cue, Layer, Method
from soundstage.errors import BadSound
from soundstage.sound import BLOCK_FRAMES, SAMPLE_RATE, Block, frames_of
from soundstage.synth.maker import Fit, MakerFacts, Rendering
from soundstage.synth.speech.lines import SPEAKER
from soundstage.synth.speech.stretch import faster
from soundstage.synth.speech.voice import Voice, allows_commerce, voice_named, voices

MOST_STRETCH = 1.25

_PEAK = 0.7
_SILENT = 0.003  # of the peak: -50 dB
_EDGE = SAMPLE_RATE // 100
_CREST = 10 ** (14 / 20)
_LEVEL_WINDOW = SAMPLE_RATE // 20
_HOLD = SAMPLE_RATE // 200
_PAUSE = 0.01
_NO_VOICE = "no voice that may be used is installed yet"

_Sound = NDArray[np.float32]


class SpeechMaker:
    """Speaks a cue's text at its start, at most 1.25 times as fast as natural; silence fills the rest."""

    facts = MakerFacts(name="speech", method=Method.SPEECH, channels=1, longest=None, cost=0.5, licence="unknown")

    def __init__(self, speakers: Sequence[Voice] | None = None, *, commercial: bool = False) -> None:
        """Set it up.

        Args:
            speakers: who may speak; None for all voices installed (looked for when first needed).
            commercial: leave out those whose licence is not known to allow commercial use.
        """
        self._speakers = speakers
        self._commercial = commercial

    def for_commerce(self) -> "SpeechMaker":
        """The same with those voices only whose licence allows commercial use."""
        return SpeechMaker(self._speakers, commercial=True)

    def can_make(self, cue: Cue) -> Fit:
        """1 for a line of speech; 0.1 while no voice is installed, so that `make` can say what to install."""
        if cue.layer is not Layer.SPEECH or not cue.text:
            return Fit(0.0, "not a line to speak")
        if not self._known():
            return Fit(0.1, _NO_VOICE)
        return Fit(1.0, "a line to speak", self._spoken_by(cue))

    def make(self, cue: Cue, seed: int) -> Rendering:
        """Speak the cue's text.

        Raises:
            MissingPart: no voice is installed.
            BadSound: the line does not fit into its time, or there is no such voice.
        """
        voice = voice_named(cue.voice, self._known(), _speaker(cue))
        frames = frames_of(cue.duration)
        line = np.zeros(frames, np.float32)
        spoken = _fitted(voice, cue, seed, frames)
        line[: len(spoken)] = spoken
        return Rendering(
            channels=1,
            blocks=_blocks(line),
            licence=voice.licence,
            sources=(f"voice {voice.name} ({voice.licence})",),
        )

    def _spoken_by(self, cue: Cue) -> str:
        """The voice; empty where there is none of that name, which `make` says."""
        try:
            return voice_named(cue.voice, self._known(), _speaker(cue)).identity
        except BadSound:
            return ""

    def _known(self) -> Sequence[Voice]:
        known = voices() if self._speakers is None else self._speakers
        return [voice for voice in known if allows_commerce(voice)] if self._commercial else known


def _speaker(cue: Cue) -> int:
    number = cue.parameters.get(SPEAKER, 0.0)
    return int(number) if math.isfinite(number) else 0


def _fitted(voice: Voice, cue: Cue, seed: int, frames: int) -> _Sound:
    """The line in at most `frames` frames: as it is, else spoken faster, else drawn together as well."""
    text = " ".join((cue.text or "").split())
    spoken = _spoken(voice, text, 1.0, seed)
    if len(spoken) <= frames:
        return spoken
    ratio = len(spoken) / frames
    if ratio > MOST_STRETCH:
        needed = len(spoken) / MOST_STRETCH / SAMPLE_RATE
        raise BadSound(
            f"The line {cue.id} ({text[:60]!r}) needs at least {needed:.2f} s but has {cue.duration:.2f} s; "
            "give it more time or fewer words."
        )
    hurried = _spoken(voice, text, ratio, seed)
    # A voice keeps only about to the pace asked for; if it talks slower than asked, the rest is done on the samples.
    hurried = hurried if len(hurried) < len(spoken) else spoken
    return hurried if len(hurried) <= frames else faster(hurried, len(hurried) / frames)


def _spoken(voice: Voice, text: str, speed: float, seed: int) -> _Sound:
    """What the voice says, without silence around it, at a level that leaves room above."""
    sound = voice.say(text, speed, seed=seed)[:, 0]
    peak = float(np.abs(sound).max(initial=0.0))
    if peak == 0.0:
        raise BadSound(f"The voice {voice.name} says nothing for {text!r}; give words it can speak.")
    loud = np.flatnonzero(np.abs(sound) > _SILENT * peak)
    cut = _held_down(sound[max(0, loud[0] - _EDGE) : loud[-1] + _EDGE].astype(np.float32))
    return _softened(cut * np.float32(_PEAK / np.abs(cut).max()))


def _held_down(sound: _Sound) -> _Sound:
    """Peaks held to 14 dB above the speech's effective level, as dialogue is mixed; nothing below is touched."""
    power = uniform_filter1d(sound.astype(np.float64) ** 2, _LEVEL_WINDOW)
    level = np.sqrt(np.mean(power[power > _PAUSE * power.max()]))
    envelope = maximum_filter1d(np.abs(sound), 2 * _HOLD)
    gain = uniform_filter1d(np.minimum(1.0, _CREST * level / np.maximum(envelope, 1e-9)), _HOLD)
    return (sound * gain).astype(np.float32)


def _softened(sound: _Sound) -> _Sound:
    edge = min(_EDGE, len(sound) // 2)
    ramp = np.linspace(0, 1, edge, dtype=np.float32)
    sound[:edge] *= ramp
    sound[len(sound) - edge :] *= ramp[::-1]
    return sound


def _blocks(sound: _Sound) -> Iterator[Block]:
    for start in range(0, len(sound), BLOCK_FRAMES):
        yield sound[start : start + BLOCK_FRAMES, None]
