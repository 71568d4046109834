"""How long the windows are that sounds are made by."""

from soundstage.synth.mmaudio.variants import SHORTEST, TRAINED_SECONDS

# Short sounds are made a little too long and cut: of few lengths, they find others to share a pass with.
BUCKETS = (SHORTEST, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, TRAINED_SECONDS)
_ROUNDED = 1e-9


def window_seconds(duration: float) -> float:
    """How long a window of a sound is: the next bucket for short sounds, eight seconds for those that take several."""
    return next((bucket for bucket in BUCKETS if bucket >= duration - _ROUNDED), TRAINED_SECONDS)


def seconds_seen(duration: float) -> float:
    """How much of the film its windows show, from its start; the film goes on after a short sound."""
    return max(duration, window_seconds(duration))
