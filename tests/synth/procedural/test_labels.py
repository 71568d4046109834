"""Listens to every label that a recipe makes."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from soundstage.knowledge.base import knowledge
from soundstage.knowledge.catalogue import read_catalogue
from soundstage.knowledge.label import Label
from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.recipes import RECIPES
from tests.synth.procedural.listening import LABELS, Heard, heard, is_bed, label_of, length_of

# All of them in one test a label: what takes its time is to make the sound.
FAULTS: dict[str, Callable[[Heard, Label], bool]] = {
    "holds what is no number": lambda heard, label: not heard.finite,
    "is silent": lambda heard, label: heard.rms <= 0.003,
    "is clipped": lambda heard, label: heard.peak > 10 ** (-1 / 20),
    "has most of its energy outside of its band": lambda heard, label: heard.inside < 0.7,
    "has an offset": lambda heard, label: heard.offset >= 0.01,
    "does not end in silence": lambda heard, label: heard.last >= 0.002,
    "lasts longer or shorter than its cue": lambda heard, label: heard.frames != round(length_of(label) * SAMPLE_RATE),
    "is sudden, and does not begin at once": lambda heard, label: not is_bed(label) and heard.onset > 0.02,
    "is a bed, and has a gap": lambda heard, label: is_bed(label) and heard.gap > 0.1,
}
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
def test_its_recipe_knows_its_parameters_and_sounds_as_it_should(name):
    recipe = label_of(name).recipe
    values = RECIPES[recipe.name].values(recipe.parameters)
    assert recipe.parameters.items() <= values.items()
    assert [fault for fault, is_so in FAULTS.items() if is_so(heard(name), label_of(name))] == []


def test_sounds_of_different_kinds_differ_in_colour_or_movement():
    for one, other in combinations(UNLIKE, 2):
        a, b = heard(one), heard(other)
        colour = float(np.mean(np.abs(np.subtract(a.colour, b.colour))))
        assert colour + abs(a.swing - b.swing) > 1.5, f"{one} sounds like {other}"
