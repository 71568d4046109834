"""What the Synthesizer's model is offered, and that no answer leaves it."""

from typing import Any

import pytest

from soundstage.agents.roles import Bible, Draft, Plan, SoundIdea, Source
from soundstage.cuesheet import Layer, Line
from soundstage.errors import BadAnswer
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Behaviour
from tests.agents.llm.scenes import scene, view
from tests.agents.llm.scripted import Played, in_order, playing

BIBLE = Bible((Source("our-dog", "a small dog barks", "dog barking", -26.0),))


def idea(words: str, **changes: Any) -> SoundIdea:
    return SoundIdea(words, 0.9, "seen", **changes)


def suggestions(**by_sound: str) -> dict[str, Any]:
    return {
        "suggestions": [{"sound": int(sound[1:]), "labels": [{"label": label}]} for sound, label in by_sound.items()]
    }


def choices(*chosen: str | None) -> dict[str, Any]:
    return {"choices": [{"sound": number, "label": label} for number, label in enumerate(chosen, start=1)]}


def retrieved(
    main: list[SoundIdea], background: list[SoundIdea], suggested: Any, planned: Any, **seen: Any
) -> tuple[Plan, Played]:
    answers = {"synthesizer_retrieval": suggested, "synthesizer_plan": planned}
    with playing(answers) as played:
        of = view(scene(dialogue=seen.pop("dialogue", ()), hint=seen.pop("hint", None)), **seen)
        return played.cast.synthesizer.retrieve(of, Draft(tuple(background), tuple(main))), played


def labels_of(plan: Plan) -> tuple[list[str | None], list[str | None]]:
    return [choice.label for choice in plan.main], [choice.label for choice in plan.background]


def test_every_idea_gets_what_was_chosen_for_it() -> None:
    plan, played = retrieved(
        [idea("a cannon"), idea("bell")],
        [idea("wind")],
        suggestions(s1="cannon", s2="bell toll", s3="wind"),
        choices("cannon", None, "wind"),
        hint="a siege",
    )
    assert labels_of(plan) == (["cannon", None], ["wind"])
    material = played.questions("synthesizer_plan")[0].material
    assert material["the user says"] == "a siege"
    assert material["people speak in the film's own sound"] is False
    assert material["labels that are in the scene already"] == []
    assert [(s["sound"], s["list"], s["words"], s["suggested"]) for s in material["sounds"]] == [
        (1, "main", "a cannon", ["cannon"]),
        (2, "main", "bell", ["bell toll"]),
        (3, "background", "wind", ["wind"]),
    ]


def test_what_lies_behind_does_not_strike() -> None:
    _, played = retrieved([], [idea("dog barking"), idea("rain")], suggestions(), choices())
    for sound in played.questions()[0].material["sounds"]:
        for label in (knowledge().labels[each["label"]] for each in sound["labels"]):
            assert label.layer is Layer.AMBIENCE or label.behaviour is Behaviour.STEADY
            assert label.layer is not Layer.MUSIC


def test_where_people_speak_no_voice_is_offered() -> None:
    lines = (Line(start=1, end=2, text="Hello."),)
    _, played = retrieved([idea("crowd cheering")], [idea("angry crowd")], suggestions(), choices(), dialogue=lines)
    offered = [each for sound in played.questions()[0].material["sounds"] for each in sound["labels"]]
    assert offered
    assert not any(each["voice"] for each in offered)


def test_where_nothing_is_suggested_nothing_is_planned() -> None:
    plan, played = retrieved([idea("a zorgon")], [], suggestions(), choices())
    assert labels_of(plan) == ([None], [])
    assert plan.main[0].reason == "no label of the knowledge base suits"
    assert played.prompts() == ["synthesizer_retrieval"]


def test_none_is_not_even_asked_for() -> None:
    plan, played = retrieved([idea("none")], [idea("Silence ")], suggestions(), choices())
    assert labels_of(plan) == ([None], [None])
    assert played.prompts() == []


def test_a_source_of_the_bible_brings_its_label_and_keeps_it_from_others() -> None:
    plan, played = retrieved(
        [idea("a dog", source="our-dog"), idea("another dog")],
        [],
        suggestions(s2="dog barking"),
        in_order(
            {"choices": [{"sound": 2, "label": "dog barking"}]},
            {"choices": [{"sound": 2, "label": None}]},
        ),
        bible=BIBLE,
    )
    assert labels_of(plan) == (["dog barking", None], [])
    assert plan.main[0].reason == "our-dog of the sound bible"
    first, second = played.questions("synthesizer_plan")
    assert first.material["labels that are in the scene already"] == ["dog barking"]
    assert "'dog barking' is in the scene twice" in second.corrections[0]


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        pytest.param(suggestions(s2="cannon"), "There is no sound 2.", id="no such sound"),
        pytest.param(
            suggestions(s1="rain"),
            "'rain' is not among the labels of sound 1; choose among them or none.",
            id="a label that was not offered",
        ),
        pytest.param(
            suggestions(s1="a very big gun"),
            "'a very big gun' is not among the labels of sound 1",
            id="no label at all",
        ),
    ],
)
def test_suggestions_outside_the_offer_are_sent_back(answer: dict[str, Any], complaint: str) -> None:
    plan, played = retrieved([idea("a cannon")], [], in_order(answer, suggestions(s1="cannon")), choices("cannon"))
    assert labels_of(plan) == (["cannon"], [])
    assert complaint in played.questions("synthesizer_retrieval")[1].corrections[0]


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        pytest.param(choices("cannon", None, None), "There is no sound 3.", id="no such sound"),
        pytest.param(choices("thunder", None), "'thunder' was not suggested for sound 1", id="not suggested"),
        pytest.param(choices("wind", None), "'wind' was not suggested for sound 1", id="suggested for another"),
        pytest.param(choices("cannon"), "Sound 2 has no answer; give it a label or none.", id="one is missing"),
    ],
)
def test_choices_outside_the_suggestions_are_sent_back(answer: dict[str, Any], complaint: str) -> None:
    plan, played = retrieved(
        [idea("a cannon")],
        [idea("wind")],
        suggestions(s1="cannon", s2="wind"),
        in_order(answer, choices("cannon", "wind")),
    )
    assert labels_of(plan) == (["cannon"], ["wind"])
    assert complaint in played.questions("synthesizer_plan")[1].corrections[0]


def test_an_answer_that_never_fits_is_refused() -> None:
    with pytest.raises(BadAnswer, match="not among the labels"):
        retrieved([idea("a cannon")], [], suggestions(s1="a very big gun"), choices())
