"""Reading families of labels and joining them with recipes."""

import pytest
from pydantic import ValidationError

from soundstage.knowledge.catalogue import read_catalogue

LABELS = """
scenarios: {weather: rain and wind}
families:
  rain:
    layer: ambience
    behaviour: steady
    scenarios: [weather]
    sources: [clouds]
    acoustics: {low: 400, high: 12000, centroid: 4500, level: -31}
    labels:
      rain: {}
      hail: {kind: ice, sources: [ice], acoustics: {low: 700}}
"""
RECIPES = """
hail: {recipe: drops, parameters: {hardness: 0.9}, fidelity: 0.7, acoustics: {centroid: 5000}}
frogs: {recipe: drops}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "labels.yaml").write_text(LABELS)
    return tmp_path


def test_labels_take_what_their_family_shares(folder):
    rain, _ = read_catalogue(folder).labels
    assert (rain.name, rain.kind, rain.sources) == ("rain", "rain", ("clouds",))
    assert rain.acoustics.low == 400


def test_labels_say_what_differs(folder):
    _, hail = read_catalogue(folder).labels
    assert (hail.kind, hail.sources) == ("ice", ("ice",))
    assert (hail.acoustics.low, hail.acoustics.high) == (700, 12000)


def test_without_recipes_nothing_here_makes_a_label(folder):
    assert [label.recipe for label in read_catalogue(folder).labels] == [None, None]
    assert [label.fidelity for label in read_catalogue(folder).labels] == [0, 0]


def test_recipes_join_their_labels(folder):
    (folder / "recipes.yaml").write_text(RECIPES)
    rain, hail = read_catalogue(folder).labels
    assert rain.recipe is None
    assert hail.recipe is not None
    assert (hail.recipe.name, hail.recipe.parameters, hail.fidelity) == ("drops", {"hardness": 0.9}, 0.7)
    assert (hail.acoustics.low, hail.acoustics.centroid) == (700, 5000)


def test_recipes_of_unknown_labels_are_told(folder):
    (folder / "recipes.yaml").write_text(RECIPES)
    assert read_catalogue(folder).strays == ("frogs",)


def test_an_edit_of_the_files_is_seen_at_once(folder):
    read_catalogue(folder)
    (folder / "labels.yaml").write_text(LABELS.replace("rain: {}", "drizzle: {}"))
    assert read_catalogue(folder).labels[0].name == "drizzle"


def test_a_label_that_breaks_the_rules_is_refused(folder):
    (folder / "labels.yaml").write_text(LABELS.replace("level: -31", "level: 31"))
    with pytest.raises(ValidationError):
        read_catalogue(folder)
