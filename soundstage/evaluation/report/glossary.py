"""What each measure is, and what it is blind to: one line each, for tables, plots and the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


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
    """A measure's title and group, what it is, and what it does not see; `main` ones list their worst films."""

    title: str
    group: Group
    meaning: str = ""
    blind: str = ""
    main: bool = False


TERMS: Final[Mapping[str, Term]] = {
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
