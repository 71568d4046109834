import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import JsonValue

from soundstage.errors import BadBench, BadSound
from soundstage.evaluation.bench.entries import Bench, Entry
from soundstage.evaluation.systems.elsewhere import FolderSystem
from soundstage.evaluation.systems.results import Result, Results
from soundstage.evaluation.systems.running import run
from soundstage.film.probe import probe
from tests.footage import in_container, tone

IDS = ("a", "b", "c")


@dataclass(frozen=True)
class Writing:
    """A system that writes down, in one file a film, whether it was shown sound; some films it cannot make."""

    log: Path
    apart: bool = False
    seed: int = 0
    failing: str = ""
    name: str = "writing"

    def about(self) -> Mapping[str, JsonValue]:
        return {"seed": self.seed}

    def sound_of(self, entry: Entry, film: Path, folder: Path) -> Result:
        if entry.id == self.failing:
            raise BadSound("It cannot be made.") if self.seed else ZeroDivisionError("a slip")
        with (self.log / entry.id).open("a") as log:
            log.write("sound " if probe(film).sound else "silent ")
        (folder / f"{entry.id}.flac").write_text(f"{entry.id} {self.seed}")
        return Result(entry=entry.id, sound=f"{entry.id}.flac", joins=(1.0,), seconds=0.5)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Three films, one with a track of its own."""
    for id in IDS:
        sound = tone(seconds=1.0) if id == "c" else ()
        in_container(tmp_path / f"{id}.mp4", seconds=1.0, size=(64, 48), sound=sound)
    (tmp_path / "log").mkdir()
    return Bench(name="x", entries=tuple(Entry(id=id, film=f"{id}.mp4") for id in IDS)).at(tmp_path)


def _runs(bench: Bench) -> list[int]:
    """How often each film was worked."""
    logs = [bench.folder / "log" / id for id in IDS]
    return [len(log.read_text().split()) if log.exists() else 0 for log in logs]


@pytest.mark.parametrize("apart", [False, True], ids=["threads", "processes"])
def test_all_films_are_made_and_what_was_made_is_written_down(bench: Bench, tmp_path: Path, apart: bool) -> None:
    told: list[tuple[str, float]] = []

    made = run(
        Writing(tmp_path / "log", apart), bench, tmp_path / "out", 2, lambda film, share: told.append((film, share))
    )

    assert Results.load(tmp_path / "out") == made
    assert [result.entry for result in made.results] == list(IDS)
    assert [(tmp_path / "out" / result.sound).read_text() for result in made.results] == ["a 0", "b 0", "c 0"]
    assert sorted(film for film, _ in told) == list(IDS)
    assert [share for _, share in told] == pytest.approx([1 / 3, 2 / 3, 1])


def test_no_system_is_shown_a_film_with_its_own_sound(bench: Bench, tmp_path: Path) -> None:
    run(Writing(tmp_path / "log"), bench, tmp_path / "out")

    assert (tmp_path / "log" / "c").read_text() == "silent "
    assert list((tmp_path / "out" / "films").iterdir()) == []


def test_what_is_done_is_not_done_again(bench: Bench, tmp_path: Path) -> None:
    first, second = (run(Writing(tmp_path / "log"), bench, tmp_path / "out") for _ in range(2))

    assert first == second
    assert _runs(bench) == [1, 1, 1]


def test_a_film_is_made_again_where_anything_it_hangs_on_has_changed(bench: Bench, tmp_path: Path) -> None:
    out, log = tmp_path / "out", tmp_path / "log"
    run(Writing(log), bench, out)

    (out / "a.flac").write_text("damaged")
    in_container(tmp_path / "b.mp4", seconds=1.2, size=(64, 48))
    run(Writing(log), bench, out)
    assert _runs(bench) == [2, 2, 1]

    run(Writing(log, seed=1), bench, out)
    assert _runs(bench) == [3, 3, 2]


@pytest.mark.parametrize(("seed", "reason"), [(1, "It cannot be made."), (0, "ZeroDivisionError: a slip")])
def test_a_film_that_fails_is_told_and_the_others_are_made(
    bench: Bench, tmp_path: Path, seed: int, reason: str
) -> None:
    made = run(Writing(tmp_path / "log", failing="b", seed=seed), bench, tmp_path / "out")

    assert [result.entry for result in made.results] == ["a", "c"]
    assert [(failure.entry, failure.reason) for failure in made.failures] == [("b", reason)]


def test_a_film_that_is_not_there_fails_alone(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").unlink()

    made = run(Writing(tmp_path / "log"), bench, tmp_path / "out")

    assert [failure.entry for failure in made.failures] == ["a"]
    assert "a.mp4" in made.failures[0].reason


@pytest.mark.parametrize("ids", [(), ("a", "a")], ids=["no-films", "an-id-twice"])
def test_a_bench_that_cannot_be_run_is_refused(tmp_path: Path, ids: tuple[str, ...]) -> None:
    bench = Bench(name="x", entries=tuple(Entry(id=id, film="a.mp4") for id in ids)).at(tmp_path)

    with pytest.raises(BadBench):
        run(Writing(tmp_path), bench, tmp_path / "out")


def test_a_sound_that_would_be_taken_for_two_films_is_of_neither(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    shutil.copy(tmp_path / "a.mp4", tmp_path / "d/a.mp4")
    twin = Entry(id="twin", film="d/a.mp4")
    (tmp_path / "theirs").mkdir()
    for id in ("a", "b"):
        (tmp_path / f"theirs/{id}.wav").write_bytes(b"sound")

    both = bench.model_copy(update={"entries": (*bench.entries[:2], twin)}).at(tmp_path)
    made = run(FolderSystem(tmp_path / "theirs"), both, tmp_path / "out")

    assert [result.entry for result in made.results] == ["b"]
    assert [failure.entry for failure in made.failures] == ["a", "twin"]
