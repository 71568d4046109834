"""What listeners said is un-blinded: means, intervals, and no difference claimed that may be chance."""

import json
from itertools import product
from pathlib import Path

import pytest

from soundstage.errors import BadBench
from soundstage.evaluation.listening.documents import ANCHOR, REFERENCE, Answers, Key, Rated, Scale, Trial
from soundstage.evaluation.listening.hearing import Heard, evaluate_answers, read_answers

_FILMS = 8
_SYSTEMS = (REFERENCE, ANCHOR, "ours", "theirs")


def _key() -> Key:
    def trial(number: int) -> Trial:
        turned = _SYSTEMS[number % 4 :] + _SYSTEMS[: number % 4]
        return Trial(
            id=f"t{number:02}", film=f"f{number}", start=0, seconds=5, systems=dict(zip("ABCD", turned, strict=True))
        )

    return Key(test="abc", bench="b", seed=0, trials=tuple(trial(n) for n in range(_FILMS)))


def _answers(listener: str, **told: int) -> Answers:
    marks = {REFERENCE: 5, ANCHOR: 1, "ours": 4, "theirs": 2} | told
    rated = tuple(
        Rated(trial=trial.id, label=label, quality=marks[s], consistency=marks[s], overall=marks[s])
        for trial in _key().trials
        for label, s in trial.systems.items()
    )
    return Answers(test="abc", listener=listener, ratings=rated)


def _mean(heard: Heard, system: str, scale: Scale = Scale.OVERALL) -> float:
    return next(o.mean for o in heard.opinions if (o.system, o.scale) == (system, scale))


def test_ratings_are_told_of_who_made_the_sound():
    heard = evaluate_answers([_answers("ann"), _answers("bob", theirs=3)], _key())
    assert {s: _mean(heard, s) for s in _SYSTEMS} == {REFERENCE: 5, ANCHOR: 1, "ours": 4, "theirs": 2.5}


def test_every_scale_is_told():
    heard = evaluate_answers([_answers("ann")], _key())
    assert {(o.system, o.scale) for o in heard.opinions} == set(product(_SYSTEMS, Scale))


def test_a_plain_difference_is_sure_and_none_is_not():
    heard = evaluate_answers([_answers(name) for name in "abcd"], _key())
    even = evaluate_answers([_answers("a"), _answers("b", ours=2, theirs=4)], _key())
    assert {p.sure for p in heard.preferences} == {True}
    assert {p.mean for p in heard.preferences} == {2.0}
    assert {p.sure for p in even.preferences} == {False}


def test_the_reference_and_the_anchor_are_no_systems_to_be_preferred():
    heard = evaluate_answers([_answers("ann")], _key())
    assert {(p.first, p.second) for p in heard.preferences} == {("ours", "theirs")}


def test_who_misses_the_reference_is_doubtful_and_can_be_left_out():
    said = [_answers("ann"), _answers("deaf", **{REFERENCE: 2})]
    assert evaluate_answers(said, _key()).doubtful == ("deaf",)
    assert evaluate_answers(said, _key(), screen=True).listeners == 1


def test_nobody_left_is_refused():
    with pytest.raises(BadBench, match="no answers"):
        evaluate_answers([_answers("deaf", **{REFERENCE: 1})], _key(), screen=True)


def test_the_same_answers_give_the_same_intervals():
    said = [_answers("ann"), _answers("bob", ours=2)]
    assert evaluate_answers(said, _key()) == evaluate_answers(said, _key())


def _saved(folder: Path, name: str, answers: Answers) -> Path:
    path = folder / name
    path.write_text(answers.model_dump_json())
    return path


def test_of_two_files_of_one_listener_the_later_counts(tmp_path: Path):
    early = _saved(tmp_path, "1.json", _answers("ann", ours=1).model_copy(update={"finished": "2026-01-01"}))
    late = _saved(tmp_path, "2.json", _answers("ann", ours=5).model_copy(update={"finished": "2026-01-02"}))
    (read,) = read_answers([late, early], _key())
    assert read.finished == "2026-01-02"


def test_answers_to_another_test_are_refused(tmp_path: Path):
    other = _saved(tmp_path, "1.json", _answers("ann").model_copy(update={"test": "xyz"}))
    with pytest.raises(BadBench, match="xyz"):
        read_answers([other], _key())


@pytest.mark.parametrize("rating", [0, 6], ids=["below", "above"])
def test_a_rating_off_the_scale_is_refused(tmp_path: Path, rating: int):
    told = json.loads(_answers("ann").model_dump_json())
    told["ratings"][0]["quality"] = rating
    path = tmp_path / "1.json"
    path.write_text(json.dumps(told))
    with pytest.raises(BadBench, match="quality"):
        read_answers([path], _key())
