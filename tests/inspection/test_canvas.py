import pytest

from soundstage.errors import StorageError
from soundstage.inspection.canvas import Canvas, fit, text_width, wrap

WORDS = "a bicycle crosses the picture from left to right"


@pytest.mark.parametrize("room", [20, 60, 120, 1000])
def test_text_is_cut_to_its_room(room):
    assert text_width(fit(WORDS, room, 10), 10) <= room


def test_text_that_fits_stays_whole():
    assert fit(WORDS, 1000, 10) == WORDS


def test_where_three_letters_do_not_fit_there_is_no_text():
    assert fit(WORDS, 8, 10) == ""


def test_wrapped_lines_fit_and_lose_no_word_when_there_is_room():
    lines = wrap(WORDS, 120, 10, 5)
    assert " ".join(lines) == WORDS
    assert all(text_width(line, 10) <= 120 for line in lines)


def test_the_last_line_is_cut():
    assert len(wrap(WORDS * 5, 120, 10, 2)) == 2
    assert wrap(WORDS * 5, 120, 10, 2)[-1].endswith("…")


def test_dollars_are_no_mathematics(tmp_path):
    canvas = Canvas(100, 40, 72)
    canvas.text(5, 20, r"$\frac{1}{$ costs $", 10, "#ffffff")
    canvas.save(tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 0


def test_a_picture_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    with pytest.raises(StorageError, match="cannot be written"):
        Canvas(100, 40, 72).save(tmp_path / "missing" / "a.png")
    assert list(tmp_path.iterdir()) == []
