from pathlib import Path
from urllib.parse import urlsplit

import pytest

from soundstage.errors import BadOption
from soundstage.weights.card import Does, ModelCard
from soundstage.weights.catalogue import DATA, read_catalogue

KNOWN = read_catalogue(DATA)
CARDS = pytest.mark.parametrize("card", [pytest.param(card, id=card.name) for card in KNOWN])
SMALL = """
licences:
  MIT: {commercial: true}
models:
  whole: {family: tiny, does: speech, says: x, licence: MIT, files: [{path: a.pth, url: "https://models.invalid/a"}]}
"""


@CARDS
def test_files_come_by_https(card: ModelCard):
    assert {urlsplit(url).scheme for url in [card.page, *(file.url for file in card.files)]} == {"https"}


@CARDS
def test_what_is_needed_comes_first(card: ModelCard):
    needed = KNOWN.needed(card)
    assert needed[-1] is card
    assert {need.does for need in needed[:-1]} <= {Does.PART}
    assert len(set(needed)) == len(needed)


@CARDS
def test_commercial_use_needs_the_consent_of_all(card: ModelCard):
    assert card.commercial == all(need.licence.commercial for need in KNOWN.needed(card))


@CARDS
def test_every_file_has_a_place_of_its_own(card: ModelCard):
    paths = [file.path for file in card.files]
    assert len(set(paths)) == len(paths)
    assert paths or (card.repository and card.repository.patterns)


@pytest.mark.parametrize("family", ["mmaudio", "foleycrafter", "stable-audio-3", "audioldm2", "vits", "clap"])
def test_makers_say_what_they_make(family: str):
    for card in KNOWN.of_family(family):
        assert card.sample_rate


def test_memory_counts_what_is_needed():
    large = KNOWN.card("mmaudio-large-44k-v2")
    assert KNOWN.memory(large) == sum(need.memory or 0 for need in KNOWN.needed(large)) > (large.memory or 0)


def test_an_unknown_name_is_told_the_known_ones():
    with pytest.raises(BadOption, match="mmaudio-large-44k-v2"):
        KNOWN.card("mmaudio-huge")


def test_the_users_models_come_on_top(tmp_path: Path):
    added = tmp_path / "models.yaml"
    added.write_text(SMALL)
    both = read_catalogue(DATA, added)
    assert both.card("whole").commercial
    assert both.card("synchformer") == KNOWN.card("synchformer")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        pytest.param("licence: MIT", "licence: BSD", "licence 'BSD' of the model whole is not described", id="licence"),
        pytest.param("says: x", "says: x, needs: [nobody]", "whole needs nobody, which is not", id="need"),
        pytest.param("says: x", "says: x, needs: [whole]", "needs itself", id="circle"),
        pytest.param("https://models.invalid", "http://models.invalid", r"models\.whole\.files\.0\.url", id="http"),
        pytest.param("a.pth", "../a.pth", "has to stay within the model's folder", id="path that leads out"),
        pytest.param("does: speech", "does: dance", r"models\.whole\.does", id="purpose"),
        pytest.param("says: x", "says: x, colour: red", r"models\.whole\.colour", id="unknown field"),
        pytest.param("models:", "models: [", "is not valid YAML", id="no YAML"),
    ],
)
def test_says_what_is_wrong_with_the_users_models(tmp_path: Path, old: str, new: str, says: str):
    added = tmp_path / "models.yaml"
    added.write_text(SMALL.replace(old, new, 1))
    with pytest.raises(BadOption, match=says):
        read_catalogue(added)


def test_a_name_misspelled_is_told_those_that_are_alike():
    with pytest.raises(BadOption, match=r"'MMAudio-large-44k-v3'; did you mean mmaudio-large-44k-v2 or "):
        KNOWN.card("MMAudio-large-44k-v3")
