"""What was asked of models, and what it cost: one record for each question."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

# How many times its guess a question counts beside others, until one has cost more.
CAUTION = 3.0


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
class Amount:
    """What is spent on models, or may be."""

    tokens: int = 0
    dollars: float = 0.0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.tokens + other.tokens, self.dollars + other.dollars)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.tokens - other.tokens, self.dollars - other.dollars)

    def __mul__(self, times: float) -> "Amount":
        return Amount(round(self.tokens * times), self.dollars * times)


NOTHING = Amount()


@dataclass(frozen=True)
class Budget:
    """What a job may spend on models, None without limit, and what it has spent before.

    `elsewhere` says what others that work on the same job have spent of it meanwhile, as far as is known.
    """

    tokens: int | None = None
    dollars: float | None = None
    spent: Amount = NOTHING
    elsewhere: Callable[[], Amount] = lambda: NOTHING

    def holds(self, amount: Amount) -> bool:
        """Whether no more than this may be spent."""
        holds_tokens = self.tokens is None or amount.tokens <= self.tokens
        return holds_tokens and (self.dollars is None or amount.dollars <= self.dollars)


class Spent:
    """What a job has spent so far, counted from several threads.

    What a question will cost is a guess. One that is asked alone may use up what is left; beside others it counts
    several times, so that together they stay within the budget though each may cost more than was guessed. A question
    for which there is no room beside others waits for them.
    """

    def __init__(self, budget: Budget) -> None:
        """Args: budget: with what was spent before."""
        self._budget = budget
        self._own = NOTHING
        self._open: list[Amount] = []
        self._caution = CAUTION
        self._settled = threading.Condition()

    @property
    def amount(self) -> Amount:
        """All that was spent, of what is known."""
        return self._budget.spent + self._own + self._budget.elsewhere()

    def set_aside(self, guess: Amount, is_left: Callable[[], bool] = lambda: False) -> bool:
        """Set aside what a question may cost, as soon as there is room for it beside those that are open.

        Args:
            guess: what it may cost.
            is_left: whether nobody waits for its answer any more; asked again after `wake`.

        Returns:
            False when the budget does not hold it any more, or it was left.
        """
        with self._settled:
            while not is_left() and self._budget.holds(self.amount + guess):
                if not self._open or self._holds_beside(guess):
                    self._open.append(guess)
                    return True
                self._settled.wait()
            return False

    def settle(self, guess: Amount, exchange: Exchange) -> None:
        """Count what a question has cost in place of what was set aside for it."""
        cost = Amount(exchange.tokens_in + exchange.tokens_out, exchange.cost or 0.0)
        with self._settled:
            self._open.remove(guess)
            self._own += cost
            self._caution = max(self._caution, _times(cost.tokens, guess.tokens), _times(cost.dollars, guess.dollars))
            self._settled.notify_all()

    def wake(self) -> None:
        """Have all that wait look whether they were left."""
        with self._settled:
            self._settled.notify_all()

    def told(self) -> str:
        """What was spent, of what may be: `120 of 2500 tokens`."""
        limits = (
            ("{:.0f} of {:.0f} tokens", self.amount.tokens, self._budget.tokens),
            ("{:.2f} of {:.2f} dollars", self.amount.dollars, self._budget.dollars),
        )
        return ", ".join(words.format(spent, most) for words, spent, most in limits if most is not None)

    def _holds_beside(self, guess: Amount) -> bool:
        together = sum(self._open, guess)
        return self._budget.holds(self.amount + together * self._caution)


def _times(cost: float, guess: float) -> float:
    return cost / guess if guess else 0.0
