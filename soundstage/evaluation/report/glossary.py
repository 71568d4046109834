"""What each measure is, and what it is blind to: one line each, for tables, plots and the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from soundstage.evaluation.offline.gauges import FD_MEL, FD_MEL_UNBIASED, GAUGES


class Group(StrEnum):
    """Measures that tell of the same thing."""

    TIMING = "When it sounds"
    SEAMS = "How it holds together"
    LEVEL = "How loud it is"
    CONTENT = "What sounds"
    LIKENESS = "How like the reference it is, by networks"
    AGREEMENT = "How it fits picture and words, by networks"
    OTHER = "Also measured"


@dataclass(frozen=True)
class Term:
    """A measure's title and group, what it is, and what it does not see; `main` ones list their worst films.

    `short` is the title where there is little room.
    """

    title: str
    group: Group
    meaning: str = ""
    blind: str = ""
    main: bool = False
    short: str = ""

    @property
    def brief(self) -> str:
        """The title where there is little room."""
        return self.short or self.title


_SHORT: Final[Mapping[str, str]] = {
    "event-f1": "Event F1",
    "seam-rank": "Joins' rank (0.5: unheard)",
    "bands": "Labels' bands",
    "like-onsets": "Onsets like the reference",
    "like-spectrum": "Spectral distance",
}
_ANOTHER_SOUND: Final = "Another sound that fits the picture as well counts as unlike."
_GAUGED: Final[Mapping[str, tuple[Group, str, str, bool]]] = {
    "event-f1": (
        Group.TIMING,
        "Known events and heard onsets matched one to one within 100 ms: harmonic mean of precision and recall.",
        "Needs known events; any sharp sound at the right instant counts, whatever it is.",
        True,
    ),
    "event-precision": (
        Group.TIMING,
        "Share of the onsets that lie at an event.",
        "Silence has no wrong onsets.",
        False,
    ),
    "event-recall": (
        Group.TIMING,
        "Share of the events that are heard in place.",
        "Constant rattling hits all.",
        False,
    ),
    "timing-error": (
        Group.TIMING,
        "Median distance of events from their onsets, the lag of the whole soundtrack included.",
        "Only of events that were found at all: read it beside the recall.",
        True,
    ),
    "timing-bias": (Group.TIMING, "The same with its sign: how late the soundtrack is.", "As above.", False),
    "within-40": (Group.TIMING, "Share of all events that are off by at most 40 ms.", "As above.", False),
    "within-100": (Group.TIMING, "Share of all events that are off by at most 100 ms.", "As above.", False),
    "within-200": (Group.TIMING, "Share of all events that are off by at most 200 ms.", "As above.", False),
    "extra-onsets": (
        Group.TIMING,
        "Onsets a minute that lie at no known event.",
        "What sounds rightly, but is not among the known events, counts as extra.",
        False,
    ),
    "picture-bursts": (
        Group.TIMING,
        "Correlation of sudden motion on the picture with sound that sets in.",
        "Cuts and lights move nothing; not everything that moves makes a sound.",
        True,
    ),
    "picture-activity": (Group.TIMING, "Correlation of motion with loudness over half a second.", "As above.", False),
    "picture-lag": (Group.TIMING, "How far the sound lies from the motion where both fit best.", "As above.", False),
    "seam-level": (
        Group.SEAMS,
        "Level step at joins over those of the interior. A system without joins is measured where others have theirs.",
        "A step that the picture asks for counts too.",
        False,
    ),
    "seam-spectrum": (Group.SEAMS, "The same of the spectrum.", "As above.", False),
    "seam-phase": (Group.SEAMS, "The same of the phase of what goes on.", "Noise has no phase to keep.", False),
    "seam-rank": (
        Group.SEAMS,
        "Where steps at joins rank among all of the interior: 0.5 is like any other instant, 1 is above all.",
        "Says that a join can be found, not how much it disturbs.",
        True,
    ),
    "scene-level": (Group.SEAMS, "Level step at scene boundaries.", "Neither way is better: scenes do differ.", False),
    "scene-spectrum": (Group.SEAMS, "Spectral step at scene boundaries.", "As above.", False),
    "repetition": (
        Group.SEAMS,
        "Share of the time that is a near copy of what was heard before in it.",
        "What repeats by its nature (a clock) is no fault.",
        True,
    ),
    "silence": (Group.SEAMS, "Share of the time that is silent.", "Silence may be right.", False),
    "longest-silence": (Group.SEAMS, "The longest stretch of silence.", "As above.", False),
    "loudness": (Group.LEVEL, "Integrated loudness (ITU-R BS.1770).", "A target is a choice.", False),
    "loudness-range": (Group.LEVEL, "Loudness range (EBU Tech 3342).", "A range is a choice.", False),
    "true-peak": (Group.LEVEL, "True peak (ITU-R BS.1770).", "Above -1 dBTP it may clip when encoded.", False),
    "bands": (
        Group.CONTENT,
        "Share of the energy at events in the band where the knowledge base says their label has it.",
        "Bands, not timbre: a thud is a thud; and the knowledge base is Soundstage's own.",
        True,
    ),
    "like-loudness": (Group.CONTENT, "Correlation of its loudness with the reference's.", _ANOTHER_SOUND, False),
    "like-onsets": (Group.CONTENT, "Correlation of how it sets in with the reference's.", _ANOTHER_SOUND, True),
    "like-spectrum": (Group.CONTENT, "Mean distance of 40 bands, loudness evened out.", _ANOTHER_SOUND, True),
    "like-lag": (Group.CONTENT, "How far it lies from the reference where both fit best.", _ANOTHER_SOUND, False),
}

TERMS: Final[Mapping[str, Term]] = {
    **{
        gauge.name: Term(gauge.name, *_GAUGED[gauge.key], short=_SHORT.get(gauge.key, ""))
        for gauge in GAUGES
        if gauge.key in _GAUGED
    },
    FD_MEL: Term(
        FD_MEL,
        Group.CONTENT,
        "Fréchet distance to the reference over 72 plain numbers a second, at one loudness: levels and beats of bands.",
        "Soundstage's own, comparable with nothing else. Says nothing of loudness, nor of timing.",
        main=True,
    ),
    FD_MEL_UNBIASED: Term(
        FD_MEL_UNBIASED,
        Group.CONTENT,
        "The same followed to endlessly many films (Chong and Forsyth, CVPR 2020).",
        "Needs 8 films at least.",
    ),
    "FD-VGG": Term(
        "FD VGGish",
        Group.LIKENESS,
        "Fréchet distance to the reference over VGGish's frames (av-benchmark).",
        "Biased upwards with few films; says nothing of single films, of order or of timing.",
        main=True,
    ),
    "FD-PANN": Term(
        "FD PANNs",
        Group.LIKENESS,
        "Fréchet distance over the 2048 features of PANNs' Cnn14 (av-benchmark).",
        "With fewer films than features the covariance lacks rank: compare at equal counts only.",
    ),
    "FD-PASST": Term(
        "FD PaSST",
        Group.LIKENESS,
        "Fréchet distance over the 768 features of PaSST (av-benchmark).",
        "As published it hears the first 10 s only.",
    ),
    "KL-PANNS": Term(
        "KL PANNs",
        Group.LIKENESS,
        "Mean KL from the reference's classes to the made sound's, by PANNs (av-benchmark).",
        "Softmax of logits meant for a sigmoid: one loud class hides all others.",
        main=True,
    ),
    "KL-PASST": Term(
        "KL PaSST",
        Group.LIKENESS,
        "The same by PaSST (av-benchmark).",
        "As published it hears the first 10 s only.",
    ),
    "IS-PANNS": Term(
        "IS PANNs",
        Group.LIKENESS,
        "Inception Score by PANNs: how sure and how varied the classes are (av-benchmark).",
        "Never looks at the reference; with N films in 10 splits it cannot exceed N / 10.",
    ),
    "IS-PASST": Term(
        "IS PaSST",
        Group.LIKENESS,
        "The same by PaSST (av-benchmark).",
        "Never looks at the reference; hears the first 10 s only.",
    ),
    "IB-Score": Term(
        "IB-score",
        Group.AGREEMENT,
        "Mean cosine of ImageBind's embeddings of picture and sound (av-benchmark).",
        "As published it hears 6 s of a film; it does not mind when things sound.",
        main=True,
    ),
    "DeSync": Term(
        "DeSync",
        Group.AGREEMENT,
        "Mean offset between picture and sound by Synchformer, in steps of 0.2 s (av-benchmark).",
        "As published it looks at the first and last 4.8 s only; nothing between counts.",
        main=True,
    ),
    "LAION-CLAP": Term(
        "LAION-CLAP",
        Group.AGREEMENT,
        "Mean cosine of LAION-CLAP's embeddings of the words and the sound (av-benchmark).",
        "As good as the words are; hears the first 10 s only.",
    ),
    "MS-CLAP": Term(
        "MS-CLAP",
        Group.AGREEMENT,
        "The same by MS-CLAP 2023 (av-benchmark).",
        "As good as the words are; hears a few seconds only.",
    ),
}
"""Measures by their names."""


def term(name: str) -> Term:
    """What is known of a measure; one that is not listed is shown under its own name."""
    return TERMS.get(name) or Term(name, Group.OTHER)
