import json
from pathlib import Path

import pytest

from soundstage.cuesheet import CueSheet
from soundstage.errors import BadBench, BadOption, BadSound
from soundstage.evaluation.bench.entries import Entry
from soundstage.evaluation.systems.ablations import Ablation
from soundstage.evaluation.systems.elsewhere import FolderSystem
from soundstage.evaluation.systems.studio import SoundstageSystem
from soundstage.evaluation.systems.system import System, prompt_of
from soundstage.evaluation.systems.windowed import WindowedSystem
from soundstage.loudness import loudness_of
from soundstage.sound import facts, frames_of, read_blocks
from tests.footage import bouncing_ball

ENTRY = Entry(id="film", film="ball.mp4", description="A ball bounces in the rain.")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ball that bounces for four seconds."""
    path = tmp_path_factory.mktemp("film") / "ball.mp4"
    bouncing_ball(path, seconds=4.0, size=(128, 72))
    return path


def test_soundstage_makes_a_master_as_long_as_the_film_at_its_target(film: Path, tmp_path: Path) -> None:
    result = SoundstageSystem(candidates=1, target=-20.0).sound_of(ENTRY, film, tmp_path)

    (sound,) = read_blocks(tmp_path / result.sound, frames=frames_of(10))
    assert len(sound) == frames_of(4.0)
    assert loudness_of(sound) == pytest.approx(-20.0, abs=0.6)
    assert result.seconds > 0


def test_soundstage_goes_by_the_description_only_where_it_is_told(film: Path, tmp_path: Path) -> None:
    labels = {}
    for told in (True, False):
        folder = tmp_path / str(told)
        SoundstageSystem(told=told, ablations=(Ablation.NO_LISTENING,)).sound_of(ENTRY, film, folder)
        sheet = CueSheet.model_validate(json.loads((folder / "work/film/cuesheet.json").read_text()))
        labels[told] = {cue.label for cue in sheet.cues()}

    assert {"ball bounce", "rain"} <= labels[True]
    assert not {"ball bounce", "rain"} & labels[False]


def test_soundstage_with_parts_taken_out_says_so() -> None:
    system = SoundstageSystem(ablations=(Ablation.NO_RETRIEVAL,), seed=3)

    assert system.name == "soundstage-no-retrieval"
    assert system.about()["ablations"] == ["no-retrieval"]
    assert json.loads(json.dumps(system.about()))["seed"] == 3


def test_windows_are_as_long_as_asked_and_their_joins_are_told(film: Path, tmp_path: Path) -> None:
    result = WindowedSystem(window=1.5).sound_of(ENTRY, film, tmp_path)

    assert result.joins == (1.5, 3.0)
    assert facts(tmp_path / result.sound).frames == frames_of(4.0)


def test_every_window_is_made_on_its_own(film: Path, tmp_path: Path) -> None:
    entry = ENTRY.model_copy(update={"description": "Rain."})
    result = WindowedSystem(window=2.0).sound_of(entry, film, tmp_path)

    first, second = read_blocks(tmp_path / result.sound, frames=frames_of(2.0))
    assert abs(float((first * second).mean())) < 0.1 * float((first * first).mean())


@pytest.mark.parametrize(
    ("system", "entry", "error"),
    [
        (WindowedSystem(window=0.0), ENTRY, BadOption),
        (WindowedSystem(), Entry(id="film", film="ball.mp4"), BadBench),
        (WindowedSystem(maker="no such model"), ENTRY, BadOption),
        (FolderSystem(Path("nowhere")), ENTRY, BadSound),
    ],
    ids=["no-window", "nothing-known", "unknown-maker", "nothing-made"],
)
def test_what_cannot_be_made_is_refused(
    film: Path, tmp_path: Path, system: System, entry: Entry, error: type[Exception]
) -> None:
    with pytest.raises(error):
        system.sound_of(entry, film, tmp_path)


@pytest.mark.parametrize(
    ("known", "prompt"),
    [
        ({"description": "A train passes.  Its horn\nsounds."}, "A train passes, Its horn sounds"),
        ({"categories": ("rain", "thunder")}, "rain, thunder"),
    ],
)
def test_a_prompt_is_short(known: dict[str, object], prompt: str) -> None:
    assert prompt_of(Entry.model_validate({"id": "a", "film": "a.mp4", **known})) == prompt


@pytest.mark.parametrize("name", ["film.wav", "film.mp3", "film.mp4", "film.WAV", "ball.flac"])
def test_results_from_elsewhere_are_found_by_the_films_name(film: Path, tmp_path: Path, name: str) -> None:
    made, folder = tmp_path / "theirs", tmp_path / "results"
    for each in (made, folder):
        each.mkdir()
    (made / name).write_bytes(b"sound")

    result = FolderSystem(made, joins_every=1.6).sound_of(ENTRY, film, folder)

    assert (folder / result.sound).read_bytes() == b"sound"
    assert result.joins == (1.6, 3.2)
    assert FolderSystem(made).about()["files"] != {}
