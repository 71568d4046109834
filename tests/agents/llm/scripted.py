"""Casts whose models say what a test wrote down, prompt by prompt, over a real socket."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from soundstage.agents.llm import llm_cast
from soundstage.agents.llm.settings import AgentSettings
from soundstage.agents.prompts import names, prompt
from soundstage.agents.record import Exchange
from soundstage.agents.roles import Cast
from tests.agents.llm.asked import Asked
from tests.agents.llm.standin import Reply, Standin, said, standin

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class Question:
    """What a role's model was asked: the prompt's name, the material, and all of it.

    `told` are the texts beside the material: the words before each picture, and corrections.
    """

    prompt: str
    material: dict[str, Any]
    told: tuple[str, ...]
    asked: Asked

    @property
    def corrections(self) -> tuple[str, ...]:
        """What was said of the answers that did not fit."""
        return tuple(str(m["content"]) for m in self.asked.messages if m["role"] == "tool")


Answer = Mapping[str, Any] | Callable[[Question], Mapping[str, Any]]


class Kept(dict[str, str]):
    """A memory of answers that ends with the test."""

    def recall(self, key: str, model: type[_Model], /) -> _Model | None:
        return model.model_validate_json(self[key]) if key in self else None

    def remember(self, key: str, result: BaseModel, /) -> None:
        self[key] = result.model_dump_json()


@dataclass(frozen=True)
class Played:
    """A cast, and what it asked."""

    cast: Cast
    server: Standin
    exchanges: list[Exchange] = field(default_factory=list)

    def questions(self, *prompts: str) -> list[Question]:
        """What was asked so far, of these prompts only if some are named; oldest first."""
        asked = map(question, self.server.requests)
        return [each for each in asked if not prompts or each.prompt in prompts]

    def prompts(self) -> list[str]:
        """The prompts that were asked, in order."""
        return [each.prompt for each in self.questions()]


def question(asked: Asked) -> Question:
    """What was asked, read; a system text of no prompt fails the test."""
    name = next(name for name in names() if prompt(name).text.strip() in asked.system)
    material, end = json.JSONDecoder().raw_decode(asked.user.removeprefix("The material:\n"))
    rest = asked.user.removeprefix("The material:\n")[end:]
    return Question(name, material, tuple(text for text in rest.split("\n\n") if text), asked)


def answering(answers: Mapping[str, Answer]) -> Reply:
    """The answer of the prompt that is asked; in a list, one after another, the last for ever."""

    def reply(asked: Asked) -> Reply:
        found = question(asked)
        answer = answers[found.prompt]
        return said(answer(found) if callable(answer) else answer)

    return reply


def in_order(*values: Mapping[str, Any]) -> Callable[[Question], Mapping[str, Any]]:
    """These answers one after another, the last for ever."""
    left = list(values)
    return lambda asked: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def playing(answers: Mapping[str, Answer], *, memory: Kept | None = None, **settings: Any) -> Iterator[Played]:
    """The llm cast before a server that answers so; one question at a time unless settings say otherwise."""
    exchanges: list[Exchange] = []
    with standin(answering(answers)) as server:
        chosen = AgentSettings(
            model="openai-chat:stand-in", base_url=server.url, **{"concurrency": 1, "timeout": 60, **settings}
        )
        kept = Kept() if memory is None else memory
        yield Played(llm_cast(chosen, memory=kept, record=exchanges.append), server, exchanges)


def captioned(summary: str, background: str = "a place", **changes: Any) -> dict[str, Any]:
    """A caption as a model gives it."""
    return {"background": background, "summary": summary, **changes}
