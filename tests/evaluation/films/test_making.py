from pathlib import Path

import numpy as np
import pytest

from soundstage.evaluation.bench.checking import check_bench
from soundstage.evaluation.bench.entries import Bench
from soundstage.evaluation.films import plans
from soundstage.evaluation.films.kinds import KINDS
from soundstage.evaluation.films.making import make_film, make_films, pictures
from soundstage.evaluation.films.plans import FILMS, SOUNDS, FilmPlan, ScenePlan, Size
from soundstage.evaluation.films.sheet import Camera
from soundstage.evaluation.films.soundtrack import cues_of, reference
from soundstage.film.probe import probe
from soundstage.film.read import read_film
from soundstage.sound import Block, frames_of
from soundstage.synth.procedural import ProceduralMaker

SMALL = (128, 72)
STRUCK = [name for name, kind in KINDS.items() if kind.act(np.random.default_rng(1), 8.0).instants]


def _film(*kinds: str, seconds: float = 4.0) -> FilmPlan:
    """One scene of each kind, as long as asked."""
    scenes = (
        ScenePlan(kind, round(number * seconds, 3), seconds, None, Camera(), (5, number))
        for number, kind in enumerate(kinds)
    )
    return FilmPlan("film", "sports", tuple(scenes))


def _folder(path: Path) -> Path:
    for part in (FILMS, SOUNDS):
        (path / part).mkdir(parents=True)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_scene_moves(kind: str) -> None:
    shown = list(pictures(_film(kind), SMALL))

    assert len(shown) == 100
    assert shown[0].shape == (72, 128, 3)
    assert any(not np.array_equal(shown[0], later) for later in shown)


@pytest.mark.parametrize("kind", STRUCK)
def test_what_is_seen_to_happen_is_heard_at_that_very_instant(kind: str) -> None:
    film = _film(kind)
    struck = cues_of(film)[-1]
    sound = np.concatenate(list(ProceduralMaker().make(struck, struck.seed).blocks))

    assert film.scenes[0].instants
    assert _begin(sound, film.scenes[0].instants)


def test_a_reference_has_its_blows_where_the_film_has() -> None:
    film = _film("waves", "hammer", seconds=3.0)

    assert _begin(reference(film), film.scenes[1].instants)


def _begin(sound: Block, instants: tuple[float, ...]) -> bool:
    """Whether something begins to sound at each of the instants (s)."""
    power = np.square(sound).sum(axis=1)
    before = [power[frames_of(at - 0.03) : frames_of(at - 0.005)].max() for at in instants]
    after = [power[frames_of(at) : frames_of(at + 0.06)].max() for at in instants]
    return all(now > 2 * then for then, now in zip(before, after, strict=True))


def test_a_reference_is_as_long_as_its_film_and_does_not_clip() -> None:
    film = _film("hammer", "explosion", seconds=3.0)
    sound = reference(film)

    assert sound.shape == (frames_of(6.0), 2)
    assert 0.01 < np.abs(sound).max() <= 0.9001


def test_beds_give_way_to_each_other_over_the_cut() -> None:
    first, second = (cue for cue in cues_of(_film("rain", "waves")) if cue.layer == "ambience")

    assert first.end == pytest.approx(4.1)
    assert second.start == pytest.approx(3.9)
    assert first.fade_out == second.fade_in == pytest.approx(0.2)


def test_a_film_is_made_alike_every_time_and_has_no_sound_of_its_own(tmp_path: Path) -> None:
    film = _film("ball", seconds=2.0)
    folders = [_folder(tmp_path / name) for name in ("one", "two")]
    for folder in folders:
        make_film(folder, film, SMALL)

    entry = film.entry()
    assert len({(folder / entry.film).read_bytes() for folder in folders}) == 1
    assert len({(folder / str(entry.sound)).read_bytes() for folder in folders}) == 1
    assert probe(folders[0] / entry.film).sound is None


def test_the_studio_sees_the_cuts_and_the_blows(tmp_path: Path) -> None:
    film = _film("hammer", "chopping", seconds=4.0)
    make_film(_folder(tmp_path), film, SMALL)

    reading = read_film(tmp_path / film.entry().film, tmp_path / "reading", transcribe=False)

    assert [shot.start for shot in reading.shots] == pytest.approx([0.0, 4.0], abs=0.02)
    onsets = [onset.time for shot in reading.shots for onset in shot.onsets]
    events = [event.time for event in film.entry().events]
    assert np.mean([min(abs(event - onset) for onset in onsets) <= 0.08 for event in events]) >= 0.8


def test_a_set_lies_there_whole_and_is_not_made_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "SETS", {"tiny": Size(2, (3.0, 4.0), (1.5, 2.5))})
    told: list[float] = []

    bench = make_films(tmp_path, "tiny", workers=1, progress=told.append)

    assert Bench.load(tmp_path) == bench
    assert check_bench(bench).problems == ()
    assert told == [0.5, 1.0]
    assert make_films(tmp_path, "tiny", workers=1, progress=told.append) == bench
    assert told == [0.5, 1.0, 1.0]
