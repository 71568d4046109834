from pathlib import Path

import pytest

from soundstage.knowledge.base import knowledge
from soundstage.review.meaning import RIVALS, Meaning, faults_of, rivals_of
from tests.documents import cue
from tests.review.ears import PlantedWords, lent, unit
from tests.review.sounds import noise, write

RAIN = knowledge().find("raining")
NEAR_RAIN, BETWEEN, UNLIKE = unit(1, 0.1, 0), unit(1, 1, 0), unit(-1, 0, 0)


def model(heard, rival="thunder"):
    """A space in which rain lies along the first axis and its rival along the second."""
    return PlantedWords(lambda sound: heard, {"rain": unit(1, 0, 0), rival: unit(0, 1, 0)})


@pytest.fixture
def take(tmp_path: Path) -> Path:
    return write(tmp_path / "take.flac", noise(2))


def rival():
    return rivals_of(RAIN, knowledge())[3]


def test_a_take_at_its_label_is_worth_one(take):
    score, reason = Meaning(lent(model(NEAR_RAIN)), "w").judge(take, cue(), RAIN)
    assert score > 0.99
    assert reason.startswith("it sounds like 'rain'")


def test_a_take_opposite_its_label_is_worth_nothing(take):
    score, _ = Meaning(lent(model(UNLIKE)), "w").judge(take, cue(), RAIN)
    assert score < 0.01


def test_a_take_that_sounds_like_a_rival_says_so(take):
    other = rival()
    score, reason = Meaning(lent(model(unit(0.1, 1, 0), other)), "w").judge(take, cue(), RAIN)
    assert score < 0.01
    assert reason == f"it sounds more like {other!r} than 'rain'"


def test_between_label_and_rival_is_half(take):
    score, _ = Meaning(lent(model(BETWEEN, rival())), "w").judge(take, cue(), RAIN)
    assert score == pytest.approx(0.5, abs=1e-3)


def test_the_prompt_counts_as_much_as_the_label(take):
    planted = model(NEAR_RAIN)
    planted.names = {**planted.names, "a brass band": UNLIKE}
    score, _ = Meaning(lent(planted), "w").judge(take, cue(prompt="a brass band"), RAIN)
    assert score < 0.7


def test_long_takes_are_heard_in_windows_all_along(tmp_path: Path):
    planted = model(NEAR_RAIN)
    Meaning(lent(planted), "w").judge(write(tmp_path / "long.flac", noise(75, 0.05)), cue(end=75), RAIN)
    assert planted.windows == [480_000] * 6


def test_a_window_that_sounds_of_something_else_lowers_the_score(tmp_path: Path):
    """Loud stretches of this planted model are rain, soft ones its rival."""
    planted = model(NEAR_RAIN, rival())
    planted.heard = lambda sound: unit(1, 0, 0) if abs(sound).mean() > 0.05 else unit(0, 1, 0)
    whole = write(tmp_path / "whole.flac", noise(40, 0.2))
    mixed = noise(40, 0.2)
    mixed[20 * 48_000 :] *= 0.02
    ear = Meaning(lent(planted), "w")
    assert ear.judge(write(tmp_path / "mixed.flac", mixed), cue(end=40), RAIN)[0] == pytest.approx(0.5, abs=1e-3)
    assert ear.judge(whole, cue(end=40), RAIN)[0] > 0.99


def test_texts_are_embedded_once(take):
    planted = model(NEAR_RAIN)
    ear = Meaning(lent(planted), "w")
    ear.judge(take, cue(), RAIN)
    first = len(planted.texts)
    ear.judge(take, cue(), RAIN)
    assert len(planted.texts) == first
    assert "This is a sound of rain." in planted.texts


def test_silence_speech_and_what_has_no_label_are_not_judged(take, tmp_path: Path):
    ear = Meaning(lent(model(NEAR_RAIN)), "w")
    assert ear.judge(write(tmp_path / "silent.flac", noise(1, 0.0)), cue(), RAIN) is None
    assert ear.judge(take, cue(layer="speech", text="Hello"), RAIN) is None
    assert ear.judge(take, cue(), None) is None
    assert (ear.basis(cue()), ear.basis(cue(layer="speech", text="Hello"))) == ("w", "")


def test_rivals_are_many_and_none_is_another_name_for_the_label():
    rivals = rivals_of(RAIN, knowledge())
    assert len(set(rivals)) == RIVALS
    assert not {"rain", "heavy rain", "light rain"} & set(rivals)


@pytest.mark.parametrize(
    ("name", "fault", "counts"),
    [
        ("rain", "white noise", False),
        ("dog barking", "white noise", True),
        ("conversation", "a person talking", False),
        ("dog barking", "a person talking", True),
        ("sitar", "music", False),
    ],
)
def test_what_a_label_is_itself_is_no_fault_in_it(name, fault, counts):
    assert (fault in faults_of(knowledge().find(name))) is counts
