"""Who talks over a job's film: the cast that its options name, whose every answer is kept in the ledger at once."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
from pydantic import BaseModel

from services.backbone import metrics
from services.backbone.dispatch.claims import Claim
from services.backbone.errors import Unavailable
from services.backbone.ledger.repositories.talks import Talks, Usage, usage_in, usage_of
from services.backbone.ledger.sessions import transaction
from services.backbone.options import JobOptions
from services.backbone.workbench import Workbench
from soundstage.agents.house import house_cast
from soundstage.agents.llm.settings import agent_settings
from soundstage.agents.names import CastName
from soundstage.agents.record import NOTHING, Budget, Exchange
from soundstage.agents.roles import Cast
from soundstage.workfolder import WorkFolder

# How long the end of a step is held for a ledger that is away, so that it hears what was spent.
_PATIENCE = 30.0
_ANSWER = TypeVar("_ANSWER", bound=BaseModel)
_log = structlog.get_logger()


@contextmanager
def cast_of(bench: Workbench) -> Iterator[Cast]:
    """The cast of the job on a bench, for the time of a step.

    Raises:
        MissingPart: models are to be asked, and what asks them is not installed.
        BadOption: no model is named for a role.
    """
    options = bench.order.options
    house = house_cast(options.seed)
    if options.cast is CastName.HOUSE:
        yield house
        return
    with _spending(bench.claim, usage_in(bench.order.usage)) as spendings:
        yield _models(bench, spendings, house)


def _models(bench: Workbench, spendings: "Spendings", house: Cast) -> Cast:
    from soundstage.agents.llm import llm_cast

    options = bench.order.options
    return llm_cast(
        agent_settings(),
        memory=LedgerMemory(bench.claim.job_id, bench.folder),
        record=spendings.record,
        budget=spendings.budget(options),
        understudy=house if options.fallback else None,
    )


@dataclass(frozen=True)
class LedgerMemory:
    """Answers of models: in the work folder, as laid out of the ledger, and each new one in the ledger at once.

    So what was paid for is not asked again, whatever becomes of the attempt.
    """

    job_id: str
    folder: WorkFolder
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def recall(self, key: str, model: type[_ANSWER], /) -> _ANSWER | None:
        """The answer of that key, or None."""
        return self.folder.recall(key, model)

    def remember(self, key: str, result: BaseModel, /) -> None:
        """Keep an answer; from a ledger that is away it is kept with the end of the step."""
        with self._lock:  # two threads may have asked the same
            self.folder.remember(key, result)
        try:
            with transaction() as session:
                Talks(session, self.job_id).remember(key, result.model_dump(mode="json"))
        except Unavailable as away:
            _log.warning("an answer waits for the ledger", reason=str(away))


class Spendings:
    """Writes into the ledger what a step asks of models, one small transaction a question; from several threads."""

    def __init__(self, claim: Claim, before: Usage) -> None:
        """Args: claim: whose step asks. before: what its job had asked when the step began."""
        self._claim = claim
        self._before = before.amount
        self._own = self._elsewhere = NOTHING
        self._waiting: list[Exchange] = []
        self._lock = threading.Lock()

    def budget(self, options: JobOptions) -> Budget:
        """What the job may spend, less what it has spent; other steps of it are heard of with every question."""
        return Budget(options.most_tokens, options.most_dollars, self._before, lambda: self._elsewhere)

    def record(self, exchange: Exchange) -> None:
        """Write a question down; while the ledger is away, it waits for the next."""
        metrics.count_question(exchange)
        with self._lock:
            self._waiting.append(exchange)
            self._write()

    def close(self, patience: float) -> None:
        """Write what still waits, for so many seconds."""
        until = time.monotonic() + patience
        with self._lock:
            while self._waiting and not self._write() and time.monotonic() < until:
                time.sleep(0.5)

    def _write(self) -> bool:
        try:
            with transaction() as session:
                total = Talks(session, self._claim.job_id).add(self._claim.step_id, self._waiting)
        except Unavailable as away:
            _log.warning("what was spent waits for the ledger", questions=len(self._waiting), reason=str(away))
            return False
        self._own = usage_of(self._waiting).amount + self._own
        if total is not None:
            self._elsewhere = total.amount - self._before - self._own
        self._waiting.clear()
        return True


@contextmanager
def _spending(claim: Claim, before: Usage) -> Iterator[Spendings]:
    spendings = Spendings(claim, before)
    try:
        yield spendings
    except BaseException:
        spendings.close(0)
        raise
    spendings.close(_PATIENCE)
