from pathlib import Path

import numpy as np
import pytest

from soundstage.evaluation.bench.checking import Checked, check_bench, lines_of
from soundstage.evaluation.bench.entries import Bench, Entry, Event, Span
from soundstage.sound import frames_of, write_blocks
from tests.footage import in_container, tone

GOOD = Entry(id="good", film="two.mp4", sound="two.flac")


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A silent film and one with a tone, both of two seconds, and sounds for them."""
    folder = tmp_path_factory.mktemp("media")
    in_container(folder / "two.mp4", seconds=2.0, size=(64, 48))
    in_container(folder / "toned.mp4", seconds=2.0, size=(64, 48), sound=tone(seconds=2.0))
    rng = np.random.default_rng(0)
    for name, seconds, level in (("two", 2.0, 0.1), ("long", 2.5, 0.1), ("still", 2.0, 0.0)):
        noise = level * rng.standard_normal((frames_of(seconds), 2)).astype(np.float32)
        write_blocks(folder / f"{name}.flac", [noise], channels=2)
    (folder / "broken.mp4").write_bytes(b"no film")
    (folder / "broken.flac").write_bytes(b"no sound")
    return folder


def _checked(media: Path, *entries: Entry) -> Checked:
    return check_bench(Bench(name="x", entries=entries).at(media), workers=2)


def test_a_good_bench_has_no_problems_and_its_lengths_are_known(media: Path) -> None:
    own = Entry(id="own", film="toned.mp4")

    checked = _checked(media, GOOD, own)

    assert checked.problems == ()
    assert checked.measured["good"].film == pytest.approx(2.0, abs=0.01)
    assert checked.measured["own"].sound == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    ("change", "file", "says"),
    [
        ({"film": "gone.mp4"}, "gone.mp4", "film is missing"),
        ({"film": "broken.mp4"}, "broken.mp4", "broken.mp4"),
        ({"sound": "gone.flac"}, "gone.flac", "reference is missing"),
        ({"sound": "broken.flac"}, "broken.flac", "cannot be read"),
        ({"sound": None}, "two.mp4", "no sound of its own"),
        ({"sound": "still.flac"}, "still.flac", "silent"),
        ({"captions": (Span(start=3, end=4, text=""),)}, "bench.json", "caption 1 ends at 4 s"),
        ({"events": (Event(time=2.2),)}, "bench.json", "event 1 is at 2.2 s"),
        ({"scenes": (1.0, 2.4)}, "bench.json", "scene begins at 2.4 s"),
        ({"scenes": (1.5, 1.0)}, "bench.json", "do not ascend"),
    ],
    ids=[
        *("no-film", "no-film-at-all", "no-reference", "unreadable-reference", "no-track", "silent-reference"),
        *("caption-outside", "event-outside", "scene-outside", "scenes-unsorted"),
    ],
)
def test_what_keeps_a_film_from_being_scored_is_an_error(
    media: Path, change: dict[str, object], file: str, says: str
) -> None:
    checked = _checked(media, GOOD, GOOD.model_copy(update={"id": "bad", **change}))

    (problem,) = checked.errors
    assert problem.entry == "bad"
    assert Path(problem.file).name == file
    assert says in problem.says


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sound": "long.flac"}, "0.50 s longer"),
        ({"categories": ("Cooking", "dogs")}, "'dogs'"),
        ({"captions": (Span(start=0, end=1.5, text="a"), Span(start=0.2, end=1.6, text="b"))}, "overlap by 1.30 s"),
        ({"captions": (Span(start=1, end=2.4, text="a"),)}, "ends at 2.4 s"),
    ],
    ids=["lengths-differ", "unknown-category", "captions-overlap", "caption-runs-over"],
)
def test_what_makes_scores_worth_less_is_a_warning(media: Path, change: dict[str, object], says: str) -> None:
    checked = _checked(media, GOOD.model_copy(update=change))

    assert checked.errors == ()
    (problem,) = checked.warnings
    assert says in problem.says


def test_an_id_given_twice_is_an_error(media: Path) -> None:
    checked = _checked(media, GOOD, GOOD)

    assert ["2 entries have this id" in problem.says for problem in checked.errors] == [True]


def test_problems_are_told_in_lines_the_grave_ones_first(media: Path) -> None:
    odd = GOOD.model_copy(update={"id": "odd", "categories": ("dogs",)})
    gone = Entry(id="gone", film="gone.mp4")

    first, second = lines_of(_checked(media, odd, gone).problems).splitlines()

    assert first.startswith(f"error: {media / 'gone.mp4'} (gone): ")
    assert second.startswith(f"warning: {media / 'bench.json'} (odd): ")


def test_progress_ends_with_all(media: Path) -> None:
    told: list[float] = []

    check_bench(Bench(name="x", entries=(GOOD, GOOD)).at(media), progress=told.append)

    assert told == [0.5, 1.0]
