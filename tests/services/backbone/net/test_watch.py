import pytest

from services.backbone.errors import Unreachable
from services.backbone.net.watch import Stopped, Watch


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_time_that_is_left() -> None:
    clock = Clock()
    watch = Watch(total=10, clock=clock)
    assert watch.left() == 10
    clock.now += 9
    assert watch.left() == 1
    clock.now += 1
    with pytest.raises(Unreachable):
        watch.left()


def test_stopping_comes_before_the_time() -> None:
    with pytest.raises(Stopped):
        Watch(total=0, stopped=lambda: True).left()


def test_only_waiting_counts_towards_the_speed() -> None:
    watch = Watch(slowest=100, window=10)
    for _ in range(9):
        watch.heard(0, 1.0)
    watch.heard(1000, 1.0)
    for _ in range(1000):
        watch.heard(1, 0.0)


def test_too_slow_is_told_once_a_window() -> None:
    watch = Watch(slowest=100, window=10)
    watch.heard(999, 9.9)
    with pytest.raises(Unreachable):
        watch.heard(0, 0.1)
    watch.heard(0, 9.9)
