"""Sentence vectors, and what is kept of them between runs."""

import numpy as np
import pytest

from soundstage.knowledge import cache
from soundstage.knowledge.words import DIMENSIONS, kept_vectors, vector, vectors

TEXTS = ["heavy rain", "a dog barks", "Schritte auf Schnee"]


@pytest.fixture
def cache_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "user_cache_path", lambda name: tmp_path / name)
    return tmp_path / "soundstage" / "knowledge"


def test_vectors_have_unit_length():
    rows = vectors(TEXTS)
    assert rows.shape == (len(TEXTS), DIMENSIONS)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)


def test_no_texts_give_no_vectors():
    assert vectors([]).shape == (0, DIMENSIONS)


def test_a_vector_does_not_depend_on_its_neighbours():
    assert vector("heavy rain") @ vectors(TEXTS)[0] == pytest.approx(1, abs=1e-4)


def test_other_languages_mean_the_same():
    german = vector("Schritte auf Schnee")
    assert german @ vector("footsteps on snow") > german @ vector("electric guitar") + 0.3


def test_kept_vectors_come_back_the_same(cache_folder):
    first = kept_vectors(TEXTS)
    assert len(list(cache_folder.iterdir())) == 1
    assert np.array_equal(kept_vectors(TEXTS), first)
    assert np.sum(first * vectors(TEXTS), axis=1) == pytest.approx(1, abs=1e-3)


def test_a_corrupt_cache_is_made_anew(cache_folder):
    first = kept_vectors(TEXTS)
    (kept,) = cache_folder.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-100])
    assert np.array_equal(kept_vectors(TEXTS), first)
    assert kept.read_bytes() == whole


def test_a_cache_that_cannot_be_written_does_not_matter(tmp_path, monkeypatch):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    monkeypatch.setattr(cache, "user_cache_path", lambda name: in_the_way / name)
    assert kept_vectors(TEXTS).shape == (len(TEXTS), DIMENSIONS)


def test_what_was_kept_is_not_made_again(cache_folder):
    made = []

    def make() -> bytes:
        made.append(1)
        return b"payload"

    assert [cache.remembered("x", make) for _ in range(3)] == [b"payload"] * 3
    assert len(made) == 1
