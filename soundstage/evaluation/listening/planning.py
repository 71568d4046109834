"""Which films are judged, from where to where, and which letter hides which system: all drawn by the seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from soundstage.cuesheet import digest
from soundstage.errors import BadBench
from soundstage.evaluation.bench.entries import Bench, Entry
from soundstage.evaluation.listening.documents import ANCHOR, REFERENCE, Key, Trial
from soundstage.evaluation.systems.results import Results

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_STEP = 0.5


@dataclass(frozen=True)
class Plan:
    """What a test holds: at most so many films and seconds of each, and whether a low anchor is among the sounds."""

    most: int = 10
    seconds: float = 60.0
    anchor: bool = True
    seed: int = 0


def plan_test(bench: Bench, systems: Sequence[Results], lengths: dict[str, float], plan: Plan) -> Key:
    """The key of a new test of systems on a bench.

    Args:
        bench: its films.
        systems: what is compared; a film that one of them lacks is left out.
        lengths: in seconds, of those films by id that have a reference sound.
        plan: how much, and by which seed.

    Raises:
        BadBench: no film has a soundtrack of every system, or there are more systems than letters.
    """
    names = [REFERENCE, *([ANCHOR] if plan.anchor else []), *(each.system for each in systems)]
    if len(names) > len(_LETTERS):
        raise BadBench(f"A listening test holds {len(_LETTERS)} sounds a film at most, not {len(names)}; take fewer.")
    if len(set(names)) < len(names):
        raise BadBench("Two systems have the same name; call one otherwise.")
    heard = [entry for entry in bench.entries if entry.id in lengths]
    whole = [entry for entry in heard if all(each.result_of(entry) for each in systems)]
    if not whole:
        raise BadBench(
            f"No film of {bench.name!r} has a reference and a soundtrack of every system; run the systems on all of it."
        )
    draw = random.Random(digest([plan.seed, bench.name, names]))
    chosen = draw.sample(whole, min(plan.most, len(whole)))
    trials = tuple(_trial(n, entry, names, lengths[entry.id], plan, draw) for n, entry in enumerate(chosen, start=1))
    test = digest([bench.name, plan.seed, [trial.model_dump() for trial in trials]])[:12]
    return Key(test=test, bench=bench.name, seed=plan.seed, trials=trials)


def _trial(number: int, entry: Entry, names: Sequence[str], length: float, plan: Plan, draw: random.Random) -> Trial:
    shuffled = draw.sample(list(names), len(names))
    seconds = min(length, plan.seconds)
    systems = dict(zip(_LETTERS, shuffled, strict=False))
    return Trial(
        id=f"t{number:02}", film=entry.id, start=_start(entry, length, seconds), seconds=seconds, systems=systems
    )


def _start(entry: Entry, length: float, seconds: float) -> float:
    """Where most of the known events lie within the excerpt; the middle where none are known."""
    rest = length - seconds
    if rest <= 0:
        return 0.0
    if not entry.events:
        return round(rest / 2, 3)
    starts = [min(rest, step * _STEP) for step in range(int(rest / _STEP) + 1)]
    return max(starts, key=lambda start: (sum(start <= e.time < start + seconds for e in entry.events), -start))
