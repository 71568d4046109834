"""The phases a job goes through, as a table: what follows what, on which lane, and how each is cut into steps."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.backbone.dispatch.queues import Lane
from services.backbone.ledger.tables import Cue, Job, Scene, Sheet, Step
from services.backbone.ledger.tables.base import Document
from services.backbone.options import JobOptions
from services.backbone.settings import settings
from soundstage.agents.llm.settings import agent_settings
from soundstage.agents.names import CastName
from soundstage.errors import BadOption
from soundstage.soundmodels import SoundModels

# Steps of some seconds each: a message and a claim cost milliseconds, an interrupted step is done again. A model that
# answers eight questions at once takes as long for fewer of them.
SHOTS_A_STEP, SHOTS_A_STEP_OF_MODELS = 48, 16
SCENES_A_STEP, SCENES_A_STEP_OF_MODELS = 24, 8
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
    """One kind of step.

    `share` is its part of a job's time, as measured on films of ten minutes; `share_of_models` where models are asked,
    which take their time.
    """

    kind: str
    stage: str
    lane: Lane
    share: float
    share_of_models: float
    plan: Callable[[Session, Job], Sequence[Unit]]

    def share_of(self, job: Job) -> float:
        """Its part of that job's time."""
        return self.share_of_models if asks_models(job) else self.share


def asks_models(job: Job) -> bool:
    """Whether the job's cast are models, who look at the film first and listen to the takes."""
    return job.options.get("cast") == CastName.LLM


def _whole(session: Session, job: Job) -> Sequence[Unit]:
    return (Unit("film", {}),)


def _from_elsewhere(session: Session, job: Job) -> Sequence[Unit]:
    return () if job.asset_id is not None else _whole(session, job)


def _reading(session: Session, job: Job) -> Sequence[Unit]:
    # Said here, for who reads films knows no models.
    clips = (asks_models(job) and agent_settings().looks == "clip") or _is_watched(job)
    return (Unit("film", {"clips": True}),) if clips else _whole(session, job)


def _is_watched(job: Job) -> bool:
    """Whether sound models look at moving pictures; those that a job cannot have are its own steps' trouble."""
    if (chosen := settings().clips) is not None:
        return chosen
    try:
        return SoundModels().looks(JobOptions.model_validate(job.options).wishes())
    except BadOption:
        return False


def _of_models(session: Session, job: Job) -> Sequence[Unit]:
    return _whole(session, job) if asks_models(job) else ()


def _shots(session: Session, job: Job) -> Sequence[Unit]:
    count = int((job.film or {}).get("shots", 0))
    size = SHOTS_A_STEP_OF_MODELS if asks_models(job) else SHOTS_A_STEP
    return [_span(start, min(start + size, count)) for start in range(0, count, size)]


def _span(start: int, end: int) -> Unit:
    return Unit(f"shots-{start}", {"first": start, "end": end}, weight=end - start)


def _scenes(session: Session, job: Job) -> Sequence[Unit]:
    names = session.scalars(select(Scene.name).where(Scene.job_id == job.id).order_by(Scene.position)).all()
    size = SCENES_A_STEP_OF_MODELS if asks_models(job) else SCENES_A_STEP
    groups = [list(names[start : start + size]) for start in range(0, len(names), size)]
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


def _first_hearing(session: Session, job: Job) -> Sequence[Unit]:
    return (_hearing(session, job),) if asks_models(job) else ()


def _hearing(session: Session, job: Job) -> Unit:
    """Of the takes of that version of the sheet."""
    return Unit("film", {"sheet": _version(session, job)})


def _hearing_after(kind: str) -> Callable[[Session, Job], Sequence[Unit]]:
    """Another hearing, where the one before has put other cues into the sheet."""

    def plan(session: Session, job: Job) -> Sequence[Unit]:
        if not asks_models(job):
            return ()
        steps = select(Step.unit).where(Step.job_id == job.id, Step.revision == job.revision)
        before = session.scalar(steps.where(Step.kind == kind))
        is_another = before is not None and before["sheet"] < _version(session, job)
        return (_hearing(session, job),) if is_another else ()

    return plan


def _version(session: Session, job: Job) -> int:
    return session.scalar(select(Sheet.version).where(Sheet.job_id == job.id)) or 0


def _revised_cues(session: Session, job: Job) -> Sequence[Unit]:
    return _cues(session, job) if asks_models(job) else ()


PHASES: tuple[Phase, ...] = (
    # Not on the lane that decodes films: that has no way out, and what fetches decodes nothing.
    Phase("fetch", "read", Lane.LLM, 0.02, 0.01, _from_elsewhere),
    Phase("read", "read", Lane.MEDIA, 0.44, 0.20, _reading),
    Phase("overview", "describe", Lane.LLM, 0.0, 0.02, _of_models),
    Phase("describe", "describe", Lane.LLM, 0.04, 0.22, _shots),
    Phase("storyboard", "storyboard", Lane.LLM, 0.02, 0.12, _whole),
    Phase("design", "design", Lane.LLM, 0.02, 0.20, _scenes),
    Phase("compose", "design", Lane.LLM, 0.01, 0.02, _whole),
    Phase("synthesize", "synthesize", Lane.GPU, 0.25, 0.08, _cues),
    # Takes that fall short go back to the Designer, as often as the engine listens; the last word is the best try's,
    # and what nothing here can make is then told again.
    Phase("listen", "synthesize", Lane.LLM, 0.0, 0.02, _first_hearing),
    Phase("synthesize-2", "synthesize", Lane.GPU, 0.0, 0.01, _revised_cues),
    Phase("listen-2", "synthesize", Lane.LLM, 0.0, 0.005, _hearing_after("listen")),
    Phase("synthesize-3", "synthesize", Lane.GPU, 0.0, 0.005, _revised_cues),
    Phase("listen-3", "synthesize", Lane.LLM, 0.0, 0.005, _hearing_after("listen-2")),
    Phase("synthesize-4", "synthesize", Lane.GPU, 0.0, 0.005, _revised_cues),
    Phase("mix", "mix", Lane.MEDIA, 0.20, 0.08, _whole),
)
ORDER = {phase.kind: place for place, phase in enumerate(PHASES)}
