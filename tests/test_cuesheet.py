import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given

from soundstage import cuesheet
from soundstage.cuesheet import Anchor, CueSheet, write_aside
from soundstage.errors import BadCueSheet, StorageError
from tests.documents import cue, sheet, sheets


@given(sheets())
def test_round_trip_keeps_everything(made: CueSheet):
    assert CueSheet.model_validate_json(made.model_dump_json()) == made


def test_every_sheet_keeps_the_published_schema():
    schema = jsonschema.Draft202012Validator(cuesheet.schema())  # made once: it looks at the whole schema

    @given(sheets())
    def keeps(made: CueSheet) -> None:
        schema.validate(json.loads(made.model_dump_json()))

    keeps()


def test_save_and_load(tmp_path: Path):
    made = sheet((cue(),), (cue("wind-1", 5, 9),))
    cuesheet.save(made, tmp_path / "cuesheet.json")
    assert cuesheet.load(tmp_path / "cuesheet.json") == made
    assert [path.name for path in tmp_path.iterdir()] == ["cuesheet.json"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"level": -12.0}, id="level"),
        pytest.param({"pan": 0.5}, id="pan"),
        pytest.param({"fade_in": 1.0}, id="fade"),
        pytest.param({"reason": "because"}, id="reason"),
        pytest.param({"start": 1.0, "end": 5.0, "anchors": (Anchor(time=3.0),)}, id="moved"),
    ],
)
def test_what_the_mix_applies_re_renders_nothing(change: dict[str, object]):
    before = cue(anchors=(Anchor(time=2.0),))
    assert cue(**{"anchors": (Anchor(time=2.0),), **change}).identity() == before.identity()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"label": "thunder"}, id="label"),
        pytest.param({"seed": 1}, id="seed"),
        pytest.param({"variation": 1}, id="variation"),
        pytest.param({"end": 4.5}, id="duration"),
        pytest.param({"parameters": {"intensity": 0.9}}, id="parameters"),
        pytest.param({"anchors": (Anchor(time=1.0),)}, id="anchors"),
        pytest.param({"perspective": "far"}, id="perspective"),
    ],
)
def test_what_shapes_the_samples_re_renders(change: dict[str, object]):
    assert cue(**change).identity() != cue().identity()


def _broken(**changes: object) -> str:
    good = json.loads(sheet((cue(),)).model_dump_json())
    scene = good["scenes"][0]
    of_cue, of_scene = changes.pop("of_cue", False), changes.pop("of_scene", False)
    target = scene["cues"][0] if of_cue else scene if of_scene else good
    target.update(changes)
    return json.dumps(good)


def test_an_older_sheet_is_read_and_written_as_today(tmp_path: Path):
    path = tmp_path / "cuesheet.json"
    path.write_text(_broken(of_scene=True, designed_from="0" * 64))
    read = cuesheet.load(path)
    assert list(read.cues())
    assert "designed_from" not in read.model_dump_json() + json.dumps(cuesheet.schema())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "Invalid JSON", id="empty"),
        pytest.param("hello", "Invalid JSON", id="not json"),
        pytest.param("[]", "should be an object", id="a list"),
        pytest.param(_broken(scenes=[]), "at scenes", id="no scenes"),
        pytest.param(_broken(duration=9), "the scenes end at 5.0 s but the film lasts 9.0 s", id="gap at the end"),
        pytest.param(_broken(colour="blue"), "at colour", id="unknown field"),
        pytest.param(_broken(of_cue=True, end=-1), "scenes.0.cues.0.end", id="negative time"),
        pytest.param(_broken(of_cue=True, end=0), "not after its start", id="ends before it starts"),
        pytest.param(_broken(of_cue=True, end=99), "the film lasts 5.0 s", id="beyond the film"),
        pytest.param(_broken(of_cue=True, anchors=[{"time": 4.9}]), "outside its own time", id="stray anchor"),
        pytest.param(_broken(of_cue=True, level=12), "level", id="louder than full scale"),
        pytest.param(_broken(of_cue=True, level=None), "level", id="no level"),
        pytest.param(_broken(of_cue=True, layer="speech"), "has no text", id="speech without text"),
        pytest.param(_broken(of_scene=True, shots=[3, 1]), "has the shots 3 to 1", id="shots turned round"),
    ],
)
def test_a_broken_sheet_is_refused_in_one_sentence(text: str, says: str, tmp_path: Path):
    path = tmp_path / "cuesheet.json"
    path.write_text(text)
    with pytest.raises(BadCueSheet, match="correct it there") as caught:
        cuesheet.load(path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_twin_ids_are_refused():
    with pytest.raises(ValueError, match="cue id rain-1 is used more than once"):
        sheet((cue(), cue()))


def test_a_sheet_that_cannot_be_read_is_a_storage_error(tmp_path: Path):
    with pytest.raises(StorageError, match="check the path"):
        cuesheet.load(tmp_path / "missing.json")


def test_one_file_may_be_written_by_many_threads_at_once(tmp_path: Path):
    path = tmp_path / "memory.json"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: write_aside(path, f"{number}\n" * 2000), range(64)))
    assert len(set(path.read_text().split())) == 1
    assert list(tmp_path.iterdir()) == [path]
