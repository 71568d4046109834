import numpy as np
import pytest
from PIL import Image

from soundstage.inspection import draw
from tests.inspection.films import reading, sheet, sound


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


@pytest.fixture
def film(tmp_path):
    return reading(tmp_path / "reading", [0, 6, 15, 23])


def test_a_short_film_is_one_wide_picture(tmp_path, film):
    draw(film, tmp_path / "reading", sheet(film), sound(tmp_path / "m.flac", 23), tmp_path / "a.png")
    height, width, _ = pixels(tmp_path / "a.png").shape
    assert width == 2400
    assert 1000 < height < 2000


def test_keyframes_cues_and_sound_are_all_seen(tmp_path, film):
    folder = tmp_path / "reading"
    bare = tmp_path / "bare"
    empty = reading(bare, [0, 6, 15, 23])
    for keyframe in bare.glob("*.jpg"):
        keyframe.unlink()
    draw(film, folder, sheet(film), sound(tmp_path / "m.flac", 23), tmp_path / "all.png")
    draw(empty, bare, sheet(film), tmp_path / "m.flac", tmp_path / "no-pictures.png")
    draw(film, folder, sheet(film, cues=1), tmp_path / "m.flac", tmp_path / "few-cues.png")
    draw(film, folder, sheet(film), None, tmp_path / "silent.png")
    whole, blank = pixels(tmp_path / "all.png"), pixels(tmp_path / "no-pictures.png")
    changed = np.abs(whole - blank).max(axis=2) > 20
    assert 0.05 < changed.mean() < 0.25
    assert len(pixels(tmp_path / "few-cues.png")) < len(whole)
    assert len(pixels(tmp_path / "silent.png")) < len(whole)


def test_before_the_design_there_are_no_scenes_and_cues_to_draw(tmp_path, film):
    draw(film, tmp_path / "reading", None, None, tmp_path / "a.png")
    draw(film, tmp_path / "reading", sheet(film), None, tmp_path / "b.png")
    assert len(pixels(tmp_path / "a.png")) < len(pixels(tmp_path / "b.png"))


def test_the_original_sound_is_shown_where_there_is_no_master(tmp_path, film):
    draw(film, tmp_path / "reading", None, None, tmp_path / "mute.png")
    sound(tmp_path / "reading" / "original.flac", 23, channels=1)
    draw(film, tmp_path / "reading", None, None, tmp_path / "heard.png")
    assert len(pixels(tmp_path / "heard.png")) > len(pixels(tmp_path / "mute.png"))


@pytest.mark.parametrize(
    "cuts",
    [[0, 0.04], [0, 100, 200], list(np.arange(0, 600, 1.5))],
    ids=["one picture", "two long shots", "400 short shots"],
)
def test_films_of_any_length_and_pace_are_drawn(tmp_path, cuts):
    film = reading(tmp_path / "reading", [float(cut) for cut in cuts])
    draw(film, tmp_path / "reading", sheet(film), None, tmp_path / "a.png")
    height, width, _ = pixels(tmp_path / "a.png").shape
    assert width in (2000, 2400)
    assert height < 8000


def test_the_same_film_gives_the_same_picture(tmp_path, film):
    for name in ("a.png", "b.png"):
        draw(film, tmp_path / "reading", sheet(film), None, tmp_path / name)
    assert np.array_equal(pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png"))


def test_any_words_can_be_drawn(tmp_path, film):
    words = "$x^2$ <b>雨の街</b> \u202eabc 🎬 % { }\n\ttail"
    draw(film, tmp_path / "reading", sheet(film, words=words), None, tmp_path / "a.png")
    assert (tmp_path / "a.png").exists()
