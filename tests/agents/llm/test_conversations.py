"""Golden conversations: what models of known answers lead to, turn by turn."""

from typing import Any

import pytest

from soundstage.agents.discussion import Storyboard, storyboard
from soundstage.agents.generation import design_scene
from soundstage.agents.roles import Bible, Source
from soundstage.cuesheet import Layer, Line, Perspective
from soundstage.knowledge.base import knowledge
from soundstage.reading import Onset
from tests.agents.llm.scenes import facts, scene, scripts, view
from tests.agents.llm.scripted import Played, Question, captioned, in_order, playing

OVERVIEW = {"summary": "a film", "timeline": []}
ONE_EVENT = {"two_events": False}


def merged(summary: str, sure: float = 0.9, reason: str = "the same event goes on") -> dict[str, Any]:
    return {"merge": True, "confidence": sure, "reason": reason, "caption": captioned(summary, confidence=0.9)}


def parted(reason: str, sure: float = 0.9) -> dict[str, Any]:
    return {"merge": False, "confidence": sure, "reason": reason}


def told_together(*summaries: str, length: float = 4.0, **answers: Any) -> tuple[Storyboard, Played]:
    shots = scripts(*summaries, length=length)
    given = {"scriptwriter_part": OVERVIEW, "scriptwriter_split": ONE_EVENT, **answers}
    with playing(given) as played:
        board = storyboard(facts(shots[-1].shot.end), shots, (), played.cast, workers=1)
    return board, played


PAPER = [
    pytest.param(
        ("People stroll in a park.", "A wedding in a church."),
        parted("a park is no church"),
        ["People stroll in a park.", "A wedding in a church."],
        "shots 0 and 1 part: a park is no church",
        id="park then church",
    ),
    pytest.param(
        ("A dog stands on the stairs.", "The dog jumps down the stairs."),
        merged("A dog stands on the stairs, then jumps down them."),
        ["A dog stands on the stairs, then jumps down them."],
        "shots 0 and 1 go together: the same event goes on",
        id="dog on the stairs then jumping",
    ),
    pytest.param(
        ("Hands chop vegetables.", "Hands sprinkle seasoning."),
        parted("chopping and seasoning sound different"),
        ["Hands chop vegetables.", "Hands sprinkle seasoning."],
        "shots 0 and 1 part: chopping and seasoning sound different",
        id="chopping then seasoning",
    ),
    pytest.param(
        ("A tank fires.", "A tank is shooting."),
        merged("A tank fires again and again."),
        ["A tank fires again and again."],
        "shots 0 and 1 go together: the same event goes on",
        id="tank firing then tank shooting",
    ),
]


@pytest.mark.parametrize(("shots", "verdict", "scenes", "decided"), PAPER)
def test_the_papers_examples(shots: tuple[str, str], verdict: dict[str, Any], scenes: list[str], decided: str) -> None:
    board, played = told_together(*shots, storyboarder_merge=verdict)
    assert [scene.caption.summary for scene in board.scenes] == scenes
    assert [scene.shots for scene in board.scenes] == ([(0, 1)] if len(scenes) == 1 else [(0, 0), (1, 1)])
    assert [str(turn) for turn in board.turns] == [
        "scriptwriter: a film",
        f"scriptwriter: shot 0: {shots[0]} (sure 0.80)",
        f"scriptwriter: shot 1: {shots[1]} (sure 0.80)",
        f"storyboarder: {decided}",
        *([f"scriptwriter: shots 0-1: {scenes[0]}"] if len(scenes) == 1 else []),
    ]
    assert played.prompts() == ["scriptwriter_part", "storyboarder_merge"]


def judge_of_dogs(asked: Question) -> dict[str, Any]:
    """Merges the dog's shots; once it has slept, another day begins."""
    before, after = asked.material["before"]["summary"], asked.material["after"]["summary"]
    if "sleeps" in before and "barks" in after:
        return parted("another day")
    return merged(f"{before} Then {after}")


