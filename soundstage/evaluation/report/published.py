"""The numbers of the paper, as printed in LVAS-Agent (arXiv 2503.10719), and which of our measures they name.

They were measured on 207 films that are not published, by tools that look at the beginning of each: what we measure
on other films stands beside them, not against them.
"""

from dataclasses import dataclass
from typing import Final

from soundstage.evaluation.metrics.measure import Better

SOURCE: Final = "LVAS-Agent (arXiv 2503.10719)"


@dataclass(frozen=True)
class Column:
    """A column of a table: the measure it holds, and what it is called."""

    measure: str
    title: str
    better: Better
    digits: int = 2


@dataclass(frozen=True)
class Printed:
    """A row as it was printed; None where the paper has nothing."""

    system: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class PaperTable:
    """A table of the paper, with what must be said of it."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Printed, ...]
    notes: tuple[str, ...]


FD_VGG: Final = Column("FD-VGG", "FD VGGish", "lower")
FD_PANN: Final = Column("FD-PANN", "FD PANNs", "lower")
FD_PASST: Final = Column("FD-PASST", "FD PaSST", "lower")
KL_PANNS: Final = Column("KL-PANNS", "KL PANNs", "lower")
KL_PASST: Final = Column("KL-PASST", "KL PaSST", "lower")
IS_PANNS: Final = Column("IS-PANNS", "IS PANNs", "higher")
IS_PASST: Final = Column("IS-PASST", "IS PaSST", "higher")
IB: Final = Column("IB-Score", "IB-score", "higher")
DESYNC: Final = Column("DeSync", "DeSync", "lower")

TABLE_1: Final = PaperTable(
    "Table 1: LVAS-Bench",
    (FD_VGG, FD_PANN, FD_PASST, KL_PANNS, KL_PASST, IS_PANNS, IS_PASST, IB, DESYNC),
    (
        Printed("FoleyCrafter, 10 s pieces", (6.61, 60.66, 637.82, 2.68, 2.65, 4.79, 4.34, 0.28, 1.24)),
        Printed("MMAudio, 10 s pieces", (9.48, 51.73, 588.24, 2.02, 1.80, 3.91, 3.05, 0.32, 0.61)),
        Printed("LVAS-Agent", (5.76, 46.16, 573.67, 1.86, 1.77, 4.28, 3.50, 0.33, 0.53)),
    ),
    (
        "Published rows: 207 films that were not released. Ours are other films, so the rows are not comparable; "
        "only rows measured on the same films are.",
        "The paper says that LVAS-Agent outperforms the baselines across all metrics. By its own table it does not in "
        "IS, where FoleyCrafter reaches 4.79 and 4.34.",
        "A Fréchet distance hangs on the number of films: compare it only between systems on the same set.",
    ),
)
TABLE_2: Final = PaperTable(
    "Table 2: ablation",
    (FD_VGG, FD_PANN, IS_PANNS, Column("IB-Score", "IB-score", "higher", 3), Column("DeSync", "DeSync", "lower", 3)),
    (
        Printed("+ video structure", (7.45, 77.65, 1.85, 0.312, 0.361)),
        Printed("+ chain of thought", (7.41, 76.84, 1.82, 0.319, 0.346)),
        Printed("+ retrieval", (7.12, 71.61, 1.81, 0.336, 0.338)),
    ),
    (
        "Published rows: 20 films drawn from the 207, not named, so the rows are not comparable with ours.",
        "IS falls in the paper as parts are added; and with 20 films in 10 splits it cannot exceed 2, whatever is "
        "measured. The paper prints DeSync with an arrow upwards; lower is better.",
    ),
)
