import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from soundstage.synth.procedural.material import made_once


def test_threads_that_want_the_same_wait_for_one_making() -> None:
    began, made = threading.Barrier(4), list[int]()

    @made_once(most=2)
    def double(number: int) -> int:
        made.append(number)
        time.sleep(0.05)
        return 2 * number

    def ask(_: int) -> int:
        began.wait(timeout=20)
        return double(3)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [6] * 4
    assert made == [3]


def test_what_is_not_wanted_for_longest_goes_first() -> None:
    made = list[str]()

    @made_once(most=2)
    def loop(colour: str) -> str:
        made.append(colour)
        return colour

    for colour in ("red", "blue", "red", "pink", "red", "blue"):
        assert loop(colour) == colour
    assert made == ["red", "blue", "pink", "blue"]


def test_what_failed_is_tried_again() -> None:
    tries = iter([ValueError("no"), 5])

    @made_once(most=2)
    def made() -> int:
        outcome = next(tries)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    with pytest.raises(ValueError, match="no"):
        made()
    assert made() == 5