def test_the_next_shot_is_judged_against_the_merged_scene() -> None:
    shots = ("A dog stands.", "The dog sleeps.", "A dog runs.", "The dog barks.")
    board, played = told_together(*shots, storyboarder_merge=judge_of_dogs)
    judged = [
        (asked.material["before"]["summary"], asked.material["after"]["summary"])
        for asked in played.questions("storyboarder_merge")
    ]
    one, two = "A dog stands. Then The dog sleeps.", "A dog stands. Then The dog sleeps. Then A dog runs."
    assert judged[:3] == [(shots[0], shots[1]), (shots[1], shots[2]), (shots[2], shots[3])]
    assert judged[3:] == [(one, shots[2]), (two, shots[3])]
    assert [scene.caption.summary for scene in board.scenes] == [two, shots[3]]
    assert [scene.shots for scene in board.scenes] == [(0, 2), (3, 3)]
    assert "storyboarder: shot 3 leaves the scene: another day" in map(str, board.turns)


def test_a_merge_without_a_caption_is_captioned_by_the_scriptwriter() -> None:
    bare = {"merge": True, "confidence": 0.8, "reason": "one fight"}
    board, played = told_together(
        "Two fight.", "They fight on.", storyboarder_merge=bare, scriptwriter_unify=captioned("A fight.")
    )
    assert [scene.caption.summary for scene in board.scenes] == ["A fight."]
    (asked,) = played.questions("scriptwriter_unify")
    assert [shot["summary"] for shot in asked.material["shots"]] == ["Two fight.", "They fight on."]


def test_the_scriptwriter_parts_a_scene_again() -> None:
    board, played = told_together(
        "A tram comes.",
        "A tram stops.",
        "Rain falls.",
        storyboarder_merge=merged("A tram in the rain."),
        scriptwriter_split={"two_events": True, "begins_with_shot": 2, "reason": "the tram is gone"},
        scriptwriter_unify=captioned("A tram comes and stops."),
    )
    assert [scene.caption.summary for scene in board.scenes] == ["A tram comes and stops.", "Rain falls."]
    assert str(board.turns[-1]) == ("scriptwriter: shots 0-2 hold two events (the tram is gone); cut before shot 2")
    (asked,) = played.questions("scriptwriter_split")
    assert [shot["shot"] for shot in asked.material["shots"]] == [0, 1, 2]


def sound(words: str, **changes: Any) -> dict[str, Any]:
    return {"words": words, "reason": "it is seen", **changes}


def suggesting(**best: str) -> Any:
    """Suggests for each sound the label named for its words, if that was offered."""

    def answer(asked: Question) -> dict[str, Any]:
        return {
            "suggestions": [
                {"sound": each["sound"], "labels": [{"label": offer["label"]}]}
                for each in asked.material["sounds"]
                for offer in each["labels"]
                if offer["label"] == best.get(each["words"].replace(" ", "_"))
            ]
        }

    return answer


def taking_the_first(asked: Question) -> dict[str, Any]:
    """Plans with the first suggestion of every sound."""
    return {
        "choices": [
            {"sound": each["sound"], "label": next(iter(each["suggested"]), None), "fit": 0.9, "reason": "fits"}
            for each in asked.material["sounds"]
        ]
    }


FINAL = {"final": True}


