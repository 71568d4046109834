"""What was asked of models, and what it cost: one record for each question."""

import threading
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


class Exchange(BaseModel):
    """One question to a model and what came of it, told whatever became of it.

    `prompt` is the prompt's name and version (`designer_draft@1`); `requests` counts the answers that came, corrected
    ones too; `cost` is in US dollars, None where the model's price is not known; `problem` says why there is no answer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: str
    prompt: str
    model: str
    answer: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None
    seconds: float = 0.0
    requests: int = 0
    problem: str | None = None


@dataclass(frozen=True)
class Budget:
    """What a job may spend on models, None without limit, and what it has spent before."""

    tokens: int | None = None
    dollars: float | None = None
    spent_tokens: int = 0
    spent_dollars: float = 0.0


@dataclass(frozen=True)
class Promise:
    """What a question may cost, before it is known."""

    tokens: int
    dollars: float = 0.0


class Spent:
    """What a job has spent so far, counted from several threads."""

    def __init__(self, budget: Budget) -> None:
        """Args: budget: with what was spent before."""
        self.budget = budget
        self.tokens = budget.spent_tokens
        self.dollars = budget.spent_dollars
        self._promised = Promise(0)
        self._lock = threading.Lock()

    def promise(self, asked: Promise) -> bool:
        """Set aside what a question may cost; False when the budget does not hold it any more."""
        with self._lock:
            promised = Promise(self._promised.tokens + asked.tokens, self._promised.dollars + asked.dollars)
            if not self._holds(promised):
                return False
            self._promised = promised
            return True

    def _holds(self, promised: Promise) -> bool:
        tokens, dollars = self.budget.tokens, self.budget.dollars
        holds_tokens = tokens is None or self.tokens + promised.tokens <= tokens
        return holds_tokens and (dollars is None or self.dollars + promised.dollars <= dollars)

    def told(self) -> str:
        """What was spent, of what may be: `120 of 2500 tokens`."""
        limits = (
            ("{:.0f} of {:.0f} tokens", self.tokens, self.budget.tokens),
            ("{:.2f} of {:.2f} dollars", self.dollars, self.budget.dollars),
        )
        return ", ".join(words.format(spent, most) for words, spent, most in limits if most is not None)

    def settle(self, asked: Promise, exchange: Exchange) -> None:
        """Count what a question has cost in place of what was set aside for it."""
        with self._lock:
            self._promised = Promise(self._promised.tokens - asked.tokens, self._promised.dollars - asked.dollars)
            self.tokens += exchange.tokens_in + exchange.tokens_out
            self.dollars += exchange.cost or 0.0
