"""What models are asked over one job's film: their answers, and what they cost, as soon as it is known."""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.backbone.ids import new_id
from services.backbone.ledger.tables import Job, Memory, Turn
from services.backbone.ledger.tables.base import Document
from soundstage.agents.llm.understudy import HOUSE
from soundstage.agents.record import Amount, Exchange

_AGENTS = "agents"


class Usage(BaseModel):
    """What a job has asked of models so far.

    `cost` is in US dollars, of the questions whose price is known; None when none is. `stood_in` counts how often the
    house cast answered in a model's place.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    questions: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None
    stood_in: int = 0

    @property
    def amount(self) -> Amount:
        """What it comes to: tokens asked and answered, and dollars as far as prices are known."""
        return Amount(self.tokens_in + self.tokens_out, self.cost or 0.0)

    def after(self, exchange: Exchange) -> "Usage":
        """With one question more, or one that the house answered."""
        if exchange.model == HOUSE:
            return self.model_copy(update={"stood_in": self.stood_in + 1})
        known = [cost for cost in (self.cost, exchange.cost) if cost is not None]
        return Usage(
            questions=self.questions + 1,
            tokens_in=self.tokens_in + exchange.tokens_in,
            tokens_out=self.tokens_out + exchange.tokens_out,
            cost=round(sum(known), 6) if known else None,
            stood_in=self.stood_in,
        )


def usage_in(document: Document | None) -> Usage:
    """What a job has asked of models, of its `usage`."""
    return Usage.model_validate((document or {}).get(_AGENTS, {}))


def usage_of(exchanges: Iterable[Exchange]) -> Usage:
    """What some questions come to."""
    return reduce(Usage.after, exchanges, Usage())


class Talks:
    """The talk with models over one job's film. A job that is gone is not written of."""

    def __init__(self, session: Session, job_id: str) -> None:
        """Args: session: of the transaction that writes. job_id: whose film."""
        self._session = session
        self._job_id = job_id

    def remember(self, key: str, document: Document) -> None:
        """Keep an answer under the hash of its question; the first one counts."""
        kept = select(Job.id).where(Job.id == self._job_id).with_for_update(read=True, key_share=True)
        if self._session.scalar(kept) is None:
            return
        row = {"job_id": self._job_id, "key": key, "document": document}
        self._session.execute(insert(Memory).values(row).on_conflict_do_nothing())

    def add(self, step_id: str, exchanges: Sequence[Exchange]) -> Usage | None:
        """Write down what was asked in a step, behind all that was said before.

        Returns:
            What the job has asked by now, in all of its steps; None of a job that is gone.
        """
        job = self._session.scalar(select(Job).where(Job.id == self._job_id).with_for_update())
        if job is None:
            return None
        usage = usage_in(job.usage)
        for place, exchange in enumerate(exchanges, start=next_position(self._session, job.id)):
            self._session.add(_turn(job.id, step_id, place, exchange))
            usage = usage.after(exchange)
        job.usage = {**(job.usage or {}), _AGENTS: usage.model_dump(mode="json")}
        return usage

    def exchanges(self) -> Iterator[Exchange]:
        """All that was asked so far, in order."""
        asked = select(Turn).where(Turn.job_id == self._job_id, Turn.model.is_not(None)).order_by(Turn.position)
        return map(_exchange, self._session.scalars(asked))


def next_position(session: Session, job_id: str) -> int:
    """The place of the next turn in a job's talk; the job is locked."""
    last = session.scalar(select(func.max(Turn.position)).where(Turn.job_id == job_id))
    return 0 if last is None else last + 1


def _turn(job_id: str, step_id: str, position: int, exchange: Exchange) -> Turn:
    return Turn(
        id=new_id("turn"),
        job_id=job_id,
        step_id=step_id,
        position=position,
        role=exchange.role[:24],
        text=(exchange.problem or exchange.answer).replace("\0", ""),
        model=exchange.model[:120],
        prompt_version=exchange.prompt[:40],
        tokens_in=exchange.tokens_in,
        tokens_out=exchange.tokens_out,
        cost=exchange.cost,
        seconds=exchange.seconds,
    )


def _exchange(turn: Turn) -> Exchange:
    is_answer = turn.text.startswith("{")  # a model's is JSON; why there is none is told in a sentence
    return Exchange(
        role=turn.role,
        prompt=turn.prompt_version or "",
        model=turn.model or "",
        answer=turn.text if is_answer else "",
        tokens_in=turn.tokens_in or 0,
        tokens_out=turn.tokens_out or 0,
        cost=turn.cost,
        seconds=turn.seconds or 0.0,
        problem=None if is_answer else turn.text,
    )