def test_a_plan_is_corrected_once_and_then_final() -> None:
    cannon = sound("cannon", level=-18, moments=[2.0], salience=0.9, confidence=0.9)
    correction = {
        "final": False,
        "remarks": ["'Tank firing' should be a cannon"],
        "corrected": {"main": [cannon], "background": [sound("wind", level=-36)]},
    }
    answers = {
        "designer_draft": {"main": [sound("Tank firing")], "background": [sound("wind", level=-36)]},
        "synthesizer_retrieval": suggesting(Tank_firing="tank", cannon="cannon", wind="wind"),
        "synthesizer_plan": taking_the_first,
        "designer_review": in_order(correction, FINAL),
    }
    with playing(answers) as played:
        design = design_scene(view(onsets=[Onset(time=2.02, strength=0.9, pan=0.5)]), played.cast)
    assert played.prompts() == [
        "designer_draft",
        "synthesizer_retrieval",
        "synthesizer_plan",
        "designer_review",
        "synthesizer_retrieval",
        "synthesizer_plan",
        "designer_review",
    ]
    assert [str(turn) for turn in design.turns] == [
        "designer: main: Tank firing (it is seen); behind: wind (it is seen)",
        "synthesizer: main: Tank firing -> tank (fits); behind: wind -> wind (fits)",
        "designer: 'Tank firing' should be a cannon",
        "synthesizer: main: cannon -> cannon (fits); behind: wind -> wind (fits)",
        "designer: final",
    ]
    first, second = played.questions("designer_review")
    assert first.material["plan"] == {
        "main": [{"asked for": "Tank firing", "label": "tank", "because": "fits"}],
        "background": [{"asked for": "wind", "label": "wind", "because": "fits"}],
    }
    assert second.material["plan"]["main"] == [{"asked for": "cannon", "label": "cannon", "because": "fits"}]
    wind, shot = design.cues
    assert (wind.id, wind.layer, wind.label, wind.level) == ("s001-wind", Layer.AMBIENCE, "wind", -36)
    assert (wind.start, wind.end, wind.anchors) == (0, 6, ())
    assert (shot.id, shot.layer, shot.label, shot.prompt) == ("s001-cannon", Layer.EFFECTS, "cannon", "cannon")
    assert (shot.level, shot.confidence, shot.reason) == (-18, 0.9, "it is seen; fits")
    assert [(anchor.time, anchor.strength, anchor.pan) for anchor in shot.anchors] == [(2.02, 0.9, 0.35)]
    assert shot.start < 2.02 < shot.end


def test_what_was_retrieved_is_near_in_meaning() -> None:
    answers = {
        "designer_draft": {"main": [sound("Tank firing")]},
        "synthesizer_retrieval": suggesting(Tank_firing="cannon"),
        "synthesizer_plan": taking_the_first,
        "designer_review": FINAL,
    }
    with playing(answers) as played:
        design_scene(view(), played.cast)
    (asked,) = played.questions("synthesizer_retrieval")
    (wanted,) = asked.material["sounds"]
    assert (wanted["sound"], wanted["list"], wanted["words"]) == (1, "main", "Tank firing")
    assert [offer["label"] for offer in wanted["labels"]] == [
        match.label.name for match in knowledge().search("Tank firing", 8)
    ]
    assert wanted["labels"][0] == {
        "label": "tank firing",
        "type of sound": "gunfire",
        "in time": "single",
        "voice": False,
        "made here": True,
        "nearness": 1.0,
    }


def test_rounds_end_without_a_final_word() -> None:
    again = {"final": False, "remarks": ["more"], "corrected": {"main": [sound("cannon")]}}
    answers = {
        "designer_draft": {"main": [sound("cannon")]},
        "synthesizer_retrieval": suggesting(cannon="cannon"),
        "synthesizer_plan": taking_the_first,
        "designer_review": again,
    }
    with playing(answers) as played:
        design = design_scene(view(), played.cast, rounds=2)
    assert [str(turn) for turn in design.turns][1:] == [
        "synthesizer: main: cannon -> cannon (fits); behind: none",
        "designer: more",
        "synthesizer: main: cannon -> cannon (fits); behind: none",
        "designer: more",
    ]
    assert [cue.label for cue in design.cues] == ["cannon"]


def test_silence_is_a_design() -> None:
    with playing({"designer_draft": {"main": [], "background": []}}) as played:
        design = design_scene(view(), played.cast)
    assert played.prompts() == ["designer_draft"]
    assert design.cues == ()
    assert [str(turn) for turn in design.turns] == [
        "designer: main: none; behind: none",
        "synthesizer: main: none; behind: none",
        "designer: final",
    ]


