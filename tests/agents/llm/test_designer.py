"""What the Designer's model is told, what becomes of its answers, and which are sent back."""

from typing import Any

import pytest

from soundstage.agents.continuity import settle
from soundstage.agents.generation import design_scene
from soundstage.agents.roles import Bible, Heard, Plan, SceneView, Source
from soundstage.cuesheet import Cue, Layer, Line, Method, Overview, Perspective
from soundstage.errors import BadAnswer
from soundstage.knowledge.base import knowledge
from soundstage.reading import Onset
from tests.agents.llm.scenes import scene, view
from tests.agents.llm.scripted import Question, in_order, playing
from tests.documents import cue

DOG = Source("our-dog", "a small dog barks", "dog barking", -26.0, "old", ("s001", "s004"))
BIBLE = Bible((DOG, Source("the-rain", "steady rain", "rain", -36.0)))
NOTHING: dict[str, Any] = {"main": [], "background": []}


def sound(words: str, **changes: Any) -> dict[str, Any]:
    return {"words": words, "reason": "it is seen", **changes}


def test_a_scene_is_told_with_onsets_lines_and_bible() -> None:
    of = scene(dialogue=(Line(start=1, end=2, text="Sit!"),), hint="a dog school")
    seen = view(of, [Onset(time=3.004, strength=0.5, pan=0.2), Onset(time=1.5, strength=0.9)], bible=BIBLE)
    with playing({"designer_draft": NOTHING}) as played:
        played.cast.designer.draft(seen)
    assert played.questions()[0].material == {
        "scene": {
            "id": "s001",
            "start": 0,
            "end": 6,
            "background": "a field",
            "setting": [],
            "entities": [],
            "actions": [],
            "summary": "a tank fires",
        },
        "the user says": "a dog school",
        "spoken in the film's own sound": [{"line": 1, "start": 1, "end": 2, "speaker": None, "text": "Sit!"}],
        "motion": 0.3,
        "onsets": [{"time": 1.5, "strength": 0.9, "pan": 0}, {"time": 3, "strength": 0.5, "pan": 0.2}],
        "the whole film": {"this is": "rough and partly wrong", "summary": "a war film", "timeline": []},
        "sound bible": [
            {
                **{"source": "our-dog", "words": "a small dog barks", "label": "dog barking", "level": -26},
                **{"note": "old", "expected here": True},
            },
            {"source": "the-rain", "words": "steady rain", "label": "rain", "level": -36, "expected here": False},
        ],
    }


def test_of_very_many_onsets_the_strongest_are_told_in_order() -> None:
    onsets = [Onset(time=0.05 * number, strength=number % 10 / 10) for number in range(100)]
    with playing({"designer_draft": NOTHING}) as played:
        played.cast.designer.draft(view(onsets=onsets))
    told = played.questions()[0].material["onsets"]
    assert len(told) == 24
    assert min(each["strength"] for each in told) == 0.7
    assert [each["time"] for each in told] == sorted(each["time"] for each in told)


def test_a_draft_is_asked_for_as_the_model_wishes() -> None:
    asked = sound(
        "a gun",
        level=-20,
        pan=0.4,
        perspective="off-screen",
        rhythm="hits",
        moments=[1.0],
        salience=0.9,
        confidence=0.6,
    )
    with playing({"designer_draft": {"main": [asked]}}) as played:
        (idea,) = played.cast.designer.draft(view()).main
    assert (idea.words, idea.reason, idea.confidence, idea.salience) == ("a gun", "it is seen", 0.6, 0.9)
    assert not idea.visible
    assert (idea.wish.level, idea.wish.pan, idea.wish.rhythm, idea.wish.moments) == (-20, 0.4, "hits", (1.0,))
    assert idea.wish.perspective is Perspective.OFF_SCREEN


@pytest.mark.parametrize(
    ("draft", "complaint"),
    [
        pytest.param(
            {"main": [sound("rain")], "background": [sound("Rain")]},
            "'Rain' is in both lists; keep it in main.",
            id="in both lists",
        ),
        pytest.param(
            {"main": [sound("a cat", source="our-cat")]},
            "The sound bible has no source 'our-cat'; leave source out.",
            id="unknown source",
        ),
        pytest.param(
            {"main": [sound("a dog", source="our-dog"), sound("the dog", source="our-dog")]},
            "The source 'our-dog' is there twice; keep it once.",
            id="source twice",
        ),
        pytest.param(
            {"background": [sound("a dog", source="our-dog")]},
            "The source 'our-dog' does not sound all the time; keep it in main.",
            id="a source that strikes as a bed",
        ),
        pytest.param({"main": [sound("a gun", level=3)]}, "less than or equal to -6", id="level out of range"),
        pytest.param({"main": [sound("a gun", pan=-2)]}, "greater than or equal to -1", id="pan out of range"),
        pytest.param({"main": [sound("x" * 101)]}, "at most 100 characters", id="too many words"),
    ],
)
def test_a_draft_that_does_not_fit_is_sent_back(draft: dict[str, Any], complaint: str) -> None:
    with playing({"designer_draft": in_order(draft, NOTHING)}) as played:
        assert played.cast.designer.draft(view(bible=BIBLE)).main == ()
    assert complaint in played.questions()[1].corrections[0]


