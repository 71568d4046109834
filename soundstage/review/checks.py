"""What a take is checked for. Each check gives 0 to 1 and a reason that a Designer can act on.

A check that does not apply to a take (hits of a bed, the band of speech) gives nothing. Reasons
speak of film time, as the cue sheet does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from soundstage.cuesheet import Cue
from soundstage.knowledge.label import Behaviour, Label
from soundstage.review.hits import REACH, heard_hits
from soundstage.review.measure import LEVELS_PER_SECOND, Measured
from soundstage.review.onsets import Onset
from soundstage.sound import SAMPLE_RATE, decibels, frames_of

_AUDIBLE = -70.0
_GAP_DROP = 30.0
_LONGEST_GAP = 0.1
_ENOUGH_BAND = 0.7
_NO_BAND = 0.2
_MOST_GAIN = 30.0
_HEADROOM = -1.0
_OFFSET = 0.01
_FULL = 0.6
_HOLLOW = 0.15
_FLAT = 6.0
_TEXTURE_RATE = 2.0
_PLAIN_RISE = 10.0
_ATTACK = 0.06
_SLOW = 0.25
_AS_LOUD = 20.0
_HUSH = 40.0


@dataclass(frozen=True)
class Listening:
    """All that a check may look at. `onsets` are seconds from the take's start, None when not listened for."""

    cue: Cue
    label: Label | None
    measured: Measured
    onsets: tuple[Onset, ...] | None

    @property
    def behaviour(self) -> Behaviour | None:
        """How the label behaves in time, None without a label."""
        return self.label.behaviour if self.label else None

    def film_time(self, seconds: float) -> str:
        """A moment of the take, told in film time."""
        return f"{self.cue.start + seconds:.2f} s"


Verdict = tuple[float, str]
Check = Callable[[Listening], Verdict | None]


def silence(heard: Listening) -> Verdict:
    """A take sounds; a steady bed has no holes."""
    if not is_audible(heard.measured):
        return 0.0, "the whole take is silent"
    if heard.behaviour is not Behaviour.STEADY:
        return 1.0, "it sounds"
    start, length = _longest_gap(heard.measured.levels)
    if length <= _LONGEST_GAP:
        return 1.0, "no gaps"
    return _falling(length, _LONGEST_GAP, 1.0), f"the bed falls silent for {length:.2f} s at {heard.film_time(start)}"


def is_audible(measured: Measured) -> bool:
    """Whether there is anything to hear at all."""
    return measured.frames > 0 and measured.loudness > _AUDIBLE and decibels(measured.peak) > _AUDIBLE


def clipping(heard: Listening) -> Verdict:
    """No runs of samples at full scale."""
    measured = heard.measured
    if not measured.clipped:
        return 1.0, "nothing is clipped"
    share = measured.clipped / measured.frames
    reason = (
        f"{measured.clipped} samples are clipped, first at {heard.film_time(measured.first_clipped)}; make it quieter"
    )
    return _falling(share, 0.0, 1e-3) * 0.5, reason


def clicks(heard: Listening) -> Verdict:
    """No lost samples and no bad joins. Many clicks at irregular times are a crackle that is meant."""
    found = [click for click in heard.measured.clicks if not _is_attack(click, heard)]
    if not found:
        return 1.0, "no clicks"
    if _is_crackle(found, heard.measured.duration):
        return 1.0, "a crackle, no clicks"
    return 0.5 / len(found) ** 0.5, f"{_count(len(found), 'click')}, first at {heard.film_time(found[0])}"


def level(heard: Listening) -> Verdict:
    """The take can be brought to the cue's level: loud enough, with headroom, without an offset."""
    measured, wanted = heard.measured, heard.cue.level
    if not is_audible(measured):
        return 0.0, "there is no level to measure"
    gain = wanted - measured.loudness
    peak = measured.true_peak + gain
    dullest = min(
        (_falling(gain, _MOST_GAIN, 60.0), f"it must be raised by {gain:.0f} dB to reach {wanted:.0f} LUFS"),
        (_falling(measured.offset, _OFFSET, 0.1), f"its mean is off zero by {measured.offset:.3f}"),
        (
            0.5 + 0.5 * _falling(peak, _HEADROOM, 12.0),
            f"at {wanted:.0f} LUFS its peaks would reach {peak:+.1f} dBTP; ask for a lower level",
        ),
        key=lambda verdict: verdict[0],
    )
    return dullest if dullest[0] < 1 else (1.0, f"{measured.loudness:.1f} LUFS, peak {measured.true_peak:.1f} dBTP")


def band(heard: Listening) -> Verdict | None:
    """At least 70 % of the energy lies in the label's band, and its middle near the label's centroid."""
    power = heard.measured.spectrum
    total = float(power.sum())
    if heard.label is None or total <= 0:
        return None
    acoustics, frequencies = heard.label.acoustics, heard.measured.frequencies
    inside = (frequencies >= acoustics.low) & (frequencies <= acoustics.high)
    share = float(power[inside].sum()) / total
    centroid = float(power @ frequencies) / total
    octaves = abs(np.log2(max(centroid, 1.0) / acoustics.centroid))
    score = _falling(_ENOUGH_BAND - share, 0.0, _ENOUGH_BAND - _NO_BAND) * (0.6 + 0.4 * _falling(octaves, 1.0, 3.0))
    reason = f"{share:.0%} of its energy lies in {acoustics.low:.0f} to {acoustics.high:.0f} Hz"
    return score, f"{reason}, its middle at {centroid:.0f} Hz (expected {acoustics.centroid:.0f})"


