"""The state machine of a job: what its steps add up to, and what comes next.

Every function works in the caller's transaction, on a job whose row is locked by it. So whoever ends the last step of
a phase writes the next one's steps and messages with it, and nobody else does.
"""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.backbone.dispatch import outbox
from services.backbone.dispatch.phases import ORDER, PHASES, Phase, Unit
from services.backbone.dispatch.products import write_scenes
from services.backbone.dispatch.queues import queue_of
from services.backbone.errors import Conflict
from services.backbone.events import record
from services.backbone.ids import new_id
from services.backbone.ledger.repositories.steps import Standing, Steps
from services.backbone.ledger.tables import ACTIVE, Job, JobStatus, Sheet, Step, StepState
from services.backbone.ledger.tables.base import Document
from services.backbone.settings import settings
from soundstage.cuesheet import CueSheet
from soundstage.edits import edits_between

_FIRST = 0


def start(session: Session, job: Job) -> None:
    """Begin with a new job: its first step is written, and its message."""
    record(session, job, "job.queued")
    _enter(session, job, _FIRST)


def note_started(session: Session, job_id: str) -> None:
    """Let a queued job run whose first step was claimed.

    Who holds the job just now (to cancel it, say) is not waited for: a step is locked here already, and locks are
    taken job first.
    """
    waiting = select(Job).where(Job.id == job_id, Job.status == JobStatus.QUEUED)
    job = session.scalar(waiting.with_for_update(skip_locked=True))
    if job is not None:
        _run(session, job)


def _run(session: Session, job: Job) -> None:
    job.status = JobStatus.RUNNING
    job.running_at = func.now()
    record(session, job, "job.running")


def advance(session: Session, job: Job) -> None:
    """Count what is done of the present phase, and go on to the next when all of it is.

    All that the step made must be flushed: what is asked here is asked without writing the job before each question.
    """
    with session.no_autoflush:
        if job.status is JobStatus.QUEUED:
            _run(session, job)
        present = _present(session, job)
        job.steps_done, job.steps_total = present.done, present.steps
        if present.done < present.steps:
            _tell_progress(session, job, present)
        else:
            _enter(session, job, ORDER[present.kind] + 1)


def _present(session: Session, job: Job) -> Standing:
    """The latest phase of this round that has steps."""
    return max(Steps(session).standings(job), key=lambda phase: ORDER[phase.kind])


def _enter(session: Session, job: Job, place: int) -> None:
    """Write the steps of the first phase from `place` on that has any; after the last the job has succeeded."""
    for phase in PHASES[place:]:
        units = phase.plan(session, job)
        if units:
            _write_steps(session, job, phase, list(units))
            return
    _succeed(session, job)


def _write_steps(session: Session, job: Job, phase: Phase, units: list[Unit]) -> None:
    for position, unit in enumerate(units):
        session.add(_step(job, phase, unit, position))
        outbox.post(session, queue_of(phase.lane, job.priority), job.traceparent)
    is_new = job.stage != phase.stage
    job.stage, job.steps_done, job.steps_total = phase.stage, 0, len(units)
    if is_new:
        record(session, job, "job.stage", {"stage": phase.stage, "steps": len(units)})
    _tell_progress(session, job, Standing(phase.kind, len(units)))


def _step(job: Job, phase: Phase, unit: Unit, position: int) -> Step:
    return Step(
        id=new_id("step"),
        job_id=job.id,
        account_id=job.account_id,
        revision=job.revision,
        stage=phase.stage,
        kind=phase.kind,
        key=unit.key,
        queue=queue_of(phase.lane, job.priority),
        rank=job.rank,
        position=position,
        weight=max(unit.weight, 1e-3),
        unit=unit.work,
    )


def note_progress(session: Session, job: Job) -> None:
    """Tell how far the job is, when that changed enough to be told."""
    _tell_progress(session, job, _present(session, job))


def _tell_progress(session: Session, job: Job, present: Standing) -> None:
    place = ORDER[present.kind]
    reached = sum(phase.share_of(job) for phase in PHASES[:place]) + PHASES[place].share_of(job) * present.reached
    if reached - job.progress < 0.005 or job.status.is_final:
        return
    job.progress = round(reached, 4)
    told = {"progress": job.progress, "stage": job.stage, "done": job.steps_done, "total": job.steps_total}
    record(session, job, "job.progress", told)


