"""The offline metrics by name: what each is called, its unit, and which way is better."""

from dataclasses import dataclass
from typing import Final

from soundstage.evaluation.metrics.measure import Better


@dataclass(frozen=True)
class Gauge:
    """One metric. `needs` says in a few words what must be known of a film for it; nothing for all films."""

    key: str
    name: str
    better: Better | None
    unit: str = ""
    needs: str = ""


_EVENTS = "events"
_JOINS = "joins"
_SCENES = "scene boundaries"
_LABELS = "labels of what should sound"
_MOTION = "the film's motion curve"
_REFERENCE = "a reference sound"

GAUGES: Final = (
    Gauge("event-f1", "Event F1 (100 ms)", "higher", needs=_EVENTS),
    Gauge("event-precision", "Event precision", "higher", needs=_EVENTS),
    Gauge("event-recall", "Event recall", "higher", needs=_EVENTS),
    Gauge("timing-error", "Timing error", "lower", "s", _EVENTS),
    Gauge("timing-bias", "Timing bias (late is positive)", None, "s", _EVENTS),
    Gauge("within-40", "Events within 40 ms", "higher", needs=_EVENTS),
    Gauge("within-100", "Events within 100 ms", "higher", needs=_EVENTS),
    Gauge("within-200", "Events within 200 ms", "higher", needs=_EVENTS),
    Gauge("extra-onsets", "Extra onsets", "lower", "1/min", _EVENTS),
    Gauge("seam-level", "Level step at joins", "lower", "dB", _JOINS),
    Gauge("seam-spectrum", "Spectral step at joins", "lower", "dB", _JOINS),
    Gauge("seam-phase", "Phase step at joins", "lower", "", _JOINS),
    Gauge("seam-rank", "Joins' rank among the interior (0.5: unheard)", "lower", "", _JOINS),
    Gauge("scene-level", "Level step at scene boundaries", None, "dB", _SCENES),
    Gauge("scene-spectrum", "Spectral step at scene boundaries", None, "dB", _SCENES),
    Gauge("bands", "Energy in the labels' bands", "higher", needs=_LABELS),
    Gauge("picture-bursts", "Motion and onsets", "higher", needs=_MOTION),
    Gauge("picture-activity", "Motion and loudness", "higher", needs=_MOTION),
    Gauge("picture-lag", "Lag to the motion", "lower", "s", _MOTION),
    Gauge("like-loudness", "Loudness curve like the reference's", "higher", needs=_REFERENCE),
    Gauge("like-onsets", "Onset curve like the reference's", "higher", needs=_REFERENCE),
    Gauge("like-spectrum", "Spectral distance to the reference", "lower", "dB", _REFERENCE),
    Gauge("like-lag", "Lag to the reference", "lower", "s", _REFERENCE),
    Gauge("silence", "Silence", None),
    Gauge("longest-silence", "Longest silence", None, "s"),
    Gauge("repetition", "Repetition", "lower"),
    Gauge("loudness", "Integrated loudness", None, "LUFS"),
    Gauge("loudness-range", "Loudness range", None, "LU"),
    Gauge("true-peak", "True peak", None, "dBTP"),
)
"""In the order of a report."""

FD_MEL: Final = "FD-mel"
FD_MEL_UNBIASED: Final = "FD-mel, unbiased"
