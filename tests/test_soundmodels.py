"""Which models serve a job: those on the shelf, that it names, that its use allows."""

import os
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch")

from soundstage.cuesheet import Cue, Layer
from soundstage.errors import BadOption, MissingPart
from soundstage.makers import house_makers, permitted
from soundstage.rendering import RenderOptions, Stage
from soundstage.soundmodels import HOUSE, NOBODY, SoundModels, Wishes
from soundstage.synth.procedural import ProceduralMaker
from soundstage.synth.speech import SpeechMaker
from soundstage.synth.speech.voice import PiperVoice
from soundstage.weights.card import Does
from tests.documents import cue
from tests.synth.diffusion.models import save_stable_audio
from tests.synth.speech.talkers import save_vits

_BOOK = """
licences:
  MIT: {commercial: true}
  CC-BY-NC-4.0: {commercial: false}
models:
  tiny-bed: &tiny
    family: stable-audio
    does: text-to-audio
    says: a tiny one
    licence: MIT
    channels: 2
    repository: {name: nobody/tiny-bed, patterns: [model_index.json]}
  tiny-hobby:
    <<: *tiny
    licence: CC-BY-NC-4.0
  tiny-voice:
    family: vits
    does: speech
    says: a tiny one
    licence: MIT
    languages: [en]
    repository: {name: nobody/tiny-voice, patterns: [config.json]}
  tiny-watcher:
    <<: *tiny
    family: foleycrafter
    does: video-to-audio
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text-to-audio model of a few thousand weights."""
    return save_stable_audio(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty shelf whose catalogue knows tiny models."""
    monkeypatch.setenv("SOUNDSTAGE_MODELS", str(tmp_path))
    (tmp_path / "models.yaml").write_text(_BOOK)
    return tmp_path


def _put(shelf: Path, tiny: Path, *names: str) -> None:
    for name in names:
        (shelf / name).symlink_to(tiny)


def _names(wishes: Wishes) -> list[str]:
    return [card.name for card in SoundModels().serving(wishes, *Does)]


def _stage(wishes: Wishes, folder: Path) -> Stage:
    makers = SoundModels().crew(wishes).makers(None, lambda: False)
    folder.mkdir()
    return Stage((*makers, *house_makers()), folder, RenderOptions(candidates=1))


def _lake(**more: object) -> Cue:
    return cue(**{"end": 2.0, "label": "lake lapping", **more})


def test_with_nothing_on_the_shelf_nobody_serves(shelf: Path) -> None:
    assert SoundModels().crew(Wishes()) is NOBODY
    assert NOBODY.makers(None, lambda: False) == ()
    assert NOBODY.ears(None) == ()


def test_what_is_on_the_shelf_serves(shelf: Path, tiny: Path) -> None:
    _put(shelf, tiny, "tiny-bed", "tiny-hobby")

    assert _names(Wishes()) == ["tiny-bed", "tiny-hobby"]


def test_a_job_may_name_those_it_wants(shelf: Path, tiny: Path) -> None:
    _put(shelf, tiny, "tiny-bed", "tiny-hobby")

    assert _names(Wishes(("tiny-hobby",))) == ["tiny-hobby"]


def test_the_house_alone_is_no_models(shelf: Path, tiny: Path) -> None:
    _put(shelf, tiny, "tiny-bed")

    assert SoundModels().crew(Wishes((HOUSE,))) is NOBODY


def test_commercial_use_leaves_out_what_it_may_not_use(shelf: Path, tiny: Path) -> None:
    _put(shelf, tiny, "tiny-bed", "tiny-hobby")

    assert _names(Wishes(commercial_use=True)) == ["tiny-bed"]


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        pytest.param(Wishes(("tiny-bet",)), "There is no model 'tiny-bet'", id="unknown"),
        pytest.param(Wishes(("tiny-watcher",)), "soundstage models pull tiny-watcher", id="not here"),
        pytest.param(Wishes(("tiny-hobby",), commercial_use=True), "does not allow commercial use", id="licence"),
        pytest.param(Wishes((HOUSE, "tiny-bed")), "name it alone", id="house and more"),
    ],
)
def test_what_cannot_be_had_is_refused(shelf: Path, tiny: Path, wishes: Wishes, said: str) -> None:
    _put(shelf, tiny, "tiny-bed", "tiny-hobby")

    with pytest.raises(BadOption, match=said):
        SoundModels().crew(wishes)


def test_only_models_that_watch_want_clips(shelf: Path, tiny: Path) -> None:
    _put(shelf, tiny, "tiny-bed")
    assert not SoundModels().looks(Wishes())

    _put(shelf, tiny, "tiny-watcher")
    assert SoundModels().looks(Wishes())
    assert not SoundModels().looks(Wishes((HOUSE,)))


def test_models_that_cannot_run_are_passed_over(shelf: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(shelf, tiny, "tiny-bed")
    monkeypatch.setattr("soundstage.soundmodels.find_spec", lambda name: None)

    assert SoundModels().crew(Wishes()) is NOBODY
    with pytest.raises(MissingPart, match="tiny-bed cannot run without torch; install it"):
        SoundModels().crew(Wishes(("tiny-bed",)))


def test_a_bed_is_made_by_the_model_and_the_take_says_why(shelf: Path, tiny: Path, tmp_path: Path) -> None:
    _put(shelf, tiny, "tiny-bed")

    take = _stage(Wishes(), tmp_path / "takes").render([_lake()], lambda done: None).takes["rain-1"]

    assert (take.maker, take.licence, take.frames) == ("tiny-bed", "MIT", 96_000)
    assert take.choice.startswith("tiny-bed (0.90: a bed")
    assert "before procedural" in take.choice


def test_where_a_model_is_damaged_the_next_best_serves(shelf: Path, tiny: Path, tmp_path: Path) -> None:
    (shelf / "tiny-bed").mkdir()
    (shelf / "tiny-bed" / "model_index.json").write_text("{")

    crew = SoundModels().crew(Wishes())
    (tmp_path / "takes").mkdir()
    makers = (*crew.makers(None, lambda: False), *house_makers())
    stage = Stage(makers, tmp_path / "takes", RenderOptions(candidates=1))
    take = stage.render([_lake()], lambda done: None).takes["rain-1"]

    assert take.maker == "procedural"
    assert [note for note in crew.notes() if "stepped aside" in note and "tiny-bed" in note]
    assert "tiny-bed failed: " in take.choice


def test_once_it_is_mended_it_serves_again(shelf: Path, tiny: Path, tmp_path: Path) -> None:
    damaged = Path(shutil.copytree(tiny, shelf / "tiny-bed")) / "model_index.json"
    whole = damaged.read_bytes()
    damaged.write_text("{")
    models, takes = SoundModels(), tmp_path / "takes"
    takes.mkdir()

    def maker() -> str:
        stage = Stage((*models.crew(Wishes()).makers(None, lambda: False), *house_makers()), takes)
        return stage.render([_lake()], lambda done: None).takes["rain-1"].maker

    assert maker() == "procedural"
    damaged.write_bytes(whole)
    assert maker() == "tiny-bed"


def test_a_model_that_is_not_whole_says_what_it_lacks(shelf: Path) -> None:
    put = shelf / "tiny-bed" / "vae"
    put.mkdir(parents=True)
    (put / "config.json").write_text("{}")

    with pytest.raises(BadOption, match=r"not here whole: it lacks tiny-bed/model_index\.json"):
        SoundModels().crew(Wishes(("tiny-bed",)))


def test_what_was_added_to_the_catalogue_is_known_without_a_restart(shelf: Path) -> None:
    models = SoundModels()
    assert "tiny-new" not in [card.name for card in models.known]

    book = shelf / "models.yaml"
    book.write_text(f"{_BOOK}  tiny-new:\n    <<: *tiny\n")
    os.utime(book, ns=(1, 1))

    assert "tiny-new" in [card.name for card in models.known]


@pytest.mark.parametrize("music", [False, True], ids=["not asked for", "asked for"])
def test_music_is_made_only_where_it_is_asked_for(shelf: Path, tiny: Path, tmp_path: Path, music: bool) -> None:
    _put(shelf, tiny, "tiny-bed")
    asked = _lake(layer=Layer.MUSIC, label="sad music")

    rendered = _stage(Wishes(music=music), tmp_path / "takes").render([asked], lambda done: None)

    assert ("rain-1" in rendered.takes) is music
    assert ("music only where the job asks for it" in rendered.silent.get("rain-1", "")) is not music


def test_commercial_use_holds_for_the_voices_of_the_house_too() -> None:
    makers = (SpeechMaker([]), ProceduralMaker())

    assert permitted(makers, commercial_use=False) == makers
    assert permitted(makers, commercial_use=True)[0] is not makers[0]
    assert permitted(makers, commercial_use=True)[1] is makers[1]


def test_a_model_asked_for_by_name_speaks_though_other_voices_are_installed(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_vits(shelf / "tiny-voice")
    installed = [PiperVoice("joe", shelf / "joe.onnx", "en_US", "CC0-1.0")]
    monkeypatch.setattr("soundstage.soundmodels.voices", lambda: installed)
    models, line = SoundModels(), cue(layer=Layer.SPEECH, label="speech", text="one", end=4.0)
    (usual,) = models.crew(Wishes()).makers(None, lambda: False)
    (named,) = models.crew(Wishes(("tiny-voice",))).makers(None, lambda: False)

    assert usual.can_make(line).basis.startswith("joe@")
    assert named.can_make(line).basis.startswith("tiny-voice ")
    assert models.speaker(models.known.card("tiny-voice")).can_make(line).basis.startswith("tiny-voice ")
