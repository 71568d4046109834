from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from services.backbone.dispatch import claims, flow, sweeper
from services.backbone.dispatch.claims import Stop
from services.backbone.dispatch.heartbeat import settle
from services.backbone.dispatch.products import Product
from services.backbone.errors import Unreachable
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Attempt, Job, JobStatus, Outcome, Step, StepState
from services.backbone.settings import settings
from soundstage.errors import BadFilm, SoundstageError
from tests.services.backbone.dispatch.conftest import (
    Desk,
    events,
    let_backoff_pass,
    let_leases_run_out,
    made,
    messages,
    states,
    status,
)


def outcomes(step_id: str) -> list[Outcome | None]:
    with transaction() as session:
        return list(session.scalars(select(Attempt.outcome).where(Attempt.step_id == step_id).order_by(Attempt.number)))


def test_a_claim_lets_its_job_run(desk: Desk):
    job = desk.job()
    desk.claim("media")
    assert status(job) is JobStatus.RUNNING
    assert events(job)[-1] == "job.running"


def test_a_step_is_claimed_once(desk: Desk):
    desk.job()
    assert desk.claim("media") is not None
    assert desk.claim("media") is None


def test_many_workers_at_once_claim_every_step_once(desk: Desk):
    account = desk.account()
    for _ in range(30):
        desk.job(account)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: desk.claim("media"), range(40)))
    steps = [claim.step_id for claim in found if claim]
    assert len(steps) == len(set(steps))
    while claim := desk.claim("media"):
        steps.append(claim.step_id)
    assert len(set(steps)) == 30


def test_an_account_runs_no_more_steps_than_it_may(desk: Desk):
    account = desk.account(concurrency=2)
    for _ in range(8):
        desk.job(account)
    with ThreadPoolExecutor(4) as pool:
        found = [claim for claim in pool.map(lambda _: desk.claim("media"), range(8)) if claim]
    assert len(found) == 2
    claims.finish(found[0], made(found[0]))
    assert desk.claim("media") is not None


def test_who_runs_as_much_as_it_may_does_not_hold_up_others(desk: Desk):
    full = desk.account(concurrency=1)
    for _ in range(3):
        desk.job(full)
    desk.claim("media")
    other = desk.job()
    claim = desk.claim("media")
    assert claim is not None
    assert claim.job_id == other


def test_steps_of_one_kind_are_claimed_together(desk: Desk):
    for _ in range(3):
        desk.job()
    assert len(claims.claim("media", "test", limit=2)) == 2


def test_a_stale_attempt_writes_nothing(desk: Desk):
    job = desk.job()
    stale = desk.claim("media")
    assert stale is not None
    let_leases_run_out()
    sweeper.reclaim()
    let_backoff_pass()
    again = desk.claim("media")
    assert again is not None
    assert again.attempt == stale.attempt + 1
    assert not claims.finish(stale, Product(film={"shots": 1, "of": "the stale one"}))
    assert claims.finish(again, made(again))
    with transaction() as session:
        assert "of" not in session.get_one(Job, job).film
    assert outcomes(stale.step_id) == [Outcome.LOST, Outcome.DONE]


def test_a_stale_attempt_hears_that_it_is_fenced_off(desk: Desk):
    desk.job()
    stale = desk.claim("media")
    assert stale is not None
    let_leases_run_out()
    sweeper.reclaim()
    assert claims.renew(stale, 0.5) is Stop.FENCED


def test_a_renewed_lease_is_not_taken(desk: Desk):
    desk.job()
    claim = desk.claim("media")
    assert claim is not None
    let_leases_run_out()
    assert claims.renew(claim, 0.5) is None
    assert sweeper.reclaim() == 0


def test_handing_in_twice_counts_once(desk: Desk):
    job = desk.job()
    claim = desk.claim("media")
    assert claim is not None
    assert claims.finish(claim, made(claim))
    before = messages()
    assert not claims.finish(claim, made(claim))
    assert messages() == before
    assert states(job) == {"read": StepState.DONE, "describe": StepState.QUEUED}