def hits(heard: Listening) -> Verdict | None:
    """The take begins where its anchors are."""
    if not heard.cue.anchors or heard.onsets is None or heard.behaviour is Behaviour.STEADY:
        return None
    wanted = np.array([anchor.time - heard.cue.start for anchor in heard.cue.anchors])
    plain = [o.time for o in heard.onsets if np.abs(wanted - o.time).min() <= REACH or _is_apart(o, heard.measured)]
    return heard_hits(heard.cue, heard.label, sorted(plain + _slow_beginnings(heard)))


def _slow_beginnings(heard: Listening) -> list[float]:
    """What passes by swells for seconds and has no beginning to be heard: it began an attack before its height."""
    attack = heard.label.acoustics.attack if heard.label else 0.0
    if attack < _SLOW:
        return []
    around = round(attack * LEVELS_PER_SECOND)
    power = uniform_filter1d(heard.measured.powers, around // 2 + 1, mode="constant")
    heights = np.flatnonzero((power == maximum_filter1d(power, 2 * around + 1)) & (power > power.max() / 4))
    return [float((height + 0.5) / LEVELS_PER_SECOND - attack) for height in heights]


def _is_apart(onset: Onset, measured: Measured) -> bool:
    """Whether a sound of its own begins: as loud as others, out of a hush. All else is the course of a sound."""
    levels, at = measured.levels, int(onset.time * LEVELS_PER_SECOND)
    before, after = levels[max(0, at - 6) : at], levels[at : at + 6]
    if not len(after) or onset.rise < _PLAIN_RISE:
        return False
    top = float(levels.max())
    return bool(after.max() >= top - _AS_LOUD and before.min(initial=top) <= top - _HUSH)


def length(heard: Listening) -> Verdict:
    """The take lasts exactly as long as its cue."""
    measured, wanted = heard.measured, heard.cue.duration
    if measured.sample_rate != SAMPLE_RATE:
        return 0.0, f"it has {measured.sample_rate} samples a second instead of {SAMPLE_RATE}"
    missing = abs(measured.frames - frames_of(wanted)) / SAMPLE_RATE
    if missing <= 1.5 / SAMPLE_RATE:
        return 1.0, f"{wanted:.3f} s"
    return 0.9 * _falling(missing, 0.0, 0.5), f"asked for {wanted:.3f} s, it lasts {measured.duration:.3f} s"


def behaviour(heard: Listening) -> Verdict | None:
    """A bed goes on all the time; single and repeated sounds come and go."""
    if heard.label is None or not is_audible(heard.measured):
        return None
    levels = heard.measured.levels
    loud = float(np.percentile(levels, 90))
    if heard.behaviour is Behaviour.STEADY:
        share = float(np.mean(levels > loud - 20))
        if share >= _FULL:
            return 1.0, "it goes on all the time"
        return _falling(
            _FULL - share, 0.0, _FULL - _HOLLOW
        ), f"asked for a bed, but it sounds only {share:.0%} of the time"
    if _may_last(heard.label, heard.measured.duration):
        return 1.0, "it may go on for as long as this"
    swing = loud - float(np.percentile(levels, 10))
    if swing >= _FLAT or _comes_and_goes(heard.onsets, heard.behaviour):
        return 1.0, "it comes and goes"
    return 0.2 + 0.6 * swing / _FLAT, "asked for separate sounds, but it goes on evenly"


CHECKS: Mapping[str, Check] = {
    "silence": silence,
    "clipping": clipping,
    "clicks": clicks,
    "level": level,
    "band": band,
    "hits": hits,
    "length": length,
    "behaviour": behaviour,
}


def _falling(value: float, best: float, worst: float) -> float:
    """1 up to `best`, then down in a straight line to 0 at `worst`."""
    return float(np.clip((worst - value) / (worst - best), 0.0, 1.0))


def _longest_gap(levels: NDArray[np.float32]) -> tuple[float, float]:
    """Start and length in seconds of the longest stretch 30 dB under the usual level."""
    quiet = levels < max(float(np.median(levels[levels > _AUDIBLE])), _AUDIBLE + _GAP_DROP) - _GAP_DROP
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.view(np.int8), [0]])))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return 0.0, 0.0
    longest = int(np.argmax(ends - starts))
    return float(starts[longest] / LEVELS_PER_SECOND), float((ends - starts)[longest] / LEVELS_PER_SECOND)


def _is_attack(click: float, heard: Listening) -> bool:
    """Whether a click falls within the first instants of a hit, where it is part of it and cannot be heard."""
    return any(-0.005 <= click - onset.time <= _ATTACK and onset.rise >= _PLAIN_RISE for onset in heard.onsets or ())


def _is_crackle(clicks: Sequence[float], duration: float) -> bool:
    if len(clicks) < 10 or len(clicks) / duration < _TEXTURE_RATE:
        return False
    gaps = np.array([b - a for a, b in pairwise(clicks)])
    return bool(gaps.std() > 0.5 * gaps.mean())


def _may_last(label: Label, duration: float) -> bool:
    return label.behaviour is Behaviour.SINGLE and label.acoustics.attack + label.acoustics.decay >= duration / 2


def _comes_and_goes(onsets: tuple[Onset, ...] | None, how: Behaviour | None) -> bool:
    inner = [onset for onset in onsets or () if onset.time > 0.1 and onset.rise >= _FLAT]
    return len(inner) >= (1 if how is Behaviour.SINGLE else 2)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
