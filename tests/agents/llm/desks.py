"""A desk before a stand-in server, and a small question for it."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, Field

from soundstage.agents.llm.desk import Check, Desk, Question
from soundstage.agents.llm.settings import AgentSettings
from soundstage.agents.record import Budget, Exchange
from soundstage.errors import SoundstageError
from tests.agents.llm.scripted import Kept
from tests.agents.llm.standin import Reply, Standin, standin

GOOD = {"label": "rain", "level": -20.0}
TOO_LOUD = {"label": "rain", "level": 3.0}


class Sound(BaseModel):
    """An answer: small, and easily wrong."""

    label: str = Field(min_length=3, max_length=40)
    level: float = Field(ge=-60, le=-6)


@dataclass(frozen=True)
class Opened:
    """A desk, whom it asks, what it has recorded and what it remembers."""

    desk: Desk
    server: Standin
    memory: Kept
    exchanges: list[Exchange] = field(default_factory=list)


def settings_for(server: Standin, **changes: Any) -> AgentSettings:
    """Settings under which a test ends soon."""
    given = {"model": "local:stand-in", "base_url": server.url, "timeout": 60, "retries": 1, "corrections": 1}
    return AgentSettings.model_validate({**given, **changes})


def desk_for(server: Standin, budget: Budget | None = None, memory: Kept | None = None, **changes: Any) -> Opened:
    """A desk that asks this server."""
    kept, exchanges = Kept() if memory is None else memory, list[Exchange]()
    desk = Desk(settings_for(server, **changes), kept, exchanges.append, budget or Budget())
    return Opened(desk, server, kept, exchanges)


@contextmanager
def desk_before(reply: Reply, budget: Budget | None = None, **changes: Any) -> Iterator[Opened]:
    """A desk whose models answer so."""
    with standin(reply) as server:
        yield desk_for(server, budget, **changes)


def accepts(answer: Any) -> str | None:
    """The check that finds nothing wrong."""
    return None


def sound(what: str = "a park", check: Check = accepts, **changes: Any) -> Question[Sound]:
    """A question for one sound."""
    return Question(
        **{"prompt": "designer_draft", "answer": Sound, "material": {"scene": what}, "check": check, **changes}
    )


def ask_in_threads(opened: Opened, questions: Sequence[Question[Sound]]) -> list[Sound | BaseException]:
    """The answers to questions of as many threads, or why there is none."""

    def asked(question: Question[Sound]) -> Sound | BaseException:
        try:
            return opened.desk.ask(question)
        except (SoundstageError, CancelledError) as error:
            return error

    with ThreadPoolExecutor(len(questions)) as pool:
        return list(pool.map(asked, questions))


def wait_until(holds: Callable[[], bool]) -> None:
    """Waits for what another thread brings about."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)
