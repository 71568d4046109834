from dataclasses import replace

import numpy as np
import pytest

from soundstage.errors import BadFilm
from soundstage.evaluation.features.items import length_of
from soundstage.evaluation.features.pictures import seen
from tests.evaluation.features.conftest import SECONDS

STEP = 220 / (25 * SECONDS - 1)  # by which each picture is brighter


def number(picture):
    """Which picture of the film it is, by how bright it is."""
    return (float(picture.mean()) - 20) / STEP


def test_at_the_films_own_rate_every_picture_is_seen_once(item):
    found = [number(picture) for picture in seen(item, 25.0, 0.0, 200)]
    assert np.diff(found).mean() == pytest.approx(1, abs=0.02)
    assert found[0] == pytest.approx(0, abs=2)
    assert found[199] == pytest.approx(199, abs=2)


def test_every_two_seconds_what_is_shown_a_second_later_is_seen(item):
    """As ffmpeg's filter `fps` gives it."""
    found = [number(picture) for picture in seen(item, 0.5, 0.0, 4)]
    assert found == pytest.approx([24, 74, 124, 174], abs=2)


def test_counting_can_begin_anywhere(item):
    (picture,) = seen(item, 0.5, 4.0, 1)
    assert number(picture) == pytest.approx(124, abs=2)


def test_a_film_that_is_too_short_is_refused(item):
    with pytest.raises(BadFilm, match="look at less"):
        seen(item, 25.0, 0.0, 300)


def test_an_item_without_a_film_is_refused(item):
    with pytest.raises(BadFilm, match="rising has no film"):
        seen(replace(item, film=None), 25.0, 0.0, 1)


def test_how_long_a_film_is(film):
    assert length_of(film) == pytest.approx(SECONDS, abs=0.05)
