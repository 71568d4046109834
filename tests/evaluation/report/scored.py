"""Scores written by hand, to be tabled, plotted and chosen from."""

from soundstage.evaluation.metrics.measure import Better, Measure
from soundstage.evaluation.scoring.scores import LeftOut, Scores, SystemScores

F1, ERROR, LOUD = "Event F1 (100 ms)", "Timing error", "Integrated loudness"


def measure(name: str, better: Better | None, unit: str = "", **films: float) -> Measure:
    """A mean with an interval of a tenth about it."""
    mean = sum(films.values()) / len(films)
    return Measure(
        name=name, value=mean, low=mean - 0.1, high=mean + 0.1, better=better, unit=unit, count=len(films), films=films
    )


def system(name: str, f1: float, error: float, published: float | None = None) -> SystemScores:
    """A system with two films, of which `dog` is the worse by either measure."""
    measures = (
        measure(F1, "higher", dog=f1 - 0.2, door=f1 + 0.2),
        measure(ERROR, "lower", "s", dog=error + 0.05, door=error - 0.05),
        measure(LOUD, None, "LUFS", dog=-20.0, door=-18.0),
    )
    paper = () if published is None else (Measure(name="FD-VGG", value=published, better="lower", count=2),)
    return SystemScores(
        system=name,
        films=2,
        seconds=3.0,
        digest="0123456789abcdef",
        about={"seed": 0},
        measures=measures,
        legacy=(*measures[:1], *paper),
        categories={"animals": (measure(F1, "higher", dog=f1 - 0.2),)},
    )


def scores(*systems: SystemScores) -> Scores:
    """Scores of systems on a bench of two films."""
    return Scores(
        bench="tiny",
        digest="fedcba9876543210",
        films=2,
        duration=6.0,
        seed=2020,
        resamples=50,
        versions={"python": "3.11"},
        systems=systems,
        left_out=(LeftOut(metrics=("DeSync",), why="synchformer is not here; pull it."),),
    )
