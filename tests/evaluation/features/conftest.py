"""What the tests of features share: a film and its sound, tiny networks on a shelf, one thread."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundstage.evaluation.features.item import Item
from soundstage.soundmodels import SoundModels
from soundstage.weights.card import ModelCard
from soundstage.weights.catalogue import DATA, Catalogue, read_catalogue
from soundstage.weights.shelf import Shelf
from tests.footage import tone, write_film

SECONDS = 9.0


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine seconds of pictures that get brighter from each to the next, with a tone in stereo."""
    path = tmp_path_factory.mktemp("film") / "rising.mp4"
    levels = np.linspace(20, 240, round(25 * SECONDS))
    write_film(path, (np.full((64, 96, 3), level, np.uint8) for level in levels), sound=tone(seconds=SECONDS))
    return path


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine seconds of noise, louder on the right, off zero."""
    path = tmp_path_factory.mktemp("sound") / "noise.wav"
    noise = np.random.default_rng(3).uniform(-0.1, 0.1, (round(48_000 * SECONDS), 2))
    soundfile.write(str(path), noise * (1, 3) + 0.2, 48_000, subtype="FLOAT")
    return path


@pytest.fixture
def item(film: Path, sound: Path) -> Item:
    """A film with a soundtrack and words."""
    return Item("rising", SECONDS, sound, film, "a light comes up")


@pytest.fixture
def models(tmp_path: Path) -> SoundModels:
    """A shelf with nothing on it, whose models may have any size."""
    return empty_shelf(tmp_path / "models")


def empty_shelf(folder: Path) -> SoundModels:
    """As `models`, elsewhere."""
    return _OfAnySize(Shelf(folder))


def _of_any_size(card: ModelCard) -> ModelCard:
    return replace(card, files=tuple(replace(file, size=None, sha256=None, md5=None) for file in card.files))


_CARDS = Catalogue(_of_any_size(card) for card in read_catalogue(DATA))


class _OfAnySize(SoundModels):
    """Knows no sizes of files: tiny networks lie in them."""

    @property
    def known(self) -> Catalogue:
        return _CARDS
