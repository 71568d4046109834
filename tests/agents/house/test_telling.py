import pytest

from soundstage.agents.house.telling import statements, tell, told_at
from soundstage.agents.roles import FilmView
from soundstage.cuesheet import Overview
from soundstage.reading import FilmFacts, Onset, Shot, VideoFacts

RED, BLUE, GREEN = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
LENGTH = 4.0


def film(hint: str, *looks: tuple[float, ...], **changes: tuple[object, ...]) -> FilmView:
    video = VideoFacts(codec="h264", width=320, height=180, fps=25, frames=100)
    shots = tuple(
        Shot(
            index=number,
            start=number * LENGTH,
            end=(number + 1) * LENGTH,
            colour=look,
            **{"brightness": 0.5} | {name: values[number] for name, values in changes.items()},
        )
        for number, look in enumerate(looks)
    )
    facts = FilmFacts(digest="0" * 64, name="f.mp4", container="mp4", duration=LENGTH * len(looks), video=video)
    return FilmView(facts, (), hint=hint, shots=shots)


def told(view: FilmView, seen: dict[int, dict[str, float]] | None = None) -> list[str]:
    overview = tell(view, seen or {})
    return [told_at(overview, shot.start) for shot in view.shots]


def test_sentences_go_to_the_looks_in_order_and_come_back_with_them():
    view = film("A dog barks in a garden. Cars pass on a street.", RED, BLUE, RED, BLUE)
    garden, street = "A dog barks in a garden", "Cars pass on a street"
    assert told(view) == [garden, street, garden, street]


def test_one_sentence_holds_everywhere():
    assert told(film("A dog barks in a garden, then and now.", RED)) == [""]
    assert told(film("a dog runs through snow at night", RED, BLUE)) == ["", ""]


def test_shots_that_look_alike_are_told_all():
    assert told(film("A dog barks. Cars pass.", RED, RED)) == ["", ""]


def test_more_looks_than_sentences_share_them():
    view = film("A dog barks in a garden. Cars pass on a street.", RED, BLUE, GREEN)
    assert set(told(view)) == {"A dog barks in a garden", "Cars pass on a street"}


def test_more_sentences_than_looks_are_all_told():
    view = film("A dog barks. Cars pass. Rain falls.", RED, BLUE)
    assert " ".join(told(view)).count("Rain falls") == 1
    assert all(told(view))


def test_darkness_speaks_for_the_night():
    view = film("A fire burns at night. A man walks on a beach by day. Cars pass.", RED, BLUE, brightness=(0.1, 0.7))
    assert told(view)[0] == "A fire burns at night"


def test_what_is_seen_outweighs_how_evenly_sentences_are_spread():
    hint = "A man walks on a beach. Birds sing in a forest. People sit in a garden."
    view = film(hint, RED, BLUE)
    beach, garden = {"sea": 0.8}, {"park": 0.8}
    assert told(view, {0: beach | {"forest": 0.8}, 1: garden})[1] == "People sit in a garden"
    assert told(view, {0: beach, 1: garden | {"forest": 0.8}})[0] == "A man walks on a beach"


def test_what_is_plainly_seen_outweighs_the_order():
    view = film("A rabbit sits in a meadow. Cars pass on a street.", RED, BLUE, RED)
    street, meadow = {"street": 0.9}, {"meadow": 0.7}
    assert told(view, {0: street, 1: meadow, 2: street})[0] == "Cars pass on a street"


def test_a_place_seen_in_other_colours_is_the_same_kind_of_scene():
    view = film("Cars pass on a street. A man walks on a beach.", RED, BLUE, GREEN)
    assert told(view, {0: {"street": 0.9}, 1: {"street": 0.9}, 2: {"sea": 0.9}})[1] == "Cars pass on a street"


def test_blows_that_are_told_are_put_where_some_are_seen():
    hits = tuple(Onset(time=time, strength=0.9) for time in (4.5, 5.5, 6.5))
    view = film("Snow falls. A man hammers. Wind blows.", RED, BLUE, GREEN, onsets=((), hits, ()))
    assert told(view)[1] == "A man hammers"


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        ("A dog runs. It barks. Cars pass.", ("A dog runs. It barks", "Cars pass")),
        ("a dog runs, then cars pass", ("a dog runs", "cars pass")),
        ("A little film. A dog runs. Cars pass.", ("A little film. A dog runs", "Cars pass")),
        ("It rains", ("It rains",)),
        ("...", ()),
    ],
)
def test_a_sentence_that_says_nothing_of_its_own_belongs_to_another(hint, said):
    assert statements(hint) == said


def test_another_casts_overview_tells_nothing_of_the_hint():
    assert told_at(Overview(summary="A film of a port."), 0.0) == ""
    assert told_at(None, 0.0) == ""
