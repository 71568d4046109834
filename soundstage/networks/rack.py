"""Where loaded models are kept: within a budget of memory, those longest unused go out first."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
import torch

from soundstage.errors import BadModel, MissingPart

T = TypeVar("T")
_log = structlog.get_logger()


@dataclass(frozen=True)
class Setting:
    """Where models work, and in which precision."""

    device: torch.device
    dtype: torch.dtype


@dataclass
class _Slot:
    size: int
    model: Any = None
    borrowers: int = 0
    loading: threading.Lock = field(default_factory=threading.Lock)


class Rack:
    """Models by name, loaded when first borrowed. Several threads may borrow one at a time."""

    def __init__(self, setting: Setting, budget: int | None = None) -> None:
        """Args: setting: where to load to. budget: bytes that all models together may take; None: no bound."""
        self.setting = setting
        self._budget = budget
        self._slots: dict[str, _Slot] = {}  # in order of use, the longest unused first
        self._disabled: dict[str, MissingPart | BadModel] = {}
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def borrow(self, name: str, size: int, load: Callable[[Setting], T]) -> Iterator[T]:
        """A model for as long as the block lasts; it stays loaded after that while there is room.

        Waits while others' borrowed models leave no room. A model that is larger than the whole budget is
        loaded all the same, alone. Nobody should borrow a second model while he holds one: two who wait for
        each other's room would wait for ever. What needs several networks at once loads them as one model.

        Args:
            name: what it is kept under; the same name is the same weights. Where files may be mended while the
                process lives, it tells their state, so that a disabled model serves again once they are.
            size: bytes it takes, about.
            load: loads it.

        Raises:
            MissingPart: its files are not there; said again at once whenever it is asked for afterwards.
            BadModel: its files are damaged, or it does not fit into memory even with all others put out that
                nobody has borrowed; likewise.
        """
        slot = self._take(name, size)
        try:
            yield self._loaded(name, slot, load)
        finally:
            with self._changed:
                slot.borrowers -= 1
                self._changed.notify_all()

    def obstacle(self, name: str) -> str | None:
        """Why a model is disabled; None where it is not."""
        problem = self._disabled.get(name)
        return str(problem) if problem else None

    def names(self) -> tuple[str, ...]:
        """What is loaded now, the longest unused first."""
        with self._changed:
            return tuple(name for name, slot in self._slots.items() if slot.model is not None)

    def clear(self) -> None:
        """Put out all that nobody has borrowed."""
        with self._changed:
            for name in [name for name, slot in self._slots.items() if not slot.borrowers]:
                del self._slots[name]

    def _take(self, name: str, size: int) -> _Slot:
        with self._changed:
            if name not in self._slots:
                self._changed.wait_for(lambda: name in self._slots or self._make_room(size))
            slot = self._slots.pop(name, None) or _Slot(size)
            self._slots[name] = slot
            slot.borrowers += 1
            return slot

    def _make_room(self, size: int) -> bool:
        """Whether there is room now, others put out for it."""
        if self._budget is None:
            return True
        for name, slot in list(self._slots.items()):
            if self._used() + size <= self._budget:
                return True
            if not slot.borrowers:
                _log.info("model put out", model=name)
                del self._slots[name]
        return self._used() + size <= self._budget or not self._slots

    def _used(self) -> int:
        return sum(slot.size for slot in self._slots.values())

    def _loaded(self, name: str, slot: _Slot, load: Callable[[Setting], T]) -> T:
        with slot.loading:
            if slot.model is None:
                slot.model = self._load(name, slot, load)
        model: T = slot.model
        return model

    def _load(self, name: str, slot: _Slot, load: Callable[[Setting], T]) -> T:
        if problem := self._disabled.get(name):
            raise type(problem)(str(problem))
        try:
            return self._made(load)
        except torch.OutOfMemoryError as error:
            raise self._disable(name, slot, BadModel(_too_large(name))) from error
        except (MissingPart, BadModel) as problem:
            raise self._disable(name, slot, problem) from problem.__cause__

    def _made(self, load: Callable[[Setting], T]) -> T:
        with contextlib.suppress(torch.OutOfMemoryError):
            return load(self.setting)
        self.clear()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return load(self.setting)

    def _disable(self, name: str, slot: _Slot, problem: MissingPart | BadModel) -> MissingPart | BadModel:
        _log.warning("model disabled", model=name, problem=str(problem))
        with self._changed:
            self._disabled[name] = problem
            slot.size = 0
        return problem


def _too_large(name: str) -> str:
    return f"{name} does not fit into the memory of its device; choose a smaller model, or free memory and begin anew."
