import pytest

from soundstage.agents.house.understanding import understand


@pytest.mark.parametrize(
    ("text", "deeds"),
    [
        ("a dog runs through snow at night", [("dog", "footsteps on snow")]),
        ("a woman walks along a beach", [("person", "footsteps on sand")]),
        ("a man is chopping vegetables", [("person", "chopping food")]),
        ("a tank is shooting", [("tank", "tank firing")]),
        ("two men fighting with knives", [("person", "sword clash")]),
        ("someone knocks", [("person", "door knock")]),
        ("a car passes", [("car", "car passing")]),
        ("the fire in the hall", []),
        ("a dog stands on stairs", [("dog", "")]),
        ("a telephone rings", [("telephone", "telephone ring")]),
        ("a car sounds its horn", [("car", "car horn")]),
        ("a bomb explodes", [("bomb", "bomb")]),
        ("a laser fires in space", [("laser", "laser")]),
        ("birds fly over a meadow", [("bird", "")]),
        ("butterflies flap their wings", [("insect", "bird wings")]),
    ],
)
def test_deeds_have_a_doer_and_a_sound(text, deeds):
    assert [(deed.who, deed.sound) for deed in understand(text).deeds] == deeds


@pytest.mark.parametrize(
    "text",
    [
        "rain falls",
        "snow is falling on the roof",
        "night falls",
        "wind blows through the trees",
        "a machine runs in a factory",
        "water runs down the wall",
        "a storm breaks",
        "the camera pans over mountains",
    ],
)
def test_what_moves_by_itself_is_nobodys_deed(text):
    assert not understand(text).deeds


@pytest.mark.parametrize(
    ("text", "thing", "label"),
    [
        ("the camera pans over mountains", "cooking", "frying"),
        ("a soldier fires a rifle", "fire", "fire crackling"),
        ("a spaceship flies by", "fly", "fly buzzing"),
        ("rain falls", "river", "waterfall"),
    ],
)
def test_a_verb_is_no_thing(text, thing, label):
    told = understand(text)
    assert thing not in [each.name for each in told.things]
    assert label not in told.labels


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("a dog runs through snow at night", ("snow",)),
        ("people in the streets of a city", ("street",)),
        ("a man talking in a car", ("car interior",)),
        ("waves on the beach under a storm", ("sea", "storm")),
        ("a portrait", ()),
    ],
)
def test_settings_are_found_by_their_words(text, settings):
    assert understand(text).settings == settings


def test_night_is_told_from_day():
    assert understand("a forest at night").night
    assert understand("a sunny forest").day
    assert not understand("a forest").night


def test_what_is_denied_is_not_there():
    told = understand("a street without cars, no music")
    assert [thing.name for thing in told.things] == ["street"]
    assert not told.labels


def test_sounds_of_the_knowledge_base_are_taken_by_name():
    assert "church bell" in understand("far away a church bell").labels


def test_walkers_take_the_ground_that_is_known_already():
    (deed,) = understand("person walking", known=("forest",)).deeds
    assert deed.sound == "footsteps on leaves"


@pytest.mark.parametrize("text", ["", " ", "?!", "no", "12 34", "日本語", "a" * 2000, "run run run"])
def test_any_text_can_be_read(text):
    assert understand(text).told == text
