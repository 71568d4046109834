import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from soundstage.errors import BadBench, StorageError
from soundstage.evaluation.bench.entries import BENCH_FILE, Bench, Entry, Event, Span, schema

SCHEMA = Path(__file__).parents[3] / "docs" / "lvas-bench.schema.json"


def _bench() -> Bench:
    entry = Entry(
        id="forge-01",
        film="films/forge-01.mp4",
        sound="sounds/forge-01.flac",
        captions=(Span(start=0.0, end=2.5, text="A smith hammers."),),
        categories=("machines",),
        events=(Event(time=1.24, label="hammering"),),
        scenes=(2.5,),
    )
    return Bench(name="forge", entries=(entry, Entry(id="-a_B", film="x.mp4")))


def test_a_bench_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    saved = _bench().save(tmp_path)

    assert Bench.load(tmp_path) == saved
    assert saved.film_of(saved.entries[0]) == tmp_path / "films/forge-01.mp4"


def test_without_a_reference_the_films_own_track_is_it(tmp_path: Path) -> None:
    saved = _bench().save(tmp_path)

    assert saved.sound_of(saved.entry("-a_B")) == tmp_path / "x.mp4"


def test_a_bench_saved_elsewhere_still_leads_to_its_films(tmp_path: Path) -> None:
    for folder in ("media", "elsewhere"):
        (tmp_path / folder).mkdir()
    saved = _bench().at(tmp_path / "media").save(tmp_path / "elsewhere")

    assert saved.entries[0].film == "../media/films/forge-01.mp4"
    assert saved.film_of(saved.entries[0]).resolve() == (tmp_path / "media/films/forge-01.mp4").resolve()


def test_the_schema_beside_the_documentation_is_the_schema() -> None:
    assert json.loads(SCHEMA.read_text()) == schema(), "write it anew: see docs/lvas-bench-format.md"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("film", "/etc/passwd", "relative"),
        ("id", "../x", "match"),
        ("id", ".hidden", "match"),
        ("id", "鍛" * 70, "200 bytes"),
        ("captions", [{"start": 2.0, "end": 2.0, "text": ""}], "end after it starts"),
        ("events", [{"time": -1.0}], "greater than or equal to 0"),
        ("colour", "red", "not permitted"),
    ],
    ids=["absolute-path", "id-leads-up", "hidden-id", "long-id", "empty-span", "negative-time", "unknown-field"],
)
def test_a_wrong_entry_is_refused(field: str, value: object, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Entry.model_validate({"id": "a", "film": "a.mp4", field: value})


def test_a_damaged_file_is_faulted_where_it_is_wrong(tmp_path: Path) -> None:
    broken = {"schema_version": 1, "name": "x", "entries": [{"id": "a"}]}
    (tmp_path / BENCH_FILE).write_text(json.dumps(broken))

    with pytest.raises(BadBench, match=r"entries\.0\.film"):
        Bench.load(tmp_path)


def test_a_folder_without_a_bench_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"bench\.json"):
        Bench.load(tmp_path)
