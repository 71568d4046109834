from pathlib import Path

import numpy as np
import pytest

from soundstage.knowledge.base import knowledge
from soundstage.review.sync import Sync
from tests.documents import cue
from tests.review.ears import Flashes, Stopwatch, lent
from tests.review.sounds import gunshot, hits, noise, write

DOG = knowledge().find("dog barking")
RAIN = knowledge().find("raining")


def bark(start=10.0, end=14.0, **changes):
    return cue("dog", start, end, layer="effects", label="dog barking", **changes)


def ear(*flashes):
    return Sync(lent(Stopwatch()), "w", Flashes(flashes))


def take(folder: Path, length: float, *bangs: float) -> Path:
    return write(folder / "take.flac", hits(length, *bangs, hit=gunshot()))


def test_in_time_is_worth_one(tmp_path: Path):
    assert ear(11.0).judge(take(tmp_path, 4, 1.0), bark(), DOG) == (1.0, "it is in time with the picture")


@pytest.mark.parametrize(
    ("bang", "told"),
    [(1.8, "0.8 s late"), (2.2, "1.2 s late"), (0.4, "0.6 s early")],
)
def test_a_known_offset_shows_as_that_many_seconds(tmp_path: Path, bang, told):
    score, reason = ear(11.0).judge(take(tmp_path, 4, bang), bark(), DOG)
    assert reason == f"it is {told} in the picture around 12.0 s"
    assert score == pytest.approx((1.2 - float(told.split()[0])) / 1.0, abs=1e-6)


def test_worse_offsets_score_lower(tmp_path: Path):
    scores = [ear(11.0).judge(take(tmp_path, 4, bang), bark(), DOG)[0] for bang in (1.0, 1.4, 1.8, 2.4)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1]


def test_windows_lie_all_along_the_cue_and_the_worst_is_told(tmp_path: Path):
    """Flashes every 4.8 s of 24 s; the bang of the fourth window alone is a second late."""
    flashes = [2.0 + 4.8 * number for number in range(5)]
    bangs = [flash + (1.0 if number == 3 else 0.0) for number, flash in enumerate(flashes)]
    cue = bark(100.0, 124.0)
    listener = ear(*(100.0 + flash for flash in flashes))
    score, reason = listener.judge(take(tmp_path, 24, *bangs), cue, DOG)
    assert score == 1.0  # a fifth of a second in the mean
    assert reason == "it is in time with the picture"
    later = [flash + (2.0 if number == 3 else 0.0) for number, flash in enumerate(flashes)]
    score, reason = listener.judge(take(tmp_path, 24, *later), cue, DOG)
    assert score == pytest.approx(0.8)
    assert reason == "it is 2.0 s late in the picture around 116.8 s"


def test_windows_are_bounded_however_long_the_cue(tmp_path: Path):
    listener = ear()
    listener.judge(write(tmp_path / "take.flac", noise(120)), bark(0, 120), DOG)
    assert len(listener._footage.asked) == 12 * 120
    assert max(listener._footage.asked) == pytest.approx(120 - 0.04)


def test_windows_without_sound_are_not_compared(tmp_path: Path):
    """Of 24 s only the third window sounds."""
    listener = ear(111.0)
    assert listener.judge(take(tmp_path, 24, 11.0), bark(100, 124), DOG) == (1.0, "it is in time with the picture")
    assert len(listener._footage.asked) == 120


def test_a_short_cue_is_seen_in_the_middle_of_what_happens_around_it(tmp_path: Path):
    listener = ear(10.5)
    score, _ = listener.judge(take(tmp_path, 1.0, 0.5), bark(10.0, 11.0), DOG)
    assert score == 1.0
    assert listener._footage.asked[0] == pytest.approx(8.1)


@pytest.mark.parametrize(
    "other",
    [bark(perspective="off-screen"), cue("rain", 10, 14), bark(10.0, 10.2)],
    ids=["off-screen", "ambience", "too-short"],
)
def test_what_is_not_seen_is_not_judged(tmp_path: Path, other):
    listener = ear(11.0)
    assert listener.judge(take(tmp_path, 4, 1.0), other, DOG) is None
    assert listener.basis(other) == ""


def test_a_steady_sound_has_no_instants(tmp_path: Path):
    assert ear(11.0).judge(take(tmp_path, 4, 1.0), bark(), RAIN) is None
    assert ear(11.0).basis(cue("rain", 10, 14, layer="effects")) == ""


def test_windows_in_which_nothing_can_be_timed_do_not_count(tmp_path: Path):
    """Of 24 s, one window shows a flash; the noise in all others goes with anything."""
    cue = bark(100, 124)
    sound = noise(24, 0.02) + hits(24, 11.6, hit=gunshot())
    score, reason = ear(111.0).judge(write(tmp_path / "take.flac", sound), cue, DOG)
    assert (score, reason) == (pytest.approx(0.6), "it is 0.6 s late in the picture around 112.0 s")
    assert ear().judge(write(tmp_path / "take.flac", sound), cue, DOG) is None


def test_silence_is_not_judged(tmp_path: Path):
    assert ear(11.0).judge(write(tmp_path / "take.flac", np.zeros(48_000)), bark(), DOG) is None


def test_the_verdict_hangs_on_the_pictures_around_the_cue():
    assert ear(11.0).basis(bark()) != ear(12.0).basis(bark())
    assert ear(11.0).basis(bark()) != ear(11.0).basis(bark(20.0, 24.0))
