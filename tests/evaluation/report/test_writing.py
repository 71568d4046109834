"""The report: complete, self-contained, and safe whatever a film is called."""

import base64
import re
from pathlib import Path

import numpy as np
import pytest

from soundstage.errors import BadSound
from soundstage.evaluation.bench.entries import Bench
from soundstage.evaluation.report import plots
from soundstage.evaluation.report.media import length, preview
from soundstage.evaluation.report.writing import Written, write_report
from soundstage.evaluation.systems.results import Results
from tests.evaluation.benches import write_bench, write_results
from tests.evaluation.report.scored import ERROR, F1, scores, system
from tests.footage import tone, write_film

_HOSTILE = "<script>alert(1)</script> | x"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    made = write_bench(tmp_path_factory.mktemp("bench"))
    hostile = tuple(entry.model_copy(update={"description": _HOSTILE}) for entry in made.entries)
    return made.model_copy(update={"entries": hostile, "name": f"tiny {_HOSTILE}"}).at(made.folder)


@pytest.fixture(scope="module")
def systems(bench: Bench) -> list[Results]:
    folder = bench.folder / "systems"
    return [write_results(folder / "a", "soundstage"), write_results(folder / "b", "windows", 0.4, (1.5,))]


@pytest.fixture(scope="module")
def report(bench: Bench, systems: list[Results]) -> Written:
    told = scores(system("soundstage", 0.7, 0.02), system("windows", 0.3, 0.4))
    return write_report(told, bench, systems, bench.folder)


@pytest.fixture(scope="module")
def page(report: Written) -> str:
    return report.page.read_text(encoding="utf-8")


def test_the_page_needs_nothing_but_itself(page: str):
    assert "http://" not in page
    assert "https://" not in page
    assert all(source.startswith("data:") for source in re.findall(r'(?:src|srcset)="([^"]{0,40})', page))


def test_what_films_are_called_is_no_markup(page: str):
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_every_film_shown_has_the_reference_and_every_system_to_be_heard(page: str):
    assert page.count('<article id="film-') == 2
    assert page.count("<audio") == 2 * 3
    assert page.count('class="events"') == 2 * 3
    assert page.count('class="joins"') == 2


def test_sounds_are_small_copies_that_play(page: str):
    sounds = re.findall(r'src="data:audio/mp4;base64,([^"]+)"', page)
    assert all(b"ftyp" in base64.b64decode(sound)[:16] for sound in sounds)
    assert all(len(sound) < 100_000 for sound in sounds)


@pytest.mark.parametrize(
    "words",
    [
        "Table 1: LVAS-Bench",
        "Table 2: ablation",
        "(published)",
        "573.67",
        "By category",
        "0123456789abcdef",
        "python 3.11",
    ],
)
def test_the_markdown_tells_what_matters(report: Written, words: str):
    assert words in report.markdown.read_text(encoding="utf-8")


def test_what_was_left_out_is_told_with_how_to_get_it(report: Written, page: str):
    for text in (report.markdown.read_text(encoding="utf-8"), page):
        assert "DeSync" in text
        assert "synchformer is not here; pull it." in text


def test_tables_of_the_markdown_have_a_cell_for_each_column(report: Written):
    tables = re.findall(r"(?:^\|.*\n)+", report.markdown.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(tables) > 5
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_plots_lie_beside_the_markdown(report: Written):
    linked = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", report.markdown.read_text(encoding="utf-8"))
    assert [report.markdown.parent / path for path in linked] == list(report.plots)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in report.plots)


def test_the_same_scores_give_the_same_report(report: Written, bench: Bench, systems: list[Results], page: str):
    told = scores(system("soundstage", 0.7, 0.02), system("windows", 0.3, 0.4))
    assert write_report(told, bench, systems, bench.folder).page.read_text(encoding="utf-8") == page


def test_there_is_nothing_to_plot_where_nothing_was_measured():
    assert plots.bars(scores(), [F1, ERROR], plots.LIGHT) is None


def test_a_small_copy_holds_the_part_that_was_asked_for_and_is_made_once(bench: Bench, tmp_path: Path):
    source = bench.sound_of(bench.entries[0])
    copies = [preview(source, tmp_path, 0.0, seconds) for seconds in (0.5, None, None)]
    assert copies[1] == copies[2]
    assert copies[0].stat().st_size < copies[1].stat().st_size / 3
    assert len(list(tmp_path.iterdir())) == 2


def test_a_film_is_heard_by_its_own_track(tmp_path: Path):
    film = write_film(tmp_path / "film.mp4", [np.zeros((64, 96, 3), np.uint8)] * 25, sound=tone(seconds=1.0))
    assert length(film) == pytest.approx(1.0, abs=0.1)


def test_a_film_without_a_track_is_refused(bench: Bench):
    with pytest.raises(BadSound, match="no sound"):
        length(bench.film_of(bench.entries[0]))


def test_no_name_breaks_the_markdown_or_the_plots(bench: Bench, tmp_path: Path):
    told = scores(system(f"a $x^$ {_HOSTILE}", 0.7, 0.02), system("windows", 0.3, 0.4))
    text = write_report(told, bench, [], tmp_path, cards=0).markdown.read_text(encoding="utf-8")
    assert "<script" not in text
