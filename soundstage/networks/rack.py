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
_Key = tuple[str, str]  # name and state of its files
_log = structlog.get_logger()


@dataclass(frozen=True)
class Setting:
    """Where models work, and in which precision."""

    device: torch.device
    dtype: torch.dtype

    def size(self, halved: int) -> int:
        """Bytes of weights here that take `halved` bytes in half precision."""
        return halved * self.dtype.itemsize // 2


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
        self._slots: dict[_Key, _Slot] = {}  # in order of use, the longest unused first
        self._disabled: dict[_Key, MissingPart | BadModel] = {}
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def borrow(self, name: str, size: int, load: Callable[[Setting], T], state: str = "") -> Iterator[T]:
        """A model for as long as the block lasts; it stays loaded after that while there is room.

        Waits while others' borrowed models leave no room. A model that is larger than the whole budget is
        loaded all the same, alone. Nobody should borrow a second model while he holds one: two who wait for
        each other's room would wait for ever. What needs several networks at once loads them as one model.

        Args:
            name: what it is kept under; the same name is the same model.
            size: bytes it takes, about.
            load: loads it.
            state: of its files, where they may be written anew while the process lives: in another state it is
                loaded again, also one that was disabled.

        Raises:
            MissingPart: its files are not there; said again at once whenever it is asked for afterwards.
            BadModel: its files are damaged, or it does not fit into memory even with all others put out that
                nobody has borrowed; likewise.
        """
        key = name, state
        slot = self._take(key, size)
        try:
            yield self._loaded(key, slot, load)
        finally:
            with self._changed:
                slot.borrowers -= 1
                self._changed.notify_all()

    def obstacle(self, name: str, state: str = "") -> str | None:
        """Why a model is disabled as long as its files are in this state; None where it is not."""
        problem = self._disabled.get((name, state))
        return str(problem) if problem else None

    def problems(self) -> tuple[str, ...]:
        """A sentence on each model that is disabled."""
        with self._changed:
            return tuple(dict.fromkeys(map(str, self._disabled.values())))

    def names(self) -> tuple[str, ...]:
        """What is loaded now, the longest unused first."""
        with self._changed:
            return tuple(name for (name, _), slot in self._slots.items() if slot.model is not None)

    def clear(self) -> None:
        """Put out all that nobody has borrowed."""
        with self._changed:
            for key in self._idle():
                del self._slots[key]

    def _take(self, key: _Key, size: int) -> _Slot:
        with self._changed:
            if key not in self._slots:
                self._put_out_older(key)
                self._changed.wait_for(lambda: key in self._slots or self._make_room(size))
            slot = self._slots.pop(key, None) or _Slot(size)
            self._slots[key] = slot
            slot.borrowers += 1
            return slot

    def _idle(self) -> list[_Key]:
        return [key for key, slot in self._slots.items() if not slot.borrowers]

    def _put_out_older(self, key: _Key) -> None:
        """The same model of files that are not there any more."""
        for each in self._idle():
            if each[0] == key[0]:
                del self._slots[each]

    def _make_room(self, size: int) -> bool:
        """Whether there is room now, others put out for it."""
        if self._budget is None:
            return True
        for key in self._idle():
            if self._used() + size <= self._budget:
                return True
            _log.info("model put out", model=key[0])
            del self._slots[key]
        return self._used() + size <= self._budget or not self._slots

    def _used(self) -> int:
        return sum(slot.size for slot in self._slots.values())

    def _loaded(self, key: _Key, slot: _Slot, load: Callable[[Setting], T]) -> T:
        with slot.loading:
            if slot.model is None:
                slot.model = self._load(key, slot, load)
        model: T = slot.model
        return model

    def _load(self, key: _Key, slot: _Slot, load: Callable[[Setting], T]) -> T:
        if problem := self._disabled.get(key):
            raise type(problem)(str(problem))
        try:
            return self._made(load)
        except torch.OutOfMemoryError as error:
            raise self._disable(key, slot, BadModel(_too_large(key[0]))) from error
        except (MissingPart, BadModel) as problem:
            raise self._disable(key, slot, problem) from problem.__cause__

    def _made(self, load: Callable[[Setting], T]) -> T:
        with contextlib.suppress(torch.OutOfMemoryError):
            return load(self.setting)
        self.clear()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return load(self.setting)

    def _disable(self, key: _Key, slot: _Slot, problem: MissingPart | BadModel) -> MissingPart | BadModel:
        _log.warning(
            "model disabled until its files change or this process begins anew", model=key[0], problem=str(problem)
        )
        with self._changed:
            self._disabled[key] = problem
            slot.size = 0
        return problem


def _too_large(name: str) -> str:
    return f"{name} does not fit into the memory of its device; choose a smaller model, or free memory and begin anew."
