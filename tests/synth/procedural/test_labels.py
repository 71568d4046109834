"""Listens to every label that a recipe makes."""

from itertools import combinations

import numpy as np
import pytest

from soundstage.knowledge.base import knowledge
from soundstage.knowledge.catalogue import read_catalogue
from soundstage.knowledge.label import Behaviour
from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.recipes import RECIPES
from tests.synth.procedural.listening import LABELS, heard, label_of

STEADY = [name for name in LABELS if label_of(name).behaviour is Behaviour.STEADY]
SUDDEN = [name for name in LABELS if label_of(name).behaviour is not Behaviour.STEADY]
# One of each kind that nobody would take for another.
UNLIKE = (
    "rain", "wind", "thunder", "sea waves", "stream", "fire crackling", "forest birds", "crickets", "city hum",
    "crowd murmur", "applause", "room tone", "car engine", "helicopter", "jet", "train", "siren", "train horn",
    "footsteps on wood", "footsteps on gravel", "door knock", "door creak", "glass breaking", "explosion", "gunshot",
    "sword clash", "whoosh", "frying", "clock ticking", "keyboard", "church bell", "vacuum cleaner", "dog barking",
    "cow mooing", "crow caw", "owl hoot", "heartbeat", "zipper", "water droplet", "water splash", "telephone ring",
)  # fmt: skip


def test_at_least_a_hundred_and_ten_labels_have_a_recipe():
    assert len(LABELS) >= 110


def test_no_recipe_stands_for_a_label_that_is_not_there():
    assert read_catalogue().strays == ()


def test_every_recipe_serves_a_label():
    served = {label.recipe.name for label in knowledge().labels.values() if label.recipe}
    assert served == set(RECIPES)


@pytest.mark.parametrize("name", LABELS)
def test_its_recipe_knows_its_parameters_and_ranges(name):
    recipe = label_of(name).recipe
    values = RECIPES[recipe.name].values(recipe.parameters)
    assert recipe.parameters.items() <= values.items()


@pytest.mark.parametrize("name", LABELS)
def test_it_sounds(name):
    assert heard(name).finite
    assert heard(name).rms > 0.003


@pytest.mark.parametrize("name", LABELS)
def test_it_is_not_clipped(name):
    assert heard(name).peak <= 10 ** (-1 / 20)


@pytest.mark.parametrize("name", LABELS)
def test_most_of_its_energy_lies_in_its_band(name):
    assert heard(name).inside >= 0.7


@pytest.mark.parametrize("name", LABELS)
def test_it_has_no_offset_and_ends_in_silence(name):
    assert heard(name).offset < 0.01
    assert heard(name).last < 0.002


@pytest.mark.parametrize("name", SUDDEN)
def test_a_sudden_sound_begins_at_once(name):
    assert heard(name).onset <= 0.02


@pytest.mark.parametrize("name", STEADY)
def test_a_bed_has_no_gap(name):
    assert heard(name).gap <= 0.1


@pytest.mark.parametrize("name", LABELS)
def test_it_lasts_as_long_as_its_cue(name):
    seconds = 2.5 if label_of(name).behaviour is Behaviour.STEADY else 2.0
    assert heard(name).frames == round(seconds * SAMPLE_RATE)


def test_sounds_of_different_kinds_differ_in_colour_or_movement():
    for one, other in combinations(UNLIKE, 2):
        a, b = heard(one), heard(other)
        colour = float(np.mean(np.abs(np.subtract(a.colour, b.colour))))
        assert colour + abs(a.swing - b.swing) > 1.5, f"{one} sounds like {other}"
