from soundstage.evaluation.bench.entries import Bench, Entry, Span
from soundstage.evaluation.features.items import lengths_of, of_reference, of_results
from soundstage.evaluation.systems.results import Result, Results
from tests.evaluation.features.conftest import SECONDS


def bench_of(film, tmp_path):
    """A film with a reference sound of its own, and one that is not there."""
    (tmp_path / "rising.mp4").write_bytes(film.read_bytes())
    captions = (Span(start=0, end=1, text="dark"), Span(start=1, end=2, text="light"))
    entries = (
        Entry(id="up", film="rising.mp4", description="A light comes up."),
        Entry(id="gone", film="gone.mp4", sound="gone.wav"),
        Entry(id="told", film="rising.mp4", captions=captions),
    )
    return Bench(name="small", entries=entries).at(tmp_path)


def test_films_that_cannot_be_read_are_named(film, tmp_path):
    known, problems = lengths_of(bench_of(film, tmp_path))
    assert {name: round(length, 1) for name, length in known.items()} == {"up": SECONDS, "told": SECONDS}
    assert set(problems) == {"gone"}
    assert "gone.mp4" in problems["gone"]


def test_references_have_film_sound_and_words(film, tmp_path):
    up, told = of_reference(bench_of(film, tmp_path), {"up": 9.0, "told": 9.0})
    assert up.sound == up.film == tmp_path / "rising.mp4"
    assert (up.words, told.words) == ("A light comes up.", "dark light")


def test_results_have_sound_alone(film, tmp_path):
    results = Results(system="s", results=(Result(entry="told", sound="told.wav"),)).at(tmp_path / "made")
    (told,) = of_results(bench_of(film, tmp_path), results, {"up": 9.0, "told": 9.0})
    assert (told.id, told.sound, told.film) == ("told", tmp_path / "made/told.wav", None)
