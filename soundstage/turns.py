"""The record of all that was asked of models for one film, as it happened: `turns.jsonl` in its work folder."""

import contextlib
import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ValidationError

from soundstage.agents.llm.understudy import HOUSE
from soundstage.agents.record import NOTHING, Amount, Budget, Exchange
from soundstage.cuesheet import write_aside
from soundstage.errors import StorageError

TURNS_FILE = "turns.jsonl"


class RoleCosts(BaseModel):
    """What one role's questions came to; `cost` in US dollars, of those whose price is known, None where none is.

    `stood_in` counts the questions that the house answered because the model had failed.
    """

    questions: int = 0
    failed: int = 0
    stood_in: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None
    seconds: float = 0.0


class TurnLog:
    """Writes one line for each question, at once; safe from several threads."""

    def __init__(self, folder: Path) -> None:
        """Args: folder: the film's work folder."""
        self._path = folder / TURNS_FILE
        self._begun = folder / ".begun"
        self._lock = threading.Lock()

    def add(self, exchange: Exchange) -> None:
        """Write down one question.

        Raises:
            StorageError: the disk is full.
        """
        try:
            with self._lock, self._path.open("a+b") as file:
                file.write(_line_end(file) + exchange.model_dump_json().encode() + b"\n")
        except OSError as error:
            raise StorageError(f"{self._path} cannot be written ({error.strerror}); free space.") from error

    def begin(self) -> None:
        """A run begins: what stands here was asked by earlier ones.

        Raises:
            StorageError: the disk is full.
        """
        length = self._path.stat().st_size if self._path.exists() else 0
        write_aside(self._begun, str(length))

    def stood_in(self) -> list[Exchange]:
        """What the house answered in this run because a model had failed."""
        begun = int(self._begun.read_text()) if self._begun.exists() else 0
        return [each for each in self._read(begun) if each.model == HOUSE]

    def read(self) -> Iterator[Exchange]:
        """All questions so far, in the order in which they were answered; a line that was cut short is left out."""
        return self._read(0)

    def _read(self, start: int) -> Iterator[Exchange]:
        with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
            file.seek(start)
            for line in file:
                with contextlib.suppress(ValidationError):
                    yield Exchange.model_validate_json(line)

    def costs(self) -> dict[str, RoleCosts]:
        """What each role's questions came to."""
        costs: dict[str, RoleCosts] = defaultdict(RoleCosts)
        for each in self.read():
            sum_up = costs[each.role]
            if each.model == HOUSE:
                sum_up.stood_in += 1
                continue
            sum_up.questions += 1
            sum_up.failed += each.problem is not None
            sum_up.tokens_in += each.tokens_in
            sum_up.tokens_out += each.tokens_out
            if each.cost is not None:
                sum_up.cost = round((sum_up.cost or 0.0) + each.cost, 6)
            sum_up.seconds = round(sum_up.seconds + each.seconds, 3)
        return dict(costs)

    def budget(self, tokens: int | None, dollars: float | None) -> Budget:
        """A budget of which what was asked before is spent."""
        costs = self.costs().values()
        spent = sum((Amount(each.tokens_in + each.tokens_out, each.cost or 0.0) for each in costs), NOTHING)
        return Budget(tokens, dollars, spent)


def _line_end(file: BinaryIO) -> bytes:
    """What ends the last line of a file, where a killed run cut it short; the file is left at its end."""
    if not file.seek(0, os.SEEK_END):
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"
