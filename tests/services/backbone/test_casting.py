from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from services.backbone.casting import LedgerMemory, Spendings
from services.backbone.dispatch.claims import Claim
from services.backbone.errors import Unavailable
from services.backbone.ledger.repositories.talks import Talks, Usage, usage_in
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Job, Memory, Turn
from services.backbone.options import JobOptions
from services.backbone.settings import Settings
from soundstage.agents.record import Amount, Exchange
from soundstage.cuesheet import Overview
from soundstage.workfolder import WorkFolder
from tests.services import rows

ASKED = Exchange(
    role="designer",
    prompt="designer_draft@1",
    model="openai-chat:m",
    answer='{"main":[]}',
    tokens_in=900,
    tokens_out=50,
    cost=0.01,
    seconds=4.5,
)
FAILED = ASKED.model_copy(update={"answer": "", "cost": None, "problem": "The designer's model is too busy."})
STOOD_IN = Exchange(role="designer", prompt="draft", model="house", problem="The designer's model is too busy.")


@pytest.fixture
def claim(service_settings: Settings) -> Claim:
    with transaction() as session:
        owner = rows.account(session)
        job = rows.job(session, owner)
    return Claim("step_1", 1, job.id, owner.id, 0, "design", "llm", {}, None)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[WorkFolder]:
    made = WorkFolder(tmp_path / "work")
    with made.locked():
        yield made


def turns(claim: Claim) -> list[Turn]:
    with transaction() as session:
        return list(session.scalars(select(Turn).where(Turn.job_id == claim.job_id).order_by(Turn.position)))


def usage(claim: Claim) -> Usage:
    with transaction() as session:
        return usage_in(session.get_one(Job, claim.job_id).usage)


def test_a_question_is_a_turn_at_once(claim: Claim):
    Spendings(claim, Usage()).record(ASKED)
    (turn,) = turns(claim)
    assert (turn.position, turn.step_id, turn.role, turn.text) == (0, "step_1", "designer", ASKED.answer)
    assert (turn.model, turn.prompt_version) == ("openai-chat:m", "designer_draft@1")
    assert (turn.tokens_in, turn.tokens_out, turn.cost, turn.seconds) == (900, 50, 0.01, 4.5)


def test_questions_from_many_threads_stand_one_behind_the_other(claim: Claim):
    spendings = Spendings(claim, Usage())
    others = Spendings(claim, Usage())  # of another step of the job
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: (spendings if number % 2 else others).record(ASKED), range(24)))
    assert [turn.position for turn in turns(claim)] == list(range(24))
    assert usage(claim).questions == 24


@pytest.mark.parametrize(
    ("exchanges", "expected"),
    [
        pytest.param([ASKED, ASKED], Usage(questions=2, tokens_in=1800, tokens_out=100, cost=0.02), id="answers"),
        pytest.param([ASKED, FAILED], Usage(questions=2, tokens_in=1800, tokens_out=100, cost=0.01), id="a failure"),
        pytest.param([FAILED], Usage(questions=1, tokens_in=900, tokens_out=50), id="no known price"),
        pytest.param(
            [FAILED, STOOD_IN], Usage(questions=1, tokens_in=900, tokens_out=50, stood_in=1), id="the house stood in"
        ),
    ],
)
def test_what_a_job_has_spent_is_added_up(exchanges: list[Exchange], expected: Usage, claim: Claim):
    for exchange in exchanges:
        Spendings(claim, Usage()).record(exchange)
    assert usage(claim) == expected


def test_what_was_asked_can_be_told_again(claim: Claim):
    for exchange in (ASKED, FAILED, STOOD_IN):
        Spendings(claim, Usage()).record(exchange)
    with transaction() as session:
        assert list(Talks(session, claim.job_id).exchanges()) == [ASKED, FAILED, STOOD_IN]


def test_text_that_the_ledger_cannot_hold_is_made_to_fit(claim: Claim):
    Spendings(claim, Usage()).record(
        ASKED.model_copy(update={"answer": "{\0}", "model": "m" * 500, "prompt": "p" * 500})
    )
    (turn,) = turns(claim)
    assert (turn.text, len(turn.model), len(turn.prompt_version)) == ("{}", 120, 40)


def test_what_was_spent_waits_for_a_ledger_that_is_away(claim: Claim, monkeypatch: pytest.MonkeyPatch):
    spendings = Spendings(claim, Usage())
    with monkeypatch.context() as away:
        away.setattr("services.backbone.casting.transaction", _refuse)
        spendings.record(ASKED)
        assert turns(claim) == []
    spendings.close(0)
    assert len(turns(claim)) == 1


def _refuse() -> None:
    raise Unavailable("The database is away.")


def test_a_job_that_is_gone_is_not_written_of(claim: Claim, folder: WorkFolder):
    with transaction() as session:
        session.execute(delete(Job).where(Job.id == claim.job_id))
    Spendings(claim, Usage()).record(ASKED)
    LedgerMemory(claim.job_id, folder).remember("a" * 32, Overview(summary="a street"))
    assert turns(claim) == []


def test_an_answer_is_kept_at_once_and_the_first_one_counts(claim: Claim, folder: WorkFolder):
    memory = LedgerMemory(claim.job_id, folder)
    memory.remember("a" * 32, Overview(summary="a street"))
    memory.remember("a" * 32, Overview(summary="a meadow"))
    with transaction() as session:
        kept = session.get_one(Memory, (claim.job_id, "a" * 32)).document
    assert Overview.model_validate(kept) == Overview(summary="a street")
    assert memory.recall("a" * 32, Overview) is not None


def test_an_answer_outlives_a_ledger_that_is_away(claim: Claim, folder: WorkFolder, monkeypatch: pytest.MonkeyPatch):
    memory = LedgerMemory(claim.job_id, folder)
    monkeypatch.setattr("services.backbone.casting.transaction", _refuse)
    memory.remember("a" * 32, Overview(summary="a street"))
    assert memory.recall("a" * 32, Overview) == Overview(summary="a street")


def test_a_budget_is_less_what_was_spent(claim: Claim):
    options = JobOptions(cast="llm", most_tokens=5000, most_dollars=2.5)
    before = Usage(questions=1, tokens_in=900, tokens_out=50, cost=0.25)
    budget = Spendings(claim, before).budget(options)
    assert (budget.tokens, budget.dollars, budget.spent) == (5000, 2.5, Amount(950, 0.25))


def test_what_steps_beside_it_have_spent_counts_from_its_next_question_on(claim: Claim):
    here, beside = Spendings(claim, Usage()), Spendings(claim, Usage())
    budget = here.budget(JobOptions(cast="llm", most_tokens=5000))
    for _ in range(2):
        beside.record(ASKED)
    assert budget.elsewhere() == Amount()
    here.record(ASKED)
    assert budget.elsewhere() == Amount(2 * 950, pytest.approx(0.02))
    here.record(FAILED)
    assert budget.elsewhere() == Amount(2 * 950, pytest.approx(0.02))
