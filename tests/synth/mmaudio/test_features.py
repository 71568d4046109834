"""What windows show: decoded alone, at any time; seen once; the next one decoded ahead."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from soundstage.footage import Footage, Picture  # noqa: E402
from soundstage.networks.desk import Desk  # noqa: E402
from soundstage.synth.mmaudio.features import Remembered, Watching, shown  # noqa: E402
from soundstage.synth.mmaudio.stages import Segment  # noqa: E402
from tests.synth.mmaudio.tiny import SAMPLING  # noqa: E402

SECOND = SAMPLING.lengths(1.0)


class _Clock(Footage):
    """Footage whose picture at a time is that time, in hundredths of a second; counts what is decoded."""

    def __init__(self) -> None:
        self.decoded: list[float] = []

    def pictures(self, times):
        self.decoded.append(float(times[0]))
        for time in times:
            yield np.array([[[round(100 * time) % 256, round(100 * time) // 256, 0]]], np.uint8)

    def identity(self, start: float, end: float) -> str:
        return f"{start:.3f} to {end:.3f}"


def _time(picture: Picture) -> float:
    return (int(picture[0, 0, 0]) + 256 * int(picture[0, 0, 1])) / 100


class _Eye:
    """Sees the times of pictures, and counts those it was shown."""

    def __init__(self) -> None:
        self.shown = 0

    def pictures(self, items: Sequence[Picture]) -> list[torch.Tensor]:
        self.shown += len(items)
        return [torch.tensor([_time(item)]) for item in items]

    def segments(self, items: Sequence[Segment]) -> list[torch.Tensor]:
        return [torch.tensor([[_time(item[place])] for place in range(0, 16, 2)]) for item in items]


@pytest.fixture
def eye() -> _Eye:
    return _Eye()


@pytest.fixture
def watching(eye: _Eye) -> Watching:
    return Watching(Desk(eye.pictures, 64), Desk(eye.segments, 64), decoders=2, remembered=3)


def test_a_window_shows_its_own_instants_wherever_it_begins() -> None:
    window = shown(_Clock(), 7.31, SECOND)

    assert [_time(picture) for picture in window.pictures] == [round(731 + 100 * n / 8) / 100 for n in range(8)]
    assert len(window.segments) == 2
    assert [_time(picture) for picture in window.segments[1]] == pytest.approx([7.63 + n / 25 for n in range(16)])


def test_a_window_is_decoded_in_one_pass() -> None:
    film = _Clock()

    shown(film, 2.0, SECOND)

    assert film.decoded == [2.0]


def test_features_come_in_order_with_eight_of_every_segment(watching) -> None:
    seen = list(watching.watch(_Clock(), [0.0, 5.0], 1.0, SECOND))

    assert [float(each.clip[0]) for each in seen] == [0.0, 5.0]
    assert {tuple(each.clip.shape) for each in seen} == {(8, 1)}
    assert {tuple(each.sync.shape) for each in seen} == {(16, 1)}
    assert float(seen[1].sync[8]) == pytest.approx(5.32)


def test_a_window_is_seen_once(watching, eye) -> None:
    film = _Clock()
    first = list(watching.watch(film, [0.0, 1.0], 1.0, SECOND))

    again = list(watching.watch(film, [0.0, 1.0], 1.0, SECOND))

    assert (eye.shown, len(film.decoded)) == (16, 2)
    assert all(a is b for a, b in zip(first, again, strict=True))


def test_a_window_of_another_length_is_another(watching, eye) -> None:
    list(watching.watch(_Clock(), [0.0], 1.0, SECOND))
    list(watching.watch(_Clock(), [0.0], 2.0, SAMPLING.lengths(2.0)))

    assert eye.shown == 8 + 16


def test_what_was_not_seen_for_long_is_forgotten(watching, eye) -> None:
    list(watching.watch(_Clock(), [0.0, 1.0, 2.0, 3.0], 1.0, SECOND))
    list(watching.watch(_Clock(), [0.0], 1.0, SECOND))

    assert eye.shown == 5 * 8


def test_the_next_window_is_decoded_while_one_is_seen(eye) -> None:
    film, decoded = _Clock(), threading.Event()
    decode = film.pictures

    def pictures(times):
        found = list(decode(times))
        if times[0] == 1.0:
            decoded.set()
        return iter(found)

    def see(items: Sequence[Picture]) -> list[torch.Tensor]:
        assert decoded.wait(30)
        return eye.pictures(items)

    film.pictures = pictures
    watching = Watching(Desk(see, 64), Desk(eye.segments, 64), decoders=2, remembered=3)

    assert len(list(watching.watch(film, [0.0, 1.0], 1.0, SECOND))) == 2


def test_one_who_goes_away_leaves_room_for_others(watching) -> None:
    for _ in range(20):
        given_up = watching.watch(_Clock(), [0.0, 1.0, 2.0], 1.0, SECOND)
        next(given_up)
        given_up.close()
    film = _Clock()

    again = watching.watch(film, [10.0, 11.0], 1.0, SECOND)
    next(again)
    assert watching._room._value == 7  # one of eight is in use, for what comes next
    again.close()


def test_what_many_want_is_made_once() -> None:
    remembered, made, together = Remembered[int](4), list[int](), threading.Barrier(4)

    def make() -> int:
        made.append(1)
        return len(made)

    def ask(_: int) -> int:
        together.wait(30)
        return remembered.get("key", make)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [1] * 4


def test_a_failure_is_not_remembered() -> None:
    remembered = Remembered[int](4)
    with pytest.raises(OSError, match="away"):
        remembered.get("key", lambda: (_ for _ in ()).throw(OSError("away")))

    assert remembered.get("key", lambda: 7) == 7