@pytest.mark.parametrize(
    ("error", "after"),
    [
        (BadFilm("It is a text."), JobStatus.FAILED),
        (Unreachable("It does not answer."), JobStatus.RUNNING),
        (ZeroDivisionError(), JobStatus.RUNNING),
    ],
    ids=["bad input is not tried again", "a foreign server is", "a fault of ours is"],
)
def test_what_is_tried_again(desk: Desk, error: Exception, after: JobStatus):
    job = desk.job()
    claim = desk.claim("media")
    assert claim is not None
    claims.fail(claim, error)
    assert status(job) is after


def test_a_step_that_failed_waits_before_it_comes_again(desk: Desk):
    desk.job()
    claim = desk.claim("media")
    assert claim is not None
    claims.fail(claim, Unreachable("It does not answer."))
    assert desk.claim("media") is None
    let_backoff_pass()
    assert desk.claim("media") is not None


def test_a_poison_step_ends_its_job_with_its_history(desk: Desk):
    job = desk.job()
    for _ in range(settings().attempts):
        let_backoff_pass()
        claim = desk.claim("media")
        assert claim is not None
        let_leases_run_out()
        sweeper.reclaim()
    assert status(job) is JobStatus.FAILED
    with transaction() as session:
        error = session.get_one(Job, job).error
    assert error is not None
    assert error["kind"] == "lost"
    assert [attempt["outcome"] for attempt in error["attempts"]] == ["lost"] * settings().attempts


def test_the_inside_of_a_fault_is_not_told(desk: Desk):
    job = desk.job()
    for _ in range(settings().attempts):
        let_backoff_pass()
        claim = desk.claim("media")
        assert claim is not None
        claims.fail(claim, RuntimeError("password=hunter2"))
    with transaction() as session:
        assert "hunter2" not in str(session.get_one(Job, job).error)


def test_where_a_worker_keeps_files_is_not_told(desk: Desk):
    job = desk.job()
    claim = desk.claim("media")
    assert claim is not None
    claims.fail(claim, BadFilm(f"{settings().scratch}/step_1-abc/film/holiday.mp4 is text, not a film."))
    with transaction() as session:
        error = session.get_one(Job, job).error
    assert error is not None
    assert error["detail"] == "holiday.mp4 is text, not a film."


def test_what_is_handed_back_comes_at_once_and_counts_for_nothing(desk: Desk):
    job = desk.job()
    for _ in range(settings().attempts + 2):
        claim = desk.claim("media")
        assert claim is not None
        claims.hand_back(claim)
    assert status(job) is JobStatus.RUNNING
    with transaction() as session:
        assert session.get_one(Step, claim.step_id).failures == 0


def test_who_works_on_a_canceled_job_hears_of_it(desk: Desk):
    job = desk.job()
    claim = desk.claim("media")
    assert claim is not None
    with transaction() as session:
        flow.cancel(session, session.get_one(Job, job, with_for_update=True))
    assert claims.renew(claim, 0.1) is Stop.CANCELED
    claims.hand_back(claim)
    assert states(job) == {"read": StepState.CANCELED}


def test_a_step_that_is_left_after_its_job_was_tried_again_is_worked(desk: Desk):
    job = desk.job()
    claim = desk.claim("media")
    assert claim is not None
    with transaction() as session:
        flow.cancel(session, session.get_one(Job, job, with_for_update=True))
    heard = claims.renew(claim, 0.1)
    with transaction() as session:
        flow.retry(session, session.get_one(Job, job, with_for_update=True))
    assert heard is Stop.CANCELED
    settle(claim, heard)
    desk.work_all()
    assert status(job) is JobStatus.SUCCEEDED


def test_what_was_made_for_a_canceled_job_is_not_taken(desk: Desk):
    job = desk.job()
    claim = desk.claim("media")
    assert claim is not None
    with transaction() as session:
        flow.cancel(session, session.get_one(Job, job, with_for_update=True))
    assert not claims.finish(claim, made(claim))
    assert status(job) is JobStatus.CANCELED


def test_every_error_has_a_kind_that_is_told(desk: Desk):
    def kinds(error: type[SoundstageError]) -> list[str]:
        return [error.kind, *(kind for each in error.__subclasses__() for kind in kinds(each))]

    assert all(kind == kind.lower() and " " not in kind for kind in kinds(SoundstageError))
