"""Music, when the job asks for it: one cue under the whole film, after the user's words."""

from typing import Final

from soundstage.cuesheet import Cue, Layer, digest
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Label

MUSIC: Final = "music"
# Under everything else: some 8 dB below the usual effect.
_LEVEL = -34.0
_FADE_IN, _FADE_OUT = 2.0, 4.0


def music_cue(words: str, duration: float, seed: int) -> Cue:
    """A cue of music from the film's first picture to its last.

    Args:
        words: what it should be ("calm solo piano").
        duration: of the film, in seconds.
        seed: the job's.
    """
    share = min(1.0, duration / (_FADE_IN + _FADE_OUT))
    return Cue(
        id=MUSIC,
        layer=Layer.MUSIC,
        label=_label(words).name,
        prompt=words,
        start=0.0,
        end=duration,
        level=_LEVEL,
        fade_in=_FADE_IN * share,
        fade_out=_FADE_OUT * share,
        seed=int(digest([seed, MUSIC])[:12], 16),
        reason="asked for",
    )


def _label(words: str) -> Label:
    """The label that is nearest by meaning; whoever makes music goes by the words."""
    return knowledge().search(words, 1, among=lambda label: label.layer is Layer.MUSIC)[0].label
