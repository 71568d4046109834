"""What the Scriptwriter's model is shown, what becomes of its answers, and which are sent back."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from soundstage.agents.roles import FilmView, Pause, ShotView, Split, Still
from soundstage.cuesheet import NARRATOR, Line, Moment, Overview, Speaker
from soundstage.errors import StorageError
from soundstage.reading import Keyframe, Shot
from tests.agents.llm.scenes import facts, scene, scripts
from tests.agents.llm.scripted import captioned, in_order, playing

ROUGH = Overview(summary="A harbour.", timeline=(Moment(start=0, end=60, text="Ships."),))
LINES = (Line(start=11, end=12, text="Land!"), Line(start=13, end=14, text="Where?", speaker="a boy"))


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, ...]:
    """Six pictures of 1024 x 576."""
    paths = tuple(tmp_path / f"{number}.jpg" for number in range(6))
    for number, path in enumerate(paths):
        Image.new("RGB", (1024, 576), (40 * number, 90, 90)).save(path)
    return paths


def shot_view(pictures: tuple[Path, ...], **changes: Any) -> ShotView:
    weights = (0.1, 0.3, 0.05, 0.25, 0.2, 0.1)
    frames = tuple(
        Keyframe(time=10 + number, file=path.name, weight=weight)
        for number, (path, weight) in enumerate(zip(pictures, weights, strict=True))
    )
    shot = Shot(index=3, start=10, end=16, keyframes=frames, motion=0.4321)
    return ShotView(shot, pictures, **changes)


def test_a_shot_is_shown_with_times_lines_and_a_rough_overview(pictures: tuple[Path, ...]) -> None:
    seen = shot_view(pictures, dialogue=LINES, hint="a ship arrives")
    with playing({"scriptwriter_shot": captioned("A ship.")}, pictures=3) as played:
        played.cast.scriptwriter.describe_shot(seen, ROUGH)
    (asked,) = played.questions()
    assert asked.material == {
        "shot": 3,
        "start": 10,
        "end": 16,
        "motion": 0.432,
        "spoken": [
            {"line": 1, "start": 11, "end": 12, "speaker": None, "text": "Land!"},
            {"line": 2, "start": 13, "end": 14, "speaker": "a boy", "text": "Where?"},
        ],
        "the user says": "a ship arrives",
        "the whole film": {
            "this is": "rough and partly wrong",
            "summary": "A harbour.",
            "timeline": [{"start": 0, "end": 60, "text": "Ships."}],
        },
    }
    assert asked.told == ("Picture at 11.00 s:", "Picture at 13.00 s:", "Picture at 14.00 s:")
    assert len(asked.asked.images) == 3


def test_pictures_are_small(pictures: tuple[Path, ...]) -> None:
    sizes = []
    for side in (128, 512):
        with playing({"scriptwriter_shot": captioned("A ship.")}, picture_side=side) as played:
            played.cast.scriptwriter.describe_shot(shot_view(pictures), None)
        sizes.append(max(played.server.requests[0].images))
    assert sizes[0] < sizes[1] < 40_000


def test_a_shot_without_pictures_is_told_in_words() -> None:
    with playing({"scriptwriter_shot": captioned("A ship.")}) as played:
        told = played.cast.scriptwriter.describe_shot(ShotView(Shot(index=0, start=0, end=2), ()), None)
    assert played.questions()[0].material["the whole film"] is None
    assert told.summary == "A ship."


def test_a_lost_picture_is_told(pictures: tuple[Path, ...]) -> None:
    pictures[1].unlink()
    with playing({}) as played, pytest.raises(StorageError, match=r"1\.jpg cannot be read"):
        played.cast.scriptwriter.describe_shot(shot_view(pictures), None)


def video_of(played: Any) -> list[dict[str, Any]]:
    return [
        part for part in played.server.requests[0].messages[-1]["content"] if part["type"] not in {"text", "image_url"}
    ]


@pytest.mark.parametrize("looks", ["clip", "keyframes"])
def test_the_clip_is_shown_where_it_is_asked_for(pictures: tuple[Path, ...], tmp_path: Path, looks: str) -> None:
    clip = tmp_path / "0003.mp4"
    clip.write_bytes(b"a clip")
    with playing({"scriptwriter_shot": captioned("A ship.")}, looks=looks) as played:
        played.cast.scriptwriter.describe_shot(shot_view(pictures, clip=clip), None)
    (asked,) = played.questions()
    if looks == "clip":
        assert asked.told == ("The shot as a clip of 6.00 s, which begins at 10.00 s of the film:",)
        (shown,) = video_of(played)
        assert "YSBjbGlw" in str(shown)  # "a clip", as it is sent
    else:
        assert len(asked.told) == len(asked.asked.images) == 4


def test_without_a_clip_pictures_are_shown(pictures: tuple[Path, ...], tmp_path: Path) -> None:
    with playing({"scriptwriter_shot": captioned("A ship.")}, looks="clip") as played:
        played.cast.scriptwriter.describe_shot(shot_view(pictures, clip=tmp_path / "lost.mp4"), None)
    assert len(played.questions()[0].asked.images) == 4


def test_a_caption_is_the_models_with_motion_as_measured(pictures: tuple[Path, ...]) -> None:
    answer = captioned(
        "A ship\n arrives.",
        "a quay",
        setting=[{"name": "harbour", "confidence": 0.9}],
        entities=[{"name": "ship", "confidence": 0.6}, {"name": "ship", "confidence": 0.8}],
        actions=[{"name": "ship arriving", "confidence": 0.7}],
        speakers=[{"line": 2, "who": "the captain"}],
        confidence=0.75,
    )
    with playing({"scriptwriter_shot": answer}) as played:
        told = played.cast.scriptwriter.describe_shot(shot_view(pictures, dialogue=LINES), None)
    assert (told.background, told.summary, told.motion, told.confidence) == ("a quay", "A ship arrives.", 0.4321, 0.75)
    assert [(each.name, each.confidence) for each in told.entities] == [("ship", 0.8)]
    assert told.speakers == (Speaker(time=13, name="the captain"),)


def test_a_speaker_of_no_line_is_sent_back(pictures: tuple[Path, ...]) -> None:
    wrong = captioned("A ship.", speakers=[{"line": 3, "who": "a gull"}])
    with playing({"scriptwriter_shot": in_order(wrong, captioned("A ship."))}) as played:
        played.cast.scriptwriter.describe_shot(shot_view(pictures, dialogue=LINES), None)
    assert "There is no line 3; name only speakers of the 2 lines given." in played.questions()[1].corrections[0]


def test_a_first_look_is_at_stills_of_all_the_film(pictures: tuple[Path, ...]) -> None:
    stills = tuple(Still(10.0 * number, pictures[number % 6]) for number in range(60))
    answer = {
        "summary": "A harbour.",
        "timeline": [{"start": 300, "end": 900, "text": "night"}, {"start": 0, "end": 300, "text": "day"}],
    }
    with playing({"scriptwriter_film": answer}) as played:
        rough = played.cast.scriptwriter.glimpse(FilmView(facts(600), stills, LINES, "a port"))
    (asked,) = played.questions()
    assert (asked.material["film lasts"], asked.material["the user says"]) == (600, "a port")
    assert [line["text"] for line in asked.material["spoken"]] == ["Land!", "Where?"]
    assert len(asked.asked.images) == 24
    assert (asked.told[0], asked.told[-1]) == ("Picture at 10.00 s:", "Picture at 580.00 s:")
    assert rough is not None
    assert [(moment.start, moment.end, moment.text) for moment in rough.timeline] == [
        (0, 300, "day"),
        (300, 600, "night"),
    ]


def test_very_much_talk_is_cut_short() -> None:
    lines = tuple(Line(start=number, end=number + 1, text="word " * 200) for number in range(500))
    with playing({"scriptwriter_film": {"summary": "Talk."}}) as played:
        played.cast.scriptwriter.glimpse(FilmView(facts(600), (), lines))
    assert len(played.questions()[0].asked.user) < 30_000


def test_a_split_names_a_shot_of_the_scene() -> None:
    wrong = {"two_events": True, "begins_with_shot": 0, "reason": "rain"}
    right = {"two_events": True, "begins_with_shot": 2, "reason": "rain"}
    with playing({"scriptwriter_split": in_order(wrong, right)}) as played:
        split = played.cast.scriptwriter.split(scripts("a", "b", "c"), Overview(summary="A day."))
    assert split == Split(place=2, reason="rain")
    told = "The second event must begin with one of the shots 1, 2."
    assert told in played.questions()[1].corrections[0]


PAUSES = (Pause(0, 4, 10, "s001"), Pause(10, 12, 5, "s002"))
SCENES = (scene("s001", 0, 8), scene("s002", 8, 8))


def test_a_narrator_is_told_scenes_and_pauses() -> None:
    answer = {"lines": [{"pause": 1, "text": "A harbour, at dawn."}, {"pause": 2, "text": "Night."}]}
    with playing({"scriptwriter_narration": answer}) as played:
        lines = played.cast.scriptwriter.narrate(ROUGH, SCENES, PAUSES)
    material = played.questions()[0].material
    assert [each["scene"] for each in material["scenes"]] == ["s001", "s002"]
    assert material["pauses"] == [
        {"pause": 1, "scene": "s001", "start": 0, "end": 4, "words": 10},
        {"pause": 2, "scene": "s002", "start": 10, "end": 12, "words": 5},
    ]
    assert lines == (
        Line(start=0, end=1.6, text="A harbour, at dawn.", speaker=NARRATOR),
        Line(start=10, end=10.6, text="Night.", speaker=NARRATOR),
    )


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        pytest.param([{"pause": 3, "text": "Hm."}], "There is no pause 3; the last is 2.", id="no such pause"),
        pytest.param(
            [{"pause": 1, "text": "A."}, {"pause": 1, "text": "B."}],
            "Pause 1 has more than one line; make them one.",
            id="two in one",
        ),
        pytest.param(
            [{"pause": 2, "text": "one two three four five six"}],
            "The line for pause 2 has 6 words, but only 5 can be spoken in it.",
            id="too many words",
        ),
    ],
)
def test_narration_that_does_not_fit_is_sent_back(lines: list[dict[str, Any]], complaint: str) -> None:
    with playing({"scriptwriter_narration": in_order({"lines": lines}, {"lines": []})}) as played:
        assert played.cast.scriptwriter.narrate(ROUGH, SCENES, PAUSES) == ()
    assert complaint in played.questions()[1].corrections[0]


def test_a_film_without_pauses_is_not_narrated() -> None:
    with playing({}) as played:
        assert played.cast.scriptwriter.narrate(ROUGH, SCENES, ()) == ()


def test_a_long_film_is_narrated_in_stretches() -> None:
    scenes = [scene(f"s{number:03}", 6.0 * number) for number in range(130)]
    pauses = [Pause(each.start, each.end, 15, each.id) for each in scenes]
    with playing({"scriptwriter_narration": {"lines": [{"pause": 2, "text": "On."}]}}) as played:
        lines = played.cast.scriptwriter.narrate(ROUGH, scenes, pauses)
    assert [len(asked.material["pauses"]) for asked in played.questions()] == [60, 60, 10]
    assert [line.start for line in lines] == [6, 366, 726]
