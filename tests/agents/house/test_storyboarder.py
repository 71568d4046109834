import pytest

from soundstage.agents.house.storyboarder import HouseStoryboarder
from soundstage.agents.roles import ShotScript
from soundstage.cuesheet import Caption, Finding, Overview
from soundstage.reading import Shot


def findings(*names: str) -> tuple[Finding, ...]:
    return tuple(Finding(name=name, confidence=0.9) for name in names)


def caption(
    background: str, entities: tuple[str, ...] = (), actions: tuple[str, ...] = (), **changes: object
) -> Caption:
    return Caption(
        background=background,
        entities=findings(*entities),
        actions=findings(*actions),
        confidence=0.9,
        **changes,
    )


def judge(before: Caption, after: Caption, look: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())):
    shots = (
        Shot(index=0, start=0, end=3, colour=look[0]),
        Shot(index=1, start=3, end=6, colour=look[1]),
    )
    return HouseStoryboarder().judge(ShotScript(shots[0], before), ShotScript(shots[1], after), Overview())


# The examples of the paper's prompt (LVAS-Agent, appendix, figure 1) and of its text.
PAPER = [
    pytest.param(
        caption("A park with trees and benches", ("trees",), ("people walking",)),
        caption("A stone church with a tower", ("church",)),
        False,
        id="park then church",
    ),
    pytest.param(
        caption("A calm lake between mountains in the morning", ("lake",)),
        caption("A lake with boats at sunset", ("lake", "boats")),
        False,
        id="a lake, then another view of a lake",
    ),
    pytest.param(
        caption("A serene lake surrounded by trees"),
        caption("A lake with snowy mountains behind"),
        False,
        id="a lake with trees, then one with mountains",
    ),
    pytest.param(
        caption("Stairs in a house", ("dog",), ("dog standing on the stairs",)),
        caption("Stairs in a house", ("dog",), ("dog jumping down the stairs",)),
        True,
        id="a dog stands on stairs, then jumps down",
    ),
    pytest.param(
        caption("A kitchen with a wooden table", ("person", "vegetables"), ("chopping vegetables",)),
        caption("A kitchen with a wooden table", ("person", "vegetables"), ("sprinkling seasoning",)),
        False,
        id="chopping, then seasoning",
    ),
    pytest.param(
        caption("A battlefield with smoke", ("tank",), ("tank firing",)),
        caption("A battlefield", ("tank",), ("tank shooting",)),
        True,
        id="tank firing, then shooting",
    ),
    pytest.param(
        caption("A dark alley", ("two men",), ("two men fighting with knives",)),
        caption("A dark alley from another angle", ("two men",), ("a knife duel",)),
        True,
        id="a knife duel from another angle",
    ),
]


@pytest.mark.parametrize(("before", "after", "merge"), PAPER)
def test_examples_of_the_paper(before, after, merge):
    verdict = judge(before, after)
    assert verdict.merge is merge, verdict.reason


@pytest.mark.parametrize(
    ("first", "second"), [("indoors", "outdoors"), ("night", "day"), ("day", "night"), ("kitchen", "street")]
)
def test_contradicting_settings_part(first, second):
    verdict = judge(
        caption("somewhere", ("person",), ("person walking",), setting=findings(first)),
        caption("somewhere", ("person",), ("person walking",), setting=findings(second)),
    )
    assert not verdict.merge
    assert verdict.confidence >= 0.8


def test_unrecognised_shots_of_one_look_go_together():
    same = (0.5, 0.3, 0.2, 0.0)
    unknown = Caption(background="a place that cannot be told")
    assert judge(unknown, unknown, (same, same)).merge
    assert not judge(unknown, unknown, (same, (0.0, 0.0, 0.2, 0.8))).merge


def test_what_is_told_of_the_whole_film_ties_no_shots():
    told = caption("snow at night", ("dog",), ("dog running",), setting=findings("snow"))
    hinted = told.model_copy(update={"entities": (Finding(name="dog", confidence=0.95),)})
    shots = (
        Shot(index=0, start=0, end=3, colour=(1.0, 0.0)),
        Shot(index=1, start=3, end=6, colour=(0.0, 1.0)),
    )
    everywhere = Overview(summary="A film. Told throughout: dog, dog running, snow.")
    scripts = [ShotScript(shot, hinted) for shot in shots]
    assert HouseStoryboarder().judge(*scripts, Overview()).merge
    assert not HouseStoryboarder().judge(*scripts, everywhere).merge


def test_verdict_tells_its_evidence():
    verdict = judge(caption("a street", ("dog",), ("dog barking",)), caption("a street", ("dog",), ("dog barking",)))
    assert "figures 1.00" in verdict.reason


def test_the_users_word_on_two_scenes_parts_them():
    look = ((1.0, 0.0), (1.0, 0.0))
    street = caption("A street", ("car",), told="Cars pass on a street")
    assert judge(street, street, look).merge
    assert not judge(street, caption("A street", ("car",), told="A church bell rings"), look).merge