def test_a_source_that_is_unknown_for_ever_is_refused() -> None:
    draft = {"main": [sound("a cat", source="our-cat")]}
    with playing({"designer_draft": draft}) as played, pytest.raises(BadAnswer, match="no source 'our-cat'"):
        played.cast.designer.draft(view(bible=BIBLE))
    assert len(played.questions()) == 3


@pytest.mark.parametrize(
    ("review", "complaint"),
    [
        pytest.param({"final": False, "remarks": ["no"]}, "there is no corrected design", id="nothing corrected"),
        pytest.param(
            {"final": False, "corrected": {"main": [sound("rain")], "background": [sound("rain")]}},
            "'rain' is in both lists",
            id="corrected badly",
        ),
    ],
)
def test_a_review_that_does_not_fit_is_sent_back(review: dict[str, Any], complaint: str) -> None:
    seen = view()
    answers = {"designer_draft": {"main": [sound("none")]}, "designer_review": in_order(review, {"final": True})}
    with playing(answers) as played:
        draft = played.cast.designer.draft(seen)
        plan = played.cast.synthesizer.retrieve(seen, draft)
        assert played.cast.designer.review(seen, plan).final
    assert complaint in played.questions("designer_review")[1].corrections[0]


def test_an_empty_plan_needs_no_review() -> None:
    with playing({}) as played:
        assert played.cast.designer.review(view(), Plan((), ())).final


def written(*sources: dict[str, Any], scenes: int = 2) -> Any:
    def suggest(asked: Question) -> dict[str, Any]:
        best = [(each["sound"], each["labels"][:1]) for each in asked.material["sounds"] if each["labels"]]
        return {"suggestions": [{"sound": n, "labels": [{"label": o["label"]} for o in some]} for n, some in best]}

    answers = {"designer_bible": {"sources": list(sources)}, "synthesizer_retrieval": suggest}
    with playing(answers) as played:
        found = played.cast.designer.write_bible(
            Overview(summary="A dog's day."), [scene(f"s{number:03}", 6.0 * number) for number in range(scenes)]
        )
    return found, played


def test_the_bible_gives_each_source_a_label() -> None:
    dog = {"name": "our-dog", "words": "dog barking", "level": -26, "note": "old", "scenes": ["s000", "s001"]}
    found, played = written(dog)
    assert found == Bible((Source("our-dog", "dog barking", "dog barking", -26.0, "old", ("s000", "s001")),))
    assert [each["scene"] for each in played.questions("designer_bible")[0].material["scenes"]] == ["s000", "s001"]


def test_a_source_that_cannot_be_made_is_left_out() -> None:
    found, _ = written({"name": "peace", "words": "silence"}, {"name": "our-dog", "words": "dog barking"})
    assert [source.name for source in found.sources] == ["our-dog"]


def test_no_source_of_the_bible_is_a_voice() -> None:
    _, played = written({"name": "fans", "words": "crowd cheering"})
    offered = played.questions("synthesizer_retrieval")[0].material["sounds"][0]["labels"]
    assert not any(each["voice"] for each in offered)


def test_one_scene_needs_no_bible() -> None:
    found, played = written(scenes=1)
    assert found == Bible()
    assert played.questions() == []


def test_a_very_long_film_is_told_by_some_of_its_scenes() -> None:
    _, played = written(scenes=700)
    assert len(played.questions()[0].material["scenes"]) <= 120


@pytest.mark.parametrize(
    ("sources", "complaint"),
    [
        pytest.param([{}, {}], "The source our-dog is there twice; name each once.", id="twice"),
        pytest.param(
            [{"scenes": ["s002", "s009"]}],
            "There is no scene 's009'; name scenes by the ids given.",
            id="no such scene",
        ),
    ],
)
def test_a_bible_that_makes_no_sense_is_sent_back(sources: list[dict[str, Any]], complaint: str) -> None:
    dogs = [{"name": "our-dog", "words": "dog barking", **changes} for changes in sources]
    with playing({"designer_bible": in_order({"sources": dogs}, {"sources": []})}) as played:
        played.cast.designer.write_bible(Overview(), [scene(), scene("s002", 6)])
    assert complaint in played.questions()[1].corrections[0]