def _succeed(session: Session, job: Job) -> None:
    job.progress = 1.0
    _end(session, job, JobStatus.SUCCEEDED, {"revision": job.revision})


def fail(session: Session, job: Job, step: Step, problem: Document) -> None:
    """A step failed for good, and its job with it; the history of the step is kept in the job's error."""
    told = {**problem, "stage": step.stage, "step": step.id, "attempts": Steps(session).history(step)}
    job.error = told
    _end(session, job, JobStatus.FAILED, {"error": {key: told[key] for key in ("kind", "detail", "stage")}})


def cancel(session: Session, job: Job) -> None:
    """End a job now; workers leave its steps at their next heartbeat. Raises Conflict when it has ended."""
    _check_active(job)
    job.cancel_requested_at = func.now()
    _end(session, job, JobStatus.CANCELED)


def expire(session: Session, job: Job) -> None:
    """End a job whose deadline has passed. Raises Conflict when it has ended."""
    _check_active(job)
    _end(session, job, JobStatus.EXPIRED)


def _check_active(job: Job) -> None:
    if job.status.is_final:
        raise Conflict(
            f"The job has already {job.status.value}." if job.status in _DONE else f"The job is {job.status.value}."
        )


_DONE = (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.EXPIRED)


def _end(session: Session, job: Job, status: JobStatus, data: Document | None = None) -> None:
    job.status = status
    setattr(job, f"{status.value}_at", func.now())
    job.expires_at = func.now() + timedelta(seconds=job.keep or settings().retention)
    Steps(session).cancel_queued(job)
    session.flush()
    record(session, job, f"job.{status.value}", data)


def retry(session: Session, job: Job) -> None:
    """Let a job that failed, was canceled or expired go on from what is done.

    Raises:
        Conflict: it still runs, or has succeeded; or its film is gone.
    """
    if job.status in ACTIVE or job.status is JobStatus.SUCCEEDED:
        raise Conflict(f"The job is {job.status.value}; only failed, canceled and expired jobs can be tried again.")
    _check_film(job)
    _reopen(session, job, "job.queued")
    left = [step for step in Steps(session).unfinished(job) if step.state is not StepState.RUNNING]
    for step in left:
        step.state, step.failures, step.not_before = StepState.QUEUED, 0, func.now()
        outbox.post(session, step.queue, job.traceparent)
    session.flush()
    if not left:
        _go_on(session, job)


def _go_on(session: Session, job: Job) -> None:
    """From wherever the job's steps have come to."""
    if session.scalar(select(Step.id).where(Step.job_id == job.id, Step.revision == job.revision).limit(1)) is None:
        _enter(session, job, _FIRST)
    elif not Steps(session).unfinished(job):
        advance(session, job)


def render(session: Session, job: Job) -> None:
    """Begin a new round after an edit of the cue sheet: what the edit made stale is made again.

    Raises:
        Conflict: the job still runs, or has no cue sheet yet; or its film is gone.
    """
    if job.status in ACTIVE:
        raise Conflict(f"The job is {job.status.value}; wait until it has ended, or cancel it.")
    sheet = session.get(Sheet, job.id)
    if sheet is None:
        raise Conflict("The job has no cue sheet yet, so there is nothing to render; try it again instead.")
    _check_film(job)
    _reopen(session, job, "job.rendering")
    job.revision += 1
    sheet.edited_at = None
    _enter(session, job, ORDER["design"] if _redesigns(session, job, sheet) else ORDER["compose"])


def _redesigns(session: Session, job: Job, sheet: Sheet) -> bool:
    """Whether hints or borders of scenes were edited; the scenes to be designed are then the edited ones."""
    edited = CueSheet.model_validate(sheet.document)
    edits = edits_between(CueSheet.model_validate(sheet.baseline), edited)
    if not edits.hints and edits.scenes is None:
        return False
    write_scenes(session, job, edited.scenes)
    session.flush()
    return True


def _reopen(session: Session, job: Job, event: str) -> None:
    job.status = JobStatus.QUEUED
    job.queued_at = func.now()
    for status in (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELED, JobStatus.EXPIRED):
        setattr(job, f"{status.value}_at", None)
    job.running_at = job.cancel_requested_at = job.expires_at = job.error = job.deadline_at = None
    job.progress = 0.0
    session.flush()
    record(session, job, event)


def _check_film(job: Job) -> None:
    if job.asset_id is None and job.source.get("kind") == "upload":
        raise Conflict("The film of this job is gone; upload it again and create a new job.")
