from pathlib import Path

import pytest
from structlog.testing import capture_logs

from soundstage.errors import BadModel, MissingPart, StorageError
from soundstage.review.hearing import listen
from soundstage.review.listeners import Guarded, bases, guarded
from tests.documents import cue
from tests.review.ears import Planted, raising
from tests.review.sounds import cue as asked
from tests.review.sounds import label, noise, write


@pytest.fixture
def take(tmp_path: Path) -> Path:
    return write(tmp_path / "take.flac", noise(4))


def test_without_ears_nothing_changes(take):
    assert listen(take, asked(4), label()) == listen(take, asked(4), label(), ())


def test_verdicts_stand_beside_those_of_the_checks(take):
    alone = listen(take, asked(4), label())
    heard = listen(take, asked(4), label(), [Planted(lambda take: (0.3, "it sounds wrong"))])
    assert heard.scores == {**alone.scores, "planted": (0.3, "it sounds wrong")}
    assert heard.score < alone.score


def test_an_ear_that_cannot_tell_changes_nothing(take):
    assert listen(take, asked(4), label(), [Planted(lambda take: None)]) == listen(take, asked(4), label())


def test_silence_is_spared_to_the_ears(tmp_path: Path):
    ear = Planted(lambda take: (1.0, "fine"))
    heard = listen(write(tmp_path / "take.flac", noise(4, 0.0)), asked(4), label(), [ear])
    assert ear.asked == []
    assert heard.score == 0


@pytest.mark.parametrize("problem", [MissingPart("It is not here."), BadModel("It is damaged.")])
def test_an_ear_without_its_model_says_so_once_and_is_not_asked_again(take, problem):
    ear = Planted(raising(problem))
    guard = Guarded(ear)
    with capture_logs() as logs:
        verdicts = [guard.judge(take, cue(), None) for _ in range(3)]
    assert verdicts == [None] * 3
    assert ear.asked == ["rain-1"]
    assert [(line["log_level"], line["ear"], line["problem"]) for line in logs] == [
        ("warning", "planted", str(problem))
    ]


@pytest.mark.parametrize("problem", [StorageError("The pictures are gone."), RuntimeError("device-side assert")])
def test_any_other_failure_costs_one_verdict(take, problem):
    ear = Planted(raising(problem))
    guard = Guarded(ear)
    assert [guard.judge(take, cue(), None) for _ in range(2)] == [None, None]
    assert len(ear.asked) == 2


def test_an_ear_whose_pictures_are_gone_is_not_asked_by_key(take):
    class Blind(Planted):
        def basis(self, cue):
            raise StorageError("The pictures are gone.")

    assert bases(guarded([Blind(lambda take: None)]), cue()) == ()


def test_ears_are_guarded_once():
    guards = guarded([Planted(lambda take: None)])
    assert guarded(guards) == guards


def test_bases_name_the_ears_that_would_judge():
    ears = [Planted(lambda take: None), Planted(lambda take: None, name="deaf", told="")]
    assert bases(ears, cue()) == ("planted weights",)
