"""The desk: batches out of many threads, each gets its own result, memory that runs out costs only time."""

import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

torch = pytest.importorskip("torch")

from soundstage.errors import BadModel  # noqa: E402
from soundstage.networks.desk import Desk  # noqa: E402


class _Doubler:
    """Doubles numbers; more than `room` of them at a time are too much for it."""

    def __init__(self, room: int = 100) -> None:
        self.room = room
        self.batches: list[list[int]] = []

    def __call__(self, items: Sequence[int]) -> list[int]:
        if len(items) > self.room:
            raise torch.OutOfMemoryError("no room")
        self.batches.append(list(items))
        return [2 * item for item in items]


def test_results_come_in_the_order_of_the_items() -> None:
    assert Desk(_Doubler(), most=3).ask(range(10)) == [2 * item for item in range(10)]


def test_a_batch_holds_no_more_than_the_most() -> None:
    work = _Doubler()

    Desk(work, most=4).ask(range(10))

    assert [len(batch) for batch in work.batches] == [4, 4, 2]


def test_items_of_several_threads_share_a_batch() -> None:
    work = _Doubler()
    desk = Desk(work, most=8, patience=5.0)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda item: desk.ask([item]), range(8)))

    assert results == [[2 * item] for item in range(8)]
    assert [sorted(batch) for batch in work.batches] == [list(range(8))]


def test_items_of_different_kinds_never_share_one() -> None:
    work = _Doubler()

    results = Desk(work, most=8, kind=lambda item: item % 2).ask(range(6))

    assert results == [0, 2, 4, 6, 8, 10]
    assert work.batches == [[0, 2, 4], [1, 3, 5]]


def test_out_of_memory_halves_the_batch_and_goes_on() -> None:
    work = _Doubler(room=3)
    desk = Desk(work, most=16)

    assert desk.ask(range(16)) == [2 * item for item in range(16)]
    assert desk.most == 2
    assert {len(batch) for batch in work.batches} == {2}


def test_what_does_not_fit_alone_is_a_bad_model() -> None:
    with pytest.raises(BadModel, match="the vocoder does not fit into the memory"):
        Desk(_Doubler(room=0), most=4, name="the vocoder").ask([1])


def test_a_failure_reaches_those_who_asked_and_not_the_next() -> None:
    desk = Desk(lambda items: [1 // item for item in items], most=4)

    with pytest.raises(ZeroDivisionError):
        desk.ask([0])
    assert desk.ask([1]) == [1]


def test_work_is_never_done_twice_at_once() -> None:
    inside = threading.Semaphore(1)

    def work(items: Sequence[int]) -> Sequence[int]:
        assert inside.acquire(blocking=False)
        threading.Event().wait(0.002)
        inside.release()
        return items

    desk = Desk(work, most=2, patience=0.0)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda n: desk.ask([n, n + 1]), range(20))) == [[n, n + 1] for n in range(20)]


def test_what_a_batch_without_room_held_is_let_go_before_a_smaller_one(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[weakref.ref[_Held]] = []
    freed: list[bool] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: freed.append(held[-1]() is None))

    def work(items: Sequence[int]) -> Sequence[int]:
        tensor = _Held()
        held.append(weakref.ref(tensor))
        if len(items) > 1:
            raise torch.OutOfMemoryError("no room")
        return items

    assert Desk(work, most=2).ask([1, 2]) == [1, 2]
    assert freed == [True]


class _Held:
    """Stands for memory of the device."""
