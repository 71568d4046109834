import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from services.backbone.dispatch import claims, flow, sweeper
from services.backbone.dispatch.phases import ORDER, PHASES, SHOTS_A_STEP, SHOTS_A_STEP_OF_MODELS
from services.backbone.dispatch.products import Product
from services.backbone.dispatch.queues import ALL_QUEUES
from services.backbone.errors import Conflict
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Cue, Job, JobStatus, Sheet, Step, StepState
from soundstage.cuesheet import CueSheet
from soundstage.errors import BadFilm
from tests.services.backbone.dispatch.conftest import (
    SHEET,
    Desk,
    composed,
    events,
    let_backoff_pass,
    let_leases_run_out,
    made,
    messages,
    states,
    status,
)


def change(job_id: str, what: str) -> None:
    with transaction() as session:
        getattr(flow, what)(session, session.get_one(Job, job_id, with_for_update=True))


def edit(job_id: str, **scene: object) -> None:
    """A user's edit of the first scene."""
    first = SHEET.scenes[0].model_copy(update=scene)
    edited = SHEET.model_copy(update={"scenes": (first, *SHEET.scenes[1:])})
    with transaction() as session:
        session.get_one(Sheet, job_id).document = edited.model_dump(mode="json")


MODELS = {"options": {"cast": "llm"}}
HOUSE_KINDS = ("read", "describe", "storyboard", "design", "compose", "synthesize", "mix")


@pytest.mark.parametrize("share", ["share", "share_of_models"])
def test_the_shares_of_all_phases_are_the_whole(share: str):
    assert sum(getattr(phase, share) for phase in PHASES) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param({}, HOUSE_KINDS, id="house"),
        pytest.param(MODELS, (*HOUSE_KINDS[:6], "overview", "listen", "mix"), id="models"),
    ],
)
def test_a_job_goes_through_its_phases_in_order(columns: dict[str, object], expected: tuple[str, ...], desk: Desk):
    job = desk.job(**columns)
    desk.work_all()
    kinds = [kind for _, kind in desk.worked]
    assert kinds == sorted(kinds, key=lambda kind: ORDER[kind])
    assert set(kinds) == set(expected)
    assert status(job) is JobStatus.SUCCEEDED


def revised(number: int) -> CueSheet:
    """The sheet with another first cue."""
    first = SHEET.scenes[0]
    cue = first.cues[0].model_copy(update={"seed": 1000 + number})
    return SHEET.model_copy(update={"scenes": (first.model_copy(update={"cues": (cue,)}), *SHEET.scenes[1:])})


@pytest.mark.parametrize(
    ("revisions", "expected"),
    [
        pytest.param(0, ["listen"], id="all is well"),
        pytest.param(1, ["listen", "synthesize-2", "listen-2"], id="once"),
        pytest.param(2, ["listen", "synthesize-2", "listen-2", "synthesize-3", "listen-3"], id="twice"),
        pytest.param(
            3, ["listen", "synthesize-2", "listen-2", "synthesize-3", "listen-3", "synthesize-4"], id="three times"
        ),
    ],
)
def test_what_fell_short_is_made_and_heard_again(revisions: int, expected: list[str], desk: Desk):
    job = desk.job(**MODELS)
    kinds, sheets = [], iter([revised(number) for number in range(revisions)])
    held = desk.work_until("listen")
    while True:
        kinds.append(held.kind)
        if held.kind.startswith("listen"):
            sheet = next(sheets, None)
            product = composed(sheet) if sheet else Product()
        else:
            product = Product(silent={cue_row.identity: "a test" for cue_row in cues_of(job)})
        claims.finish(held, product)
        held = next(claim for queue in ALL_QUEUES if (claim := desk.claim(queue)))
        if held.kind == "mix":
            break
    assert kinds == expected


def cues_of(job_id: str) -> list[Cue]:
    with transaction() as session:
        return list(session.scalars(select(Cue).where(Cue.job_id == job_id)))


def test_a_listening_that_changes_cues_whose_takes_are_known_is_followed_by_another(desk: Desk):
    job = desk.job(**MODELS)
    held = desk.work_until("listen")
    claims.finish(held, composed(SHEET))  # as if nothing had to be made
    with transaction() as session:
        for cue in session.scalars(select(Cue).where(Cue.job_id == job)):
            cue.silent = "a test"
        session.execute(delete(Step).where(Step.job_id == job, Step.kind == "synthesize-2"))
        session.flush()
        flow.advance(session, session.get_one(Job, job))
    assert "listen-2" in states(job)


