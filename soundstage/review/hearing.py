"""Listens to a take and says what it is worth; chooses the best of several."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from soundstage.cuesheet import Cue
from soundstage.knowledge.label import Behaviour, Label
from soundstage.review.checks import CHECKS, Listening, is_audible
from soundstage.review.listeners import Ear, judged
from soundstage.review.measure import Measured, measure
from soundstage.review.onsets import Onset, onsets_in

_GOOD = 0.75
_BEARABLE = 0.5
_LISTEN_WHOLE = 120.0
_SAMPLE = 10.0
_SAMPLES = 6
_AROUND_ANCHOR = 1.0


@dataclass(frozen=True)
class Hearing:
    """What was heard: `score` 0 to 1, each check's score with its reason, and what was measured.

    `loudness` is integrated loudness in LUFS, `peak` the true peak in dBTP; both are -inf for
    silence.
    """

    score: float
    scores: Mapping[str, tuple[float, str]]
    loudness: float
    peak: float
    frames: int
    channels: int


def listen(
    sound: Path, cue: Cue, label: Label | None, ears: Sequence[Ear] = (), measured: Measured | None = None
) -> Hearing:
    """Check a take against its cue and label, streaming, and ask the ears what they make of it.

    The score is the geometric mean of the worst check and of the mean of all: one bad fault spoils
    a take, and of two takes with the same fault the better one still wins. Silence is worth nothing.

    Args:
        sound: the take.
        cue: what was asked for.
        label: the cue's label; None leaves out what only a label can tell (speech).
        ears: models that judge too; their verdicts count as the checks' do. Silence they are spared.
        measured: what was measured of the take while it was written.

    Raises:
        BadSound: the take cannot be read.
    """
    measured = measured or measure(sound)
    heard = Listening(cue, label, measured, _onsets(sound, cue, label, measured))
    verdicts = {name: check(heard) for name, check in CHECKS.items()}
    if is_audible(measured):
        verdicts |= judged(ears, sound, cue, label)
    scores = {name: (float(v[0]), v[1]) for name, v in verdicts.items() if v is not None}
    return Hearing(
        score=_overall([score for score, _ in scores.values()]),
        scores=scores,
        loudness=measured.loudness,
        peak=measured.true_peak,
        frames=measured.frames,
        channels=measured.channels,
    )


def best(hearings: Sequence[Hearing]) -> int:
    """Index of the best take; of equals, the first. Raises ValueError when there is none."""
    return max(range(len(hearings)), key=lambda number: hearings[number].score)


def good_enough(hearing: Hearing) -> bool:
    """Whether another try is not worth its time: good on the whole, and nothing badly wrong."""
    return is_good(hearing.score, hearing.scores)


def is_good(score: float, scores: Mapping[str, tuple[float, str]]) -> bool:
    """As `good_enough`, by the whole score and those of the checks."""
    return score >= _GOOD and all(each >= _BEARABLE for each, _ in scores.values())


def faults_of(scores: Mapping[str, tuple[float, str]]) -> tuple[str, ...]:
    """What a Designer should hear of a take: the reasons of the checks it did not pass well, worst first."""
    weak = sorted((score, name, reason) for name, (score, reason) in scores.items() if score < _GOOD)
    return tuple(f"{name}: {reason}" for _, name, reason in weak)


def _overall(scores: Sequence[float]) -> float:
    return float((min(scores) * sum(scores) / len(scores)) ** 0.5)


def _onsets(sound: Path, cue: Cue, label: Label | None, measured: Measured) -> tuple[Onset, ...] | None:
    steady = label is not None and label.behaviour is Behaviour.STEADY
    if steady or not is_audible(measured) or (label is None and not cue.anchors):
        return None
    return tuple(onset for start, end in _spans(cue, measured.duration) for onset in onsets_in(sound, start, end))


def _spans(cue: Cue, duration: float) -> Iterator[tuple[float, float]]:
    """All of a take up to two minutes; of a longer one the surroundings of its anchors, or samples of it."""
    if duration <= _LISTEN_WHOLE:
        yield 0.0, duration
        return
    if not cue.anchors:
        step = (duration - _SAMPLE) / (_SAMPLES - 1)
        yield from ((number * step, number * step + _SAMPLE) for number in range(_SAMPLES))
        return
    start = end = 0.0
    for anchor in sorted(a.time - cue.start for a in cue.anchors):
        if anchor - _AROUND_ANCHOR > end:
            if end > start:
                yield start, end
            start = max(0.0, anchor - _AROUND_ANCHOR)
        end = min(duration, anchor + _AROUND_ANCHOR)
    yield start, end