@pytest.mark.parametrize("word", ["none", "None", "silence"])
def test_none_stays_none(word: str) -> None:
    answers = {"designer_draft": {"main": [sound(word)], "background": []}, "designer_review": FINAL}
    with playing(answers) as played:
        design = design_scene(view(), played.cast)
    assert played.prompts() == ["designer_draft", "designer_review"]
    assert design.cues == ()


def test_a_sound_that_nothing_suits_stays_silent() -> None:
    answers = {
        "designer_draft": {"main": [sound("a zorgon blorps"), sound("cannon")]},
        "synthesizer_retrieval": suggesting(cannon="cannon"),
        "synthesizer_plan": taking_the_first,
        "designer_review": FINAL,
    }
    with playing(answers) as played:
        design = design_scene(view(), played.cast)
    assert [cue.label for cue in design.cues] == ["cannon"]
    (asked,) = played.questions("synthesizer_plan")
    assert [each["suggested"] for each in asked.material["sounds"]] == [[], ["cannon"]]


def test_a_sound_in_both_lists_is_sent_back() -> None:
    twice = {"main": [sound("Wind")], "background": [sound("wind")]}
    answers = {
        "designer_draft": in_order(twice, {"background": [sound("wind")]}),
        "synthesizer_retrieval": suggesting(wind="wind"),
        "synthesizer_plan": taking_the_first,
        "designer_review": FINAL,
    }
    with playing(answers) as played:
        design = design_scene(view(), played.cast)
    assert "'wind' is in both lists; keep it in main." in played.questions()[1].corrections[0]
    assert [(cue.label, cue.layer) for cue in design.cues] == [("wind", Layer.AMBIENCE)]


def test_one_label_for_two_sounds_is_sent_back() -> None:
    first = {"choices": [{"sound": 1, "label": "wind"}, {"sound": 2, "label": "wind"}]}
    second = {"choices": [{"sound": 1, "label": "wind"}, {"sound": 2, "label": None}]}

    def suggest(asked: Question) -> dict[str, Any]:
        return {"suggestions": [{"sound": number, "labels": [{"label": "wind"}]} for number in (1, 2)]}

    answers = {
        "designer_draft": {"main": [sound("wind")], "background": [sound("howling wind")]},
        "synthesizer_retrieval": suggest,
        "synthesizer_plan": in_order(first, second),
        "designer_review": FINAL,
    }
    with playing(answers) as played:
        design = design_scene(view(), played.cast)
    (_, corrected) = played.questions("synthesizer_plan")
    assert "'wind' is in the scene twice" in corrected.corrections[0]
    assert [(cue.label, cue.layer) for cue in design.cues] == [("wind", Layer.EFFECTS)]


@pytest.mark.parametrize(("spoken", "offered"), [(True, False), (False, True)], ids=["people speak", "nobody does"])
def test_voices_are_offered_only_where_nobody_speaks(spoken: bool, offered: bool) -> None:
    lines = (Line(start=1, end=2, text="Fire!"),) if spoken else ()
    answers = {
        "designer_draft": {"main": [sound("crowd cheering")]},
        "synthesizer_retrieval": suggesting(),
        "designer_review": FINAL,
    }
    with playing(answers) as played:
        design_scene(view(scene(dialogue=lines)), played.cast)
    (asked,) = played.questions("synthesizer_retrieval")
    assert any(offer["voice"] for offer in asked.material["sounds"][0]["labels"]) is offered


def test_a_source_of_the_bible_needs_no_search_and_keeps_its_level() -> None:
    bible = Bible((Source("our-dog", "a small dog barks", "dog barking", -26.0),))
    answers = {
        "designer_draft": {"main": [sound("a dog", source="our-dog", level=-14, perspective="near")]},
        "designer_review": FINAL,
    }
    with playing(answers) as played:
        design = design_scene(view(bible=bible, seed=7), played.cast)
    assert played.prompts() == ["designer_draft", "designer_review"]
    (cue,) = design.cues
    assert (cue.label, cue.level, cue.source, cue.perspective) == ("dog barking", -26, "our-dog", Perspective.NEAR)
