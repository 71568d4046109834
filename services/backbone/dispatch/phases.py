"""The phases a job goes through, as a table: what follows what, on which lane, and how each is cut into steps."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.backbone.dispatch.queues import Lane
from services.backbone.ledger.tables import Cue, Job, Scene
from services.backbone.ledger.tables.base import Document

# Steps of some seconds each: a message and a claim cost milliseconds, an interrupted step is done again.
SHOTS_A_STEP = 48
SCENES_A_STEP = 24
CUES_A_STEP = 12
SOUND_A_STEP = 120.0


@dataclass(frozen=True)
class Unit:
    """What one step works on: `key` tells it from its neighbours, `weight` is its share of the phase."""

    key: str
    work: Document
    weight: float = 1.0


@dataclass(frozen=True)
class Phase:
    """One kind of step. `share` is its part of a job's time, as measured on films of ten minutes."""

    kind: str
    stage: str
    lane: Lane
    share: float
    plan: Callable[[Session, Job], Sequence[Unit]]


def _whole(session: Session, job: Job) -> Sequence[Unit]:
    return (Unit("film", {}),)


def _from_elsewhere(session: Session, job: Job) -> Sequence[Unit]:
    return () if job.asset_id is not None else _whole(session, job)


def _shots(session: Session, job: Job) -> Sequence[Unit]:
    count = int((job.film or {}).get("shots", 0))
    starts = range(0, count, SHOTS_A_STEP)
    return [_span(start, min(start + SHOTS_A_STEP, count)) for start in starts]


def _span(start: int, end: int) -> Unit:
    return Unit(f"shots-{start}", {"first": start, "end": end}, weight=end - start)


def _scenes(session: Session, job: Job) -> Sequence[Unit]:
    names = session.scalars(select(Scene.name).where(Scene.job_id == job.id).order_by(Scene.position)).all()
    groups = [list(names[start : start + SCENES_A_STEP]) for start in range(0, len(names), SCENES_A_STEP)]
    return [Unit(group[0], {"scenes": group}, weight=len(group)) for group in groups]


def _cues(session: Session, job: Job) -> Sequence[Unit]:
    """Cues still to be made, each identity once, in groups of some seconds' work."""
    waiting = (
        select(Cue)
        .where(Cue.job_id == job.id, Cue.take_id.is_(None), Cue.silent.is_(None))
        .order_by(Cue.start, Cue.name)
    )
    unique = {cue.identity: cue for cue in session.scalars(waiting)}
    return [_group(cues) for cues in _grouped(list(unique.values()))]


def _grouped(cues: Sequence[Cue]) -> Iterator[list[Cue]]:
    group: list[Cue] = []
    for cue in cues:
        group.append(cue)
        if len(group) >= CUES_A_STEP or sum(c.end - c.start for c in group) >= SOUND_A_STEP:
            yield group
            group = []
    if group:
        yield group


def _group(cues: Sequence[Cue]) -> Unit:
    seconds = sum(cue.end - cue.start for cue in cues)
    return Unit(cues[0].name, {"cues": [cue.name for cue in cues]}, weight=seconds)


PHASES: tuple[Phase, ...] = (
    # Not on the lane that decodes films: that has no way out, and what fetches decodes nothing.
    Phase("fetch", "read", Lane.LLM, 0.02, _from_elsewhere),
    Phase("read", "read", Lane.MEDIA, 0.44, _whole),
    Phase("describe", "describe", Lane.LLM, 0.04, _shots),
    Phase("storyboard", "storyboard", Lane.LLM, 0.02, _whole),
    Phase("design", "design", Lane.LLM, 0.02, _scenes),
    Phase("compose", "design", Lane.LLM, 0.01, _whole),
    Phase("synthesize", "synthesize", Lane.GPU, 0.25, _cues),
    Phase("mix", "mix", Lane.MEDIA, 0.20, _whole),
)
ORDER = {phase.kind: place for place, phase in enumerate(PHASES)}
