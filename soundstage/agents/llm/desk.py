"""The desk at which models are asked: one question in, one checked answer out, all of it written down.

A question is a prompt, material and pictures. Its answer is remembered by the hash of all that went into it; what does
not fit the question's structure or check goes back to the model with what is wrong, a limited number of times.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import BoundedSemaphore
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel
from pydantic_ai import Agent, ModelRetry, NativeOutput, PromptedOutput, RunContext, ToolOutput, UserContent
from pydantic_ai.usage import RunUsage

from soundstage.agents.llm import models
from soundstage.agents.llm.failures import failure_of, is_glitch
from soundstage.agents.llm.pictures import Shown
from soundstage.agents.llm.settings import AgentSettings, ModelSettings, Role
from soundstage.agents.llm.switchboard import Call, Line
from soundstage.agents.prompts import prompt
from soundstage.agents.record import Amount, Budget, Exchange, Spent
from soundstage.agents.together import side_by_side
from soundstage.cuesheet import digest
from soundstage.errors import BadOption, BudgetSpent, SoundstageError

VERSION = 1
_ANSWER = TypeVar("_ANSWER", bound=BaseModel)
_MODES: Mapping[str, type] = {"tool": ToolOutput, "native": NativeOutput, "prompted": PromptedOutput}
# What a question may cost before it is known: four characters a token, a picture as most models count one, an answer.
_CHARACTERS_A_TOKEN, _TOKENS_A_PICTURE, _TOKENS_AN_ANSWER = 4, 800, 400
_LONGEST_ANSWER = 20_000
_LEFT = SoundstageError("The question was left before it was answered.")
_UNPRICED = (
    "What the {role}'s model {model} costs is not known, so a budget in dollars cannot be kept; "
    "set input_price and output_price, or give a budget in tokens."
)

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
        """Open the desk, for models that can be asked.

        Args:
            settings: of the models.
            memory: of answers.
            record: told of every exchange.
            budget: of the job.

        Raises:
            BadOption: a model cannot be asked, or its price is not known and the budget is in dollars.
            MissingPart: a provider's client is not installed.
        """
        self.settings = settings
        self.models: Mapping[Role, ModelSettings] = {role: settings.of(role) for role in Role}
        self._memory = memory
        self._record = record
        self._spent = Spent(budget)
        self._line = Line(BoundedSemaphore(settings.concurrency), self._spent.wake)
        for role, each in self.models.items():  # refused now, not in the middle of a film
            models.model_of(each)
            if budget.dollars is not None and models.price_of(1, 1, each) is None:
                raise BadOption(_UNPRICED.format(role=role, model=each.model))

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
            CancelledError: the question was left.
        """
        return self._answer(question, self._line)

    def ask_all(self, questions: Sequence[Question[_ANSWER]]) -> list[_ANSWER]:
        """The answers to several questions asked at the same time, in their order.

        Raises as `ask`; the others of them are left then.
        """
        with self._line.branch() as line:
            return side_by_side(
                lambda question: self._answer(question, line), questions, self.settings.concurrency, line.leave
            )

    def _answer(self, question: Question[_ANSWER], line: Line) -> _ANSWER:
        settings = self.models[Role(prompt(question.prompt).role)]
        key = _key(question, settings)
        known = self._memory.recall(key, question.answer)
        if known is not None:
            return known
        answer = self._paid(question, settings, line)
        if isinstance(answer, SoundstageError):
            raise answer
        self._memory.remember(key, answer)
        return answer

    def _paid(self, question: Question[_ANSWER], settings: ModelSettings, line: Line) -> _ANSWER | SoundstageError:
        """Ask, and account for it whatever becomes of it: a question that is left has cost its corrections too."""
        call, usage = line.call(), RunUsage()
        guess = self._set_aside(question, settings, call)
        seconds = 0.0
        answer: _ANSWER | SoundstageError = _LEFT
        try:
            seconds, answer = call.ask(lambda: self._timed(question, settings, usage))
        finally:
            exchange = _exchange(question, settings, usage, seconds, answer)
            self._spent.settle(guess, exchange)
            if answer is not _LEFT or usage.requests:
                self._record(exchange)
        return answer

    def _set_aside(self, question: Question[_ANSWER], settings: ModelSettings, call: Call) -> Amount:
        guess = _guess(question, settings)
        if not self._spent.set_aside(guess, lambda: call.is_left):
            if call.is_left:
                raise CancelledError
            raise BudgetSpent(
                f"The budget of this job is spent ({self._spent.told()}; the next question may need more); "
                "raise it, or let the house cast go on from here."
            )
        return guess

    async def _timed(
        self, question: Question[_ANSWER], settings: ModelSettings, usage: RunUsage
    ) -> tuple[float, _ANSWER | SoundstageError]:
        started = time.perf_counter()
        answer = await self._patiently(question, settings, usage)
        return time.perf_counter() - started, answer

    async def _patiently(
        self, question: Question[_ANSWER], settings: ModelSettings, usage: RunUsage
    ) -> _ANSWER | SoundstageError:
        """Ask again when what came was no answer at all; the client does so only for what it calls a failure."""
        role, left, glitches = prompt(question.prompt).role, self.settings.corrections, 0
        while True:
            try:
                return await self._once(question, settings, usage, left)
            except Exception as error:  # whatever the client raises becomes one of ours
                glitches += 1
                left = self.settings.corrections - usage.requests - glitches
                if not is_glitch(error) or left < 0:
                    return failure_of(error, role, settings, self.settings)

    async def _once(
        self, question: Question[_ANSWER], settings: ModelSettings, usage: RunUsage, corrections: int
    ) -> _ANSWER:
        agent: Agent[Check, _ANSWER] = _agent(question.prompt, question.answer, settings.output)
        run = await agent.run(
            [*_shown(question)],
            model=models.model_of(settings),
            deps=question.check,
            usage=usage,
            model_settings=models.request_settings(settings, self.settings),
            retries=corrections,
        )
        return run.output


def _guess(question: Question[_ANSWER], settings: ModelSettings) -> Amount:
    """What a question may cost."""
    characters = len(prompt(question.prompt).text) + len(_told(question.material))
    asked = characters // _CHARACTERS_A_TOKEN + len(question.pictures) * _TOKENS_A_PICTURE
    price = models.price_of(asked, _TOKENS_AN_ANSWER, settings)
    return Amount(asked + _TOKENS_AN_ANSWER, price or 0.0)


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
    """One JSON document. No tag stands in it: models and their servers take some for the end of what is told."""
    told = json.dumps(material, ensure_ascii=False, indent=1, default=str).replace("<", r"\u003c")
    return told.encode("utf-8", "replace").decode()


def _key(question: Question[_ANSWER], settings: ModelSettings) -> str:
    pictures = [(shown.told, digest(shown.content.base64)) for shown in question.pictures]
    asked = [settings.model, settings.temperature, settings.output]  # wherever it is served
    told, shape = _told(question.material), _shape(question.answer)
    return digest(["answer", VERSION, str(prompt(question.prompt)), asked, told, shape, pictures])


@cache
def _shape(answer: type[BaseModel]) -> str:
    """The structure of an answer, by its schema."""
    return digest(answer.model_json_schema())
