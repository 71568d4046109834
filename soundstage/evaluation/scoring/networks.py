"""Measures by networks: what they give for a bench, and what is left out where their weights are not here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from soundstage.evaluation.bench.entries import Bench
from soundstage.evaluation.scoring.scores import LeftOut, Measures
from soundstage.evaluation.systems.results import Results

NETWORKS: Final = (
    "FD-VGG",
    "FD-PANN",
    "FD-PASST",
    "KL-PANNS",
    "KL-PASST",
    "IS-PANNS",
    "IS-PASST",
    "IB-Score",
    "DeSync",
)
WORDS: Final = ("LAION-CLAP", "MS-CLAP")


@dataclass(frozen=True)
class Judged:
    """Of each system the measures over the whole length and those of the beginning; and what was left out."""

    systems: Mapping[str, tuple[Measures, Measures]] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()

    def of(self, system: str) -> tuple[Measures, Measures]:
        """A system's measures, whole and of the beginning."""
        return self.systems.get(system, ((), ()))


class Networks(Protocol):
    """Judges systems on a bench."""

    def __call__(self, bench: Bench, systems: Sequence[Results], how: object) -> Judged:
        """All measures whose weights are here, and what was left out and why."""
        ...


def no_networks(bench: Bench, systems: Sequence[Results], how: object) -> Judged:
    """None of them."""
    why = "they were not asked for; leave --offline out to measure with all extractors whose weights are here."
    return Judged(left_out=(LeftOut(metrics=(*NETWORKS, *WORDS), why=why),))
