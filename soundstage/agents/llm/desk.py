"""The desk at which models are asked: one question in, one checked answer out, all of it written down.

A question is a prompt, material and pictures. Its answer is remembered by the hash of all that went into it; what does
not fit the question's structure or check goes back to the model with what is wrong, a limited number of times.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel
from pydantic_ai import Agent, ModelRetry, NativeOutput, PromptedOutput, RunContext, ToolOutput, UserContent
from pydantic_ai.usage import RunUsage

from soundstage.agents.llm import models
from soundstage.agents.llm.failures import failure_of, is_glitch
from soundstage.agents.llm.pictures import Shown
from soundstage.agents.llm.settings import AgentSettings, ModelSettings, Role
from soundstage.agents.llm.switchboard import Line
from soundstage.agents.prompts import prompt
from soundstage.agents.record import Budget, Exchange, Spent
from soundstage.cuesheet import digest
from soundstage.errors import BudgetSpent, SoundstageError

VERSION = 1
_ANSWER = TypeVar("_ANSWER", bound=BaseModel)
_MODES: Mapping[str, type] = {"tool": ToolOutput, "native": NativeOutput, "prompted": PromptedOutput}
# What a question may cost before it is known: four characters a token, a picture as most models count one, an answer.
_CHARACTERS_A_TOKEN, _TOKENS_A_PICTURE, _TOKENS_AN_ANSWER = 4, 800, 400
_LONGEST_ANSWER = 20_000

Check = Callable[[Any], str | None]


class Memory(Protocol):
    """Where answers are kept by the hash of their question."""

    def recall(self, key: str, model: type[_ANSWER], /) -> _ANSWER | None:
        """The answer of that key, or None."""
        ...

    def remember(self, key: str, result: BaseModel, /) -> None:
        """Keep an answer."""
        ...


@dataclass(frozen=True)
class Question(Generic[_ANSWER]):
    """What a role asks its model.

    `material` is what is known, as JSON; `check` says in a sentence what is wrong with an answer that fits the
    structure, None when nothing is.
    """

    prompt: str
    answer: type[_ANSWER]
    material: Mapping[str, object]
    pictures: Sequence[Shown] = ()
    check: Check = lambda answer: None


class Desk:
    """Asks the models of all roles, for one job. Safe to ask from several threads."""

    def __init__(
        self, settings: AgentSettings, memory: Memory, record: Callable[[Exchange], None], budget: Budget
    ) -> None:
        """Args: settings: of the models. memory: of answers. record: told of every exchange. budget: of the job."""
        self.settings = settings
        self.models: Mapping[Role, ModelSettings] = {role: settings.of(role) for role in Role}
        self._memory = memory
        self._record = record
        self._spent = Spent(budget)
        self._line = Line(settings.concurrency)
        for each in self.models.values():
            models.model_of(each)  # refused now, not in the middle of a film

    def leave(self) -> None:
        """Leave all open questions unanswered."""
        self._line.leave()

    def ask(self, question: Question[_ANSWER]) -> _ANSWER:
        """The answer: remembered, or asked for now.

        Raises:
            ModelAway: the service does not answer.
            ModelRefused: it will not serve this.
            BadAnswer: no answer fitted.
            BudgetSpent: the job may not spend any more.
        """
        settings = self.models[Role(prompt(question.prompt).role)]
        key = _key(question, settings)
        known = self._memory.recall(key, question.answer)
        if known is not None:
            return known
        promised = self._promise(question)
        exchange, answer = Exchange(role="", prompt="", model=""), None
        try:
            exchange, answer = self._line.ask(self._asked(question, settings))
        finally:
            self._spent.settle(promised, exchange)
        self._record(exchange)
        if isinstance(answer, SoundstageError):
            raise answer
        self._memory.remember(key, answer)
        return answer

    def ask_all(self, questions: Sequence[Question[_ANSWER]]) -> list[_ANSWER]:
        """The answers to several questions asked at the same time, in their order.

        Raises as `ask`; the others are left then.
        """
        with ThreadPoolExecutor(self.settings.concurrency) as pool:
            try:
                return list(pool.map(self.ask, questions))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.leave()
                raise

    def _promise(self, question: Question[_ANSWER]) -> int:
        characters = len(prompt(question.prompt).text) + len(_told(question.material))
        pictures = len(question.pictures) * _TOKENS_A_PICTURE
        promised = characters // _CHARACTERS_A_TOKEN + pictures + _TOKENS_AN_ANSWER
        if not self._spent.promise(promised):
            raise BudgetSpent(
                f"The budget of this job is spent ({self._spent.tokens} tokens, {self._spent.dollars:.2f} dollars); "
                "raise it, or let the house cast go on from here."
            )
        return promised

    async def _asked(
        self, question: Question[_ANSWER], settings: ModelSettings
    ) -> tuple[Exchange, _ANSWER | SoundstageError]:
        """Ask, and tell what it cost whatever comes of it."""
        usage, started = RunUsage(), time.perf_counter()
        answer = await self._patiently(question, settings, usage)
        return _exchange(question, settings, usage, time.perf_counter() - started, answer), answer

    async def _patiently(
        self, question: Question[_ANSWER], settings: ModelSettings, usage: RunUsage
    ) -> _ANSWER | SoundstageError:
        """Ask again when what came was no answer at all; the client does so only for what it calls a failure."""
        role, left = prompt(question.prompt).role, self.settings.corrections
        while True:
            try:
                return await self._once(question, settings, usage)
            except Exception as error:  # whatever the client raises becomes one of ours
                if not is_glitch(error) or left == 0:
                    return failure_of(error, role, settings, self.settings)
                left -= 1

    async def _once(self, question: Question[_ANSWER], settings: ModelSettings, usage: RunUsage) -> _ANSWER:
        agent: Agent[Check, _ANSWER] = _agent(question.prompt, question.answer, settings.output)
        run = await agent.run(
            [*_shown(question)],
            model=models.model_of(settings),
            deps=question.check,
            usage=usage,
            model_settings=models.request_settings(settings, self.settings),
            retries=self.settings.corrections,
        )
        return run.output


def _exchange(
    question: Question[_ANSWER], settings: ModelSettings, usage: RunUsage, seconds: float, answer: object
) -> Exchange:
    asked = prompt(question.prompt)
    return Exchange(
        role=asked.role,
        prompt=str(asked),
        model=settings.model or "",
        answer=answer.model_dump_json(exclude_defaults=True)[:_LONGEST_ANSWER] if isinstance(answer, BaseModel) else "",
        tokens_in=usage.input_tokens,
        tokens_out=usage.output_tokens,
        cost=models.cost_of(usage, settings),
        seconds=round(seconds, 3),
        requests=usage.requests,
        problem=str(answer) if isinstance(answer, Exception) else None,
    )


@lru_cache(maxsize=128)
def _agent(name: str, answer: type[_ANSWER], output: str | None) -> Agent[Check, _ANSWER]:
    shape: Any = _MODES[output](answer) if output else answer
    agent: Agent[Check, _ANSWER] = Agent(output_type=shape, instructions=prompt(name).text, deps_type=Check, name=name)

    @agent.output_validator
    def fits(context: RunContext[Check], answer: _ANSWER) -> _ANSWER:
        if problem := context.deps(answer):
            raise ModelRetry(problem)
        return answer

    return agent


def _shown(question: Question[_ANSWER]) -> Sequence[UserContent]:
    """The material as one JSON document, then the pictures, each behind its time."""
    pictures: list[UserContent] = []
    for shown in question.pictures:
        pictures += [shown.told, shown.content]
    return [f"The material:\n{_told(question.material)}", *pictures]


def _told(material: Mapping[str, object]) -> str:
    return json.dumps(material, ensure_ascii=False, indent=1, default=str)


def _key(question: Question[_ANSWER], settings: ModelSettings) -> str:
    pictures = [(shown.told, digest(shown.content.base64)) for shown in question.pictures]
    asked = [settings.model, settings.base_url, settings.temperature, settings.output]
    return digest(["answer", VERSION, str(prompt(question.prompt)), asked, _told(question.material), pictures])
