import pytest

from soundstage.agents.house.scriptwriter import HINTED, HouseScriptwriter, gerund, throughout
from soundstage.agents.house.storyboarder import HouseStoryboarder
from soundstage.agents.roles import FilmView, ShotScript, ShotView, Verdict
from soundstage.cuesheet import Caption, Finding, Line, Overview
from soundstage.reading import FilmFacts, Keyframe, Shot, VideoFacts

WRITER = HouseScriptwriter(HouseStoryboarder())


def shot(index: int = 0, length: float = 4.0, motion: float = 0.3, keyframes: int = 0) -> Shot:
    pictures = tuple(Keyframe(time=index * length, file=f"{n}.jpg", weight=1 / keyframes) for n in range(keyframes))
    return Shot(index=index, start=index * length, end=(index + 1) * length, motion=motion, keyframes=pictures)


def names(found: tuple[Finding, ...]) -> list[str]:
    return [finding.name for finding in found]


def facts(duration: float) -> FilmFacts:
    video = VideoFacts(codec="h264", width=320, height=180, fps=25, frames=round(duration * 25))
    return FilmFacts(digest="0" * 64, name="film.mp4", container="mp4", duration=duration, video=video)


def test_street_is_told_from_its_keyframes(frames):
    told = WRITER.describe_shot(ShotView(shot(keyframes=2), tuple(frames("bikes", 200, 225))), None)
    assert told.background.startswith("a street")
    assert names(told.setting)[0] in ("street", "outdoors")
    assert 0.4 < told.confidence <= 1


def test_hint_outweighs_what_is_seen(frames):
    view = ShotView(shot(), tuple(frames("bikes", 225)), hint="a dog runs through snow at night")
    told = WRITER.describe_shot(view, None)
    assert names(told.entities)[0] == "dog"
    assert "dog running" in names(told.actions)
    assert told.background == "snow at night"
    assert all(finding.confidence <= 0.35 for finding in told.entities[1:])


def test_dialogue_means_somebody_talks(frames):
    line = Line(start=0, end=1, text="Hello there")
    told = WRITER.describe_shot(ShotView(shot(), tuple(frames("carphone_pristine", 50)), (line,)), None)
    assert "person talking" in names(told.actions)


def test_without_pictures_nothing_is_claimed():
    told = WRITER.describe_shot(ShotView(shot(), ()), None)
    assert (told.entities, told.setting, told.confidence) == ((), (), 0)


def test_a_neighbours_picture_says_nothing_of_a_shot(frames):
    late = Keyframe(time=4.0, file="0.jpg", weight=1.0)
    view = ShotView(shot().model_copy(update={"keyframes": (late,)}), tuple(frames("bikes", 225)))
    assert WRITER.describe_shot(view, None).confidence == 0


def test_a_glimpse_of_another_place_is_not_where_a_scene_is():
    def seen(index: int, length: float, place: str) -> ShotScript:
        setting = (Finding(name=place, confidence=0.9),) if place else ()
        whole = shot(index).model_copy(update={"start": 0.0, "end": length})
        return ShotScript(whole, Caption(background="", setting=setting, confidence=0.9))

    whole = WRITER.unify([seen(0, 9.0, "street"), seen(1, 5.0, ""), seen(2, 1.0, "meadow")])
    assert {finding.name: finding.confidence for finding in whole.setting} == {"street": 0.81}


def test_a_film_told_in_sentences_is_captioned_by_those_that_hold(frames):
    hint = "A dog barks in the snow. Cars pass on a street."
    shots = tuple(
        shot(index).model_copy(update={"colour": colour}) for index, colour in enumerate([(1.0, 0.0), (0.0, 1.0)])
    )
    glimpse = WRITER.glimpse(FilmView(facts(8), (), hint=hint, shots=shots))
    told = [WRITER.describe_shot(ShotView(each, (), hint=hint), glimpse) for each in shots]
    assert [caption.told for caption in told] == ["A dog barks in the snow", "Cars pass on a street"]
    assert [names(caption.entities)[0] for caption in told] == ["dog", "car"]


