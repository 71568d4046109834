"""A desk where many threads leave single pieces of work, and one of them works them in batches.

A card is used well only by batches, while cues come one by one, from many threads. Whoever finds the desk
free works a batch of what lies there, his own and others', and hands out the results; so there
is no thread of the desk's own, and nothing to shut down.
"""

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import structlog
import torch

from soundstage.errors import BadModel

Item = TypeVar("Item")
Result = TypeVar("Result")
_log = structlog.get_logger()


@dataclass(frozen=True)
class _Ticket(Generic[Item, Result]):
    item: Item
    kind: Hashable
    result: Future[Result] = field(default_factory=Future)


class Desk(Generic[Item, Result]):
    """Works items in batches of one kind; out of memory halves the batch, from then on, and goes on."""

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Result]],
        most: int,
        kind: Callable[[Item], Hashable] = lambda item: None,
        patience: float = 0.002,
        name: str = "a model",
    ) -> None:
        """Open a desk.

        Args:
            work: turns a batch into as many results, in order; never called twice at once.
            most: items a batch holds at most.
            kind: items of different kinds are never in one batch (another shape, say).
            patience: seconds to wait for more items of others before a batch that is not full is begun.
            name: of what works here, for what is said when even one item does not fit into memory.
        """
        self._work = work
        self._most = most
        self._kind = kind
        self._patience = patience
        self._name = name
        self._waiting: deque[_Ticket[Item, Result]] = deque()
        self._changed = threading.Condition()
        self._busy = False

    @property
    def most(self) -> int:
        """Items a batch holds at most; less than at first where memory ran out."""
        return self._most

    def ask(self, items: Sequence[Item]) -> list[Result]:
        """Results of the items, in order, once all of them are worked; raises what the work raised.

        Raises:
            BadModel: not even one item fits into memory.
        """
        tickets = [_Ticket[Item, Result](item, self._kind(item)) for item in items]
        with self._changed:
            self._waiting.extend(tickets)
            self._changed.notify_all()
        for ticket in tickets:
            self._see_to(ticket)
        return [ticket.result.result() for ticket in tickets]

    def _see_to(self, ticket: _Ticket[Item, Result]) -> None:
        """Work batches until the ticket's result is there, by whomever."""
        while self._takes_over(ticket):
            try:
                self._work_one_batch()
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()

    def _takes_over(self, ticket: _Ticket[Item, Result]) -> bool:
        """Waits for the desk or for the result; whether it is the desk, which is the caller's then."""
        with self._changed:
            self._changed.wait_for(lambda: ticket.result.done() or not self._busy)
            if ticket.result.done():
                return False
            self._busy = True
            return True

    def _work_one_batch(self) -> None:
        batch = self._next_batch()
        try:
            results = self._worked([ticket.item for ticket in batch])
        except BaseException as problem:
            for ticket in batch:
                ticket.result.set_exception(problem)
            if not isinstance(problem, Exception):
                raise
            return
        for ticket, result in zip(batch, results, strict=True):
            ticket.result.set_result(result)

    def _next_batch(self) -> list[_Ticket[Item, Result]]:
        with self._changed:
            kind = self._waiting[0].kind
            self._changed.wait_for(lambda: self._count(kind) >= self._most, self._patience)
            batch = [ticket for ticket in self._waiting if ticket.kind == kind][: self._most]
            taken = set(map(id, batch))
            self._waiting = deque(ticket for ticket in self._waiting if id(ticket) not in taken)
            return batch

    def _count(self, kind: Hashable) -> int:
        return sum(ticket.kind == kind for ticket in self._waiting)

    def _worked(self, items: Sequence[Item]) -> list[Result]:
        results: list[Result] = []
        while len(results) < len(items):
            portion = items[len(results) : len(results) + self._most]
            made = self._tried(portion)
            if made is None:  # by now nothing refers to what the batch held, and it can be freed
                self._shrink(len(portion))
            else:
                results += made
        return results

    def _tried(self, items: Sequence[Item]) -> Sequence[Result] | None:
        """Results; None where there is no memory for so many."""
        try:
            return self._work(items)
        except torch.OutOfMemoryError as error:
            if len(items) > 1:
                return None
            raise BadModel(
                f"{self._name} does not fit into the memory of its device even one piece at a time; "
                "choose a smaller model or free memory."
            ) from error

    def _shrink(self, tried: int) -> None:
        self._most = tried // 2
        _log.warning("out of memory, smaller batches from now on", model=self._name, batch=self._most)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
