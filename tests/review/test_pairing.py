from pathlib import Path

import pytest

from soundstage.review.pairing import Pairing
from tests.documents import cue
from tests.review.ears import Flashes, PlantedPairs, lent, unit
from tests.review.sounds import noise, write

HERE = unit(1, 0)


@pytest.fixture
def take(tmp_path: Path) -> Path:
    return write(tmp_path / "take.flac", noise(4))


def ear(heard, footage=None):
    planted = PlantedPairs(HERE, heard)
    return Pairing(lent(planted), "w", footage or Flashes()), planted


@pytest.mark.parametrize(
    ("heard", "score"),
    [(HERE, 1.0), (unit(-1, 0), 0.0), (unit(0, 1), 0.0), (unit(0.15, 0.98869), 0.5)],
    ids=["identical", "opposite", "unrelated", "half-way"],
)
def test_nearness_is_the_score(take, heard, score):
    assert ear(heard)[0].judge(take, cue(), None)[0] == pytest.approx(score, abs=1e-3)


def test_what_does_not_belong_says_where(take):
    listener, _ = ear(unit(0.03, 1))
    _, reason = listener.judge(take, cue(start=20, end=24), None)
    assert reason == "it hardly belongs to what is seen around 22.0 s (0.03); ask for another sound"


def test_pictures_come_every_two_seconds_of_the_cue(tmp_path: Path):
    listener, planted = ear(HERE)
    listener.judge(write(tmp_path / "long.flac", noise(90)), cue(end=90), None)
    assert planted.shown == [(5, 4, 6, 3)] * 6
    assert listener._footage.asked[:5] == pytest.approx([1, 3, 5, 7, 9])
    assert listener._footage.asked[-1] == pytest.approx(89)


def test_a_short_cue_is_seen_moving(tmp_path: Path):
    listener, planted = ear(HERE)
    listener.judge(write(tmp_path / "short.flac", noise(1)), cue(start=5, end=6), None)
    assert planted.shown == [(2, 4, 6, 3)]
    assert listener._footage.asked == pytest.approx([5.25, 5.75])


@pytest.mark.parametrize(
    "other",
    [cue(perspective="off-screen"), cue(layer="music"), cue(layer="speech", text="Hello")],
    ids=["off-screen", "music", "speech"],
)
def test_what_is_not_seen_is_not_judged(take, other):
    listener, _ = ear(HERE)
    assert listener.judge(take, other, None) is None
    assert listener.basis(other) == ""


def test_the_verdict_hangs_on_the_pictures():
    assert ear(HERE, Flashes((1.0,)))[0].basis(cue()) != ear(HERE, Flashes((2.0,)))[0].basis(cue())
