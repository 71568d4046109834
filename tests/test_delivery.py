import os
from collections.abc import Callable
from pathlib import Path

import pytest

from soundstage.delivery import Format, Order
from soundstage.errors import BadOption
from soundstage.mix.containers import CONTAINERS

_WRONG: dict[str, Callable[[Path], Order]] = {
    "a folder": lambda place: Order(output=place / "folder.mp4"),
    "a device": lambda place: Order(output=Path(os.devnull), format="mp4"),
    "the work folder": lambda place: Order(output=place / "work", format="mp4"),
    "the cue sheet": lambda place: Order(output=place / "work" / "cuesheet.json", format="mp4"),
    "a name too long to write aside": lambda place: Order(output=place / ("n" * 240 + ".mp4")),
    "stems where a file is": lambda place: Order(output=place / "out.mp4", stems=place / "film.mp4"),
    "the film": lambda place: Order(output=place / "film.mp4"),
}


@pytest.mark.parametrize("order", _WRONG.values(), ids=_WRONG)
def test_what_cannot_be_delivered_is_refused_before_any_work(tmp_path: Path, order: Callable[[Path], Order]):
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "film.mp4").touch()
    with pytest.raises(BadOption):
        order(tmp_path).check(tmp_path / "film.mp4", tmp_path / "work")


@pytest.mark.parametrize(
    ("order", "said"),
    [
        pytest.param(Order(Path("out.mp4"), format="bogus"), "The format bogus", id="by option"),
        pytest.param(Order(Path("out.xyz")), "The name of out.xyz", id="by name"),
    ],
)
def test_what_names_no_container_is_said(tmp_path: Path, order: Order, said: str):
    with pytest.raises(BadOption, match=said):
        order.check(tmp_path / "film.mp4", tmp_path / "work")


def test_every_container_that_is_written_can_be_asked_for():
    assert {each.value for each in Format} == {*CONTAINERS, "flac"}


def test_an_earlier_result_may_be_replaced(tmp_path: Path):
    (tmp_path / "out.mp4").touch()
    Order(output=tmp_path / "out.mp4").check(tmp_path / "film.mp4", tmp_path / "work")