def test_still_vehicle_does_not_pass(frames):
    pictures = tuple(frames("bikes", 225))
    still = WRITER.describe_shot(ShotView(shot(motion=0.0), pictures), None)
    moving = WRITER.describe_shot(ShotView(shot(motion=0.4), pictures), None)
    assert not still.actions
    assert any(name.endswith("passing") for name in names(moving.actions))


def captioned(index: int, length: float, **changes: object) -> ShotScript:
    return ShotScript(shot(index, length), Caption(background=f"place {index}", **changes))


def test_unified_caption_holds_all_that_is_seen():
    dog, cat = ((Finding(name=name, confidence=0.8),) for name in ("dog", "cat"))
    told = WRITER.unify([captioned(0, 4, entities=dog, confidence=0.9), captioned(1, 4, entities=cat, confidence=0.2)])
    assert set(names(told.entities)) == {"dog", "cat"}
    assert told.background == "place 0"


def test_merged_shots_tell_each_thing_once():
    seen = ["A dog barks.", "Rain falls; then A dog barks.", "Rain falls."]
    told = WRITER.unify([captioned(number, 4, summary=summary) for number, summary in enumerate(seen)])
    assert told.summary == "A dog barks; then rain falls"


def test_unified_caption_of_one_shot_says_the_same():
    caption = Caption(background="a street", entities=(Finding(name="dog", confidence=0.8),), confidence=0.6)
    assert WRITER.unify([ShotScript(shot(), caption)]) == caption


def test_overview_says_where_the_film_mostly_is():
    street = (Finding(name="street", confidence=0.9),)
    overview = WRITER.describe_film(facts(12), [captioned(n, 4, setting=street) for n in range(3)])
    assert "a street" in overview.summary
    assert (overview.timeline[0].start, overview.timeline[-1].end) == (0, 12)


def test_overview_of_a_long_film_stays_readable():
    overview = WRITER.describe_film(facts(2800), [captioned(n, 4) for n in range(700)])
    assert len(overview.timeline) <= 60
    assert overview.timeline[-1].end == 2800


def test_what_is_told_of_every_shot_is_told_throughout():
    hinted = (Finding(name="dog", confidence=HINTED),)
    overview = WRITER.describe_film(facts(8), [captioned(n, 4, entities=hinted) for n in range(2)])
    assert throughout(overview) == {"dog"}
    assert throughout(WRITER.describe_film(facts(8), [captioned(n, 4) for n in range(2)])) == frozenset()


@pytest.mark.parametrize(
    ("verb", "form"),
    [("run", "running"), ("drive", "driving"), ("bark", "barking"), ("see", "seeing"), ("hit", "hitting")],
)
def test_gerunds(verb, form):
    assert gerund(verb) == form


class WordJudge:
    """Merges where any word of the places is shared, so that places may drift from shot to shot."""

    def judge(self, before: ShotScript, after: ShotScript, overview: Overview) -> Verdict:
        one, other = (set(script.caption.background.split()) for script in (before, after))
        return Verdict(merge=bool(one & other), confidence=0.9 if not one & other else 0.5, reason=f"{one} {other}")


@pytest.mark.parametrize(
    ("places", "split"),
    [
        pytest.param(["park", "park pond", "pond mill", "mill"], 1, id="ends contradict each other"),
        pytest.param(["park", "park pond", "pond park", "park"], None, id="ends agree"),
    ],
)
def test_scene_is_split_where_it_drifted_into_another_place(places, split):
    scripts = [ShotScript(shot(index), Caption(background=place)) for index, place in enumerate(places)]
    found = HouseScriptwriter(WordJudge()).split(scripts, Overview())
    assert (found.place if found else None) == split
