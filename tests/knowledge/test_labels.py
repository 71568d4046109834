"""The shipped data: complete, without doubles, and physically sensible entry by entry."""

from collections import Counter
from itertools import chain

import pytest

from soundstage.cuesheet import Layer
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.catalogue import DATA, read_catalogue
from soundstage.knowledge.label import Behaviour, Label
from soundstage.knowledge.ranking import names_of
from soundstage.knowledge.ucs import categories

LABELS = tuple(knowledge().labels.values())
CLASSES = (DATA / "vggsound.txt").read_text(encoding="utf-8").splitlines()
LEVELS = {Layer.AMBIENCE: (-36, -24), Layer.EFFECTS: (-33, -16), Layer.MUSIC: (-29, -19)}


def rule_breakers(rule) -> list[str]:
    return [label.name for label in LABELS if not rule(label)]


def test_there_are_enough_labels_and_scenarios():
    assert len(LABELS) >= 420
    assert len(knowledge().scenarios) >= 20


def test_vggsound_has_309_classes_in_our_list():
    assert len(CLASSES) == len(set(CLASSES)) == 309


def test_every_vggsound_class_is_reachable_by_its_exact_name():
    assert [name for name in CLASSES if knowledge().find(name) is None] == []


def test_vggsound_fields_name_real_classes():
    assert rule_breakers(lambda label: label.vggsound is None or label.vggsound in CLASSES) == []


def test_no_two_labels_share_a_name_or_alias():
    shared = Counter(chain.from_iterable(names_of(label) for label in LABELS))
    assert [name for name, times in shared.items() if times > 1] == []


def test_every_scenario_is_described_and_used():
    used = set(chain.from_iterable(label.scenarios for label in LABELS))
    assert used == set(knowledge().scenarios)


def test_no_recipe_names_an_unknown_label():
    assert read_catalogue().strays == ()


def in_one_to_four_lower_case_words(label: Label) -> bool:
    return label.name == label.name.lower().strip() and 1 <= len(label.name.split()) <= 4


def band_holds_its_centroid(label: Label) -> bool:
    return label.acoustics.low < label.acoustics.centroid < label.acoustics.high


def level_fits_its_layer(label: Label) -> bool:
    low, high = LEVELS[label.layer]
    return low <= label.acoustics.level <= high


def behaves_as_its_envelope_says(label: Label) -> bool:
    still = label.acoustics.attack == label.acoustics.decay == 0
    return still if label.behaviour is Behaviour.STEADY else label.acoustics.decay > 0


def repeats_faster_than_it_lasts(label: Label) -> bool:
    return label.behaviour is not Behaviour.REPEATED or label.acoustics.attack + label.acoustics.decay <= 3.5


def bed_goes_on(label: Label) -> bool:
    return label.layer is not Layer.AMBIENCE or label.behaviour is not Behaviour.SINGLE


@pytest.mark.parametrize(
    "rule",
    [
        in_one_to_four_lower_case_words,
        band_holds_its_centroid,
        level_fits_its_layer,
        behaves_as_its_envelope_says,
        repeats_faster_than_it_lasts,
        bed_goes_on,
    ],
    ids=lambda rule: rule.__name__,
)
def test_every_label_obeys(rule):
    assert rule_breakers(rule) == []


def test_every_label_says_where_it_occurs_what_makes_it_and_of_what_kind_it_is():
    assert rule_breakers(lambda label: label.scenarios and label.sources and label.kind) == []


def test_effects_and_music_say_what_is_done():
    assert rule_breakers(lambda label: label.layer is Layer.AMBIENCE or label.actions) == []


def test_ucs_fields_are_real_categories():
    assert rule_breakers(lambda label: label.ucs is None or label.ucs in categories()) == []


@pytest.mark.parametrize(
    "name", ["man speaking", "crowd cheer", "baby crying", "choir", "screaming", "children playing", "battle cry"]
)
def test_human_voices_are_marked(name):
    assert knowledge().labels[name].voice


@pytest.mark.parametrize("name", ["dog barking", "applause", "footsteps", "rain", "piano", "crowd murmur", "car horn"])
def test_other_sounds_are_not_marked_as_voices(name):
    assert not knowledge().labels[name].voice
