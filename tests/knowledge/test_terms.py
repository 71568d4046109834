"""Words as they stand: stems, and what is shared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundstage.knowledge.terms import TermIndex, stem, telling_words, weighted_words

INDEX = TermIndex(
    [
        weighted_words([("dog barking", 1.0), ("hound", 0.5)]),
        weighted_words([("fox barking", 1.0)]),
        weighted_words([("rain", 1.0)]),
    ]
)


@pytest.mark.parametrize(
    ("one", "other"),
    [("waves", "waving"), ("running", "run"), ("cries", "cry"), ("barks", "barking"), ("chopped", "chop")],
)
def test_forms_of_a_word_have_one_stem(one, other):
    assert stem(one) == stem(other)


def test_words_that_tell_nothing_are_left_out():
    assert telling_words("The dog is in the dog house") == ("dog", "house")


def test_the_highest_weight_of_a_word_counts():
    assert weighted_words([("red dog", 0.5), ("dog", 1.0)]) == {"red": 0.5, "dog": 1.0}


def test_rare_words_tell_more_than_common_ones():
    assert INDEX.rarity("dog") > INDEX.rarity("barking")


def test_an_entry_that_names_all_of_a_text_scores_one():
    all_of_it, part_of_it, nothing = INDEX.overlap("barks of a dog")
    assert all_of_it == pytest.approx(1)
    assert 0 < part_of_it < 0.5
    assert nothing == 0


def test_a_word_in_a_lesser_place_counts_less():
    assert INDEX.overlap("hound")[0] == pytest.approx(0.5)


@given(text=st.text(max_size=60))
def test_shares_lie_between_nothing_and_all(text):
    assert all(0 <= share <= 1 for share in INDEX.overlap(text))
