"""Music under a film: one cue, after the user's words."""

import pytest

from soundstage.additions import music_cue
from soundstage.cuesheet import Layer


def test_it_lasts_the_film_and_keeps_the_words() -> None:
    cue = music_cue("calm solo piano", 95.0, seed=1)

    assert (cue.layer, cue.start, cue.end, cue.prompt) == (Layer.MUSIC, 0.0, 95.0, "calm solo piano")


@pytest.mark.parametrize(("words", "label"), [("calm solo piano", "piano"), ("a sad cello", "cello")])
def test_its_label_is_the_nearest_of_music(words: str, label: str) -> None:
    assert music_cue(words, 10.0, seed=1).label == label


@pytest.mark.parametrize("duration", [0.04, 3.0, 6.0, 7200.0])
def test_its_fades_fit_into_any_film(duration: float) -> None:
    cue = music_cue("piano", duration, seed=1)

    assert 0 < cue.fade_in < cue.fade_out
    assert cue.fade_in + cue.fade_out <= duration + 1e-6


def test_another_seed_is_another_performance() -> None:
    assert music_cue("piano", 9.0, seed=1).seed != music_cue("piano", 9.0, seed=2).seed