@pytest.mark.parametrize(
    ("looks", "unit"), [pytest.param("clip", {"clips": True}, id="clip"), pytest.param("keyframes", {}, id="keyframes")]
)
def test_a_film_is_read_for_clips_where_models_look_at_them(
    looks: str, unit: dict[str, object], desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SOUNDSTAGE_AGENTS__LOOKS", looks)
    desk.job()
    desk.job(**MODELS)
    assert [desk.claim("media").unit for _ in range(2)] == [{}, unit]


def test_steps_of_models_are_smaller(desk: Desk):
    desk.job(**MODELS)
    desk.work("media")
    desk.work("llm")
    assert messages("llm") == 1 + -(-100 // SHOTS_A_STEP_OF_MODELS)


def test_a_film_from_elsewhere_is_fetched_first(desk: Desk):
    job = desk.job()
    with transaction() as session:
        session.get_one(Job, job).asset_id = None
        session.delete(session.scalars(select(Step).where(Step.job_id == job)).one())
        session.flush()
        flow.start(session, session.get_one(Job, job))
    assert "fetch" in states(job)


def test_every_step_has_a_message(desk: Desk):
    desk.job()
    assert messages("media") == 1
    desk.work("media")
    assert messages("llm") == -(-100 // SHOTS_A_STEP)


@pytest.mark.parametrize("columns", [pytest.param({}, id="house"), pytest.param(MODELS, id="models")])
def test_progress_never_goes_back(columns: dict[str, object], desk: Desk):
    job = desk.job(**columns)
    reached = []
    while any(desk.work(queue) for queue in ("media", "llm", "gpu")):
        with transaction() as session:
            reached.append(session.get_one(Job, job).progress)
    assert reached == sorted(reached)
    assert reached[-1] == 1.0


def test_events_are_numbered_without_a_gap(desk: Desk):
    job = desk.job()
    desk.work_all()
    with transaction() as session:
        assert session.get_one(Job, job).event_seq == len(events(job))


def test_a_step_that_fails_for_good_ends_the_others(desk: Desk):
    job = desk.job()
    desk.work("media")
    claim = desk.claim("llm")
    assert claim is not None
    claims.fail(claim, BadFilm("It is a text."))
    assert status(job) is JobStatus.FAILED
    with transaction() as session:
        left = session.scalars(select(Step.state).where(Step.job_id == job)).all()
    assert StepState.QUEUED not in left


def test_a_retry_goes_on_from_what_is_done(desk: Desk):
    job = desk.job()
    desk.work("media")
    claim = desk.claim("llm")
    assert claim is not None
    claims.fail(claim, BadFilm("It is a text."))
    desk.worked.clear()
    change(job, "retry")
    desk.work_all()
    assert status(job) is JobStatus.SUCCEEDED
    assert "read" not in [kind for _, kind in desk.worked]


@pytest.mark.parametrize("what", ["retry", "render"])
def test_a_running_job_is_left_alone(desk: Desk, what: str):
    job = desk.job()
    with pytest.raises(Conflict):
        change(job, what)


def test_a_job_that_ended_is_not_canceled(desk: Desk):
    job = desk.job()
    desk.work_all()
    with pytest.raises(Conflict):
        change(job, "cancel")


def test_a_canceled_job_can_be_taken_up_again(desk: Desk):
    job = desk.job()
    desk.work("media")
    change(job, "cancel")
    assert desk.claim("llm") is None
    change(job, "retry")
    desk.work_all()
    assert status(job) is JobStatus.SUCCEEDED


def test_an_edited_cue_renders_that_cue_and_the_mix(desk: Desk):
    job = desk.job()
    desk.work_all()
    desk.worked.clear()
    cue = SHEET.scenes[0].cues[0].model_copy(update={"seed": 99})
    edit(job, cues=(cue,))
    change(job, "render")
    desk.work_all()
    assert desk.worked[0][1] == "compose"
    assert "design" not in [kind for _, kind in desk.worked]


def test_an_edited_hint_designs_again(desk: Desk):
    job = desk.job()
    desk.work_all()
    desk.worked.clear()
    edit(job, hint="a dog barks")
    change(job, "render")
    desk.work_all()
    assert desk.worked[0][1] == "design"
    assert status(job) is JobStatus.SUCCEEDED


def test_a_job_without_a_sheet_is_not_rendered(desk: Desk):
    job = desk.job()
    change(job, "cancel")
    with pytest.raises(Conflict, match="no cue sheet"):
        change(job, "render")


def test_like_cues_are_made_once(desk: Desk):
    job = desk.job()
    claim = desk.work_until("synthesize")
    with transaction() as session:
        cues = session.scalars(select(Cue).where(Cue.job_id == job)).all()
    assert len({cue.identity for cue in cues}) == len(cues) == len(claim.unit["cues"])


def test_a_deadline_ends_a_job(desk: Desk):
    from services.backbone.clock import utc_now

    job = desk.job(deadline_at=utc_now())
    assert sweeper.expire_jobs() == 1
    assert status(job) is JobStatus.EXPIRED


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(disturbances=st.lists(st.sampled_from(["die", "twice", "back", "late"]), max_size=12))
def test_whatever_happens_to_workers_every_step_is_done_once(desk: Desk, disturbances: list[str]):
    """Workers die, messages come twice, steps are handed back and late results come in: the job ends all the same."""
    job = desk.job()
    for what in disturbances:
        claim = next((c for queue in ("media", "llm", "gpu") if (c := desk.claim(queue))), None)
        if claim is None:
            break
        if what == "die" and claim.attempt < 3:
            let_leases_run_out()
            sweeper.reclaim()
            let_backoff_pass()
        elif what == "twice":
            assert claims.finish(claim, made(claim))
            assert not claims.finish(claim, made(claim))
        elif what == "back":
            claims.hand_back(claim)
        else:
            let_leases_run_out()
            sweeper.reclaim()
            let_backoff_pass()
            assert not claims.finish(claim, made(claim))
    with transaction() as session:
        for step in session.scalars(select(Step).where(Step.job_id == job, Step.state == StepState.RUNNING)):
            step.state = StepState.QUEUED
    let_backoff_pass()
    if status(job) is JobStatus.FAILED:  # too many disturbances of one step
        change(job, "retry")
    desk.work_all()
    assert status(job) is JobStatus.SUCCEEDED