def of_scene(number: int, played: Any, **wish: Any) -> Any:
    """A scene designed with what its draft asks for."""
    seen = view(scene(f"s{number:03}", 6.0 * number, shots=(number, number)), bible=BIBLE, seed=7)
    return seen.scene.model_copy(update={"cues": design_scene(seen, played.cast).cues})


def test_a_recurring_source_is_the_same_in_every_scene() -> None:
    wishes = (
        {"level": -14, "perspective": "near"},
        {"level": -50, "perspective": "far", "moments": [8.0]},
        {"words": "something else", "visible": False},
    )

    def draft(asked: Question) -> dict[str, Any]:
        number = int(asked.material["scene"]["id"][1:])
        rain = [sound("rain", source="the-rain", level=-20 - number)]
        return {"main": [{**sound("a dog", source="our-dog"), **wishes[number]}], "background": rain}

    with playing({"designer_draft": draft, "designer_review": {"final": True}}) as played:
        scenes = settle([of_scene(number, played) for number in range(3)])
    dogs = [cue for each in scenes for cue in each.cues if cue.source == "our-dog"]
    rains = [cue for each in scenes for cue in each.cues if cue.source == "the-rain"]
    assert len(dogs) == 3
    assert {(cue.label, cue.level, cue.seed) for cue in dogs} == {("dog barking", -26.0, dogs[0].seed)}
    assert len({cue.variation for cue in dogs}) == 3
    assert [(cue.label, cue.level, cue.start, cue.end) for cue in rains] == [("rain", -36.0, 0, 18)]
    assert [each.shares for each in scenes[1:]] == [(rains[0].id,)] * 2


WEAK = Heard(0.4, ("hits: no onset at 3.2 s",))


def thunder(**changes: object) -> Cue:
    return cue("s001-thunder", 3, 5, layer=Layer.EFFECTS, label="thunder", prompt="thunder", reason="seen", **changes)


def heard(answer: Any, asked: Cue, seen: SceneView | None = None) -> Any:
    with playing({"designer_hear": answer}) as played:
        return played.cast.designer.hear(seen or view(), asked, WEAK), played


def test_what_was_heard_is_told_with_other_labels_of_its_behaviour() -> None:
    _, played = heard({"action": "keep"}, thunder(anchors=[{"time": 3.2}]))
    material = played.questions()[0].material
    assert material["asked for"] == {"label": "thunder", "words": "thunder", "reason": "seen"}
    assert (material["from"], material["to hit"], material["score"]) == ([3, 5], [3.2], 0.4)
    assert material["heard"] == ["hits: no onset at 3.2 s"]
    own = knowledge().labels["thunder"]
    offered = [knowledge().labels[each["label"]] for each in material["labels"]]
    assert own not in offered
    assert {label.behaviour for label in offered} == {own.behaviour}


def test_a_changed_cue_keeps_its_place_and_tells_why() -> None:
    def change(asked: Question) -> dict[str, Any]:
        assert asked.material["labels"][0]["label"] == "distant thunder"
        return {"action": "change", "label": "distant thunder", "words": "a far roll", "reason": "it rolls"}

    changed, _ = heard(change, thunder(level=-18, method=Method.LIBRARY, parameters={"distance": 1.0}))
    assert (changed.label, changed.prompt, changed.method) == ("distant thunder", "a far roll", Method.AUTO)
    assert (changed.id, changed.start, changed.end, changed.level) == ("s001-thunder", 3, 5, -18)
    assert changed.parameters == {}
    assert changed.reason == "seen; heard: hits: no onset at 3.2 s; distant thunder instead: it rolls"


def test_a_cue_may_be_kept() -> None:
    assert heard({"action": "keep"}, thunder())[0] is None


@pytest.mark.parametrize("label", ["rain", "a bang", "thunder", None])
def test_a_label_that_was_not_offered_is_sent_back(label: str | None) -> None:
    answer = in_order({"action": "change", "label": label}, {"action": "keep"})
    kept, played = heard(answer, thunder())
    assert kept is None
    assert f"{label!r} is not among the labels offered" in played.questions()[1].corrections[0]


def test_a_source_of_the_bible_keeps_its_label() -> None:
    kept, played = heard({"action": "change", "label": "dog growling"}, thunder(source="our-dog"), view(bible=BIBLE))
    assert kept is None
    assert played.questions() == []


def test_an_answer_of_other_words_is_no_silence():
    with playing({"designer_draft": in_order({"sounds": ["rain"]}, NOTHING)}) as played:
        draft = played.cast.designer.draft(view())
        assert len(played.server.requests) == 2
    assert (draft.main, draft.background) == ((), ())
