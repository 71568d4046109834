"""Runs of one film with models that come and go, the house standing in for them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from soundstage.agents.house import house_cast
from soundstage.agents.house.designer import HouseDesigner
from soundstage.agents.names import CastName
from soundstage.agents.roles import Bible, Cast, Draft, SceneView, Source
from soundstage.casting import Casting
from soundstage.cuesheet import Overview, Scene
from soundstage.errors import BadOption, MissingPart
from soundstage.options import StudioOptions
from soundstage.pipeline import Studio
from soundstage.turns import TurnLog
from soundstage.workfolder import WorkFolder
from tests.agents.llm.scenes import read_folder
from tests.agents.llm.standin import Reply, Standin, standin, status
from tests.agents.llm.studio import sensible


@pytest.fixture
def folder(tmp_path: Path) -> WorkFolder:
    """The work folder of a film of two shots that was read."""
    return read_folder(tmp_path / "work")


def studio(folder: WorkFolder, cast: Cast) -> Studio:
    return Studio(folder.root / "film.mp4", folder, cast, (), StudioOptions(), film_digest="0" * 64)


@contextmanager
def run(folder: WorkFolder, server: Standin) -> Iterator[Cast]:
    """The cast of a run of its own, with --fallback."""
    casting = Casting(CastName.LLM, "openai-chat:qwen", server.url, quick(folder), fallback=True)
    with folder.locked():
        yield casting.cast(folder)


def quick(folder: WorkFolder) -> Path:
    """Settings under which a model that is away is given up soon."""
    path = folder.root / "studio.toml"
    path.write_text("[agents]\nretries = 0\ncorrections = 0\n")
    return path


def stood_in(folder: WorkFolder) -> int:
    return len(TurnLog(folder.root).stood_in())


BROKEN: Mapping[str, Mapping[str, Reply]] = {
    "first look": {"shown stills of a whole film": status(503)},
    "captions": {"shown one shot of a film": status(503)},
    "judge": {"You are the Storyboarder": status(503)},
    "bible": {"sound bible: the sources": status(503)},
    "draft": {"Decide what should be heard in one scene": status(503)},
    "all": {"You are": status(503)},
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_what_the_house_answered_is_asked_again_by_the_next_run(broken: Mapping[str, Reply], folder: WorkFolder):
    with standin(sensible(**broken)) as server, run(folder, server) as cast:
        assert studio(folder, cast).sheet.scenes
        assert stood_in(folder)
        asked = len(server.requests)
        assert studio(folder, cast).sheet.scenes
        assert len(server.requests) == asked  # as long as it goes on, the run goes by what it has
    with standin(sensible()) as server, run(folder, server) as cast:
        sheet = studio(folder, cast).sheet
        assert server.requests
        assert not stood_in(folder)
    with standin(sensible()) as server, run(folder, server) as cast:
        assert studio(folder, cast).sheet == sheet
        assert not server.requests


def test_what_models_answered_before_the_house_went_on_is_not_asked_again(folder: WorkFolder):
    with standin(sensible(**BROKEN["draft"])) as server, run(folder, server) as cast:
        _ = studio(folder, cast).sheet
    with standin(sensible()) as server, run(folder, server) as cast:
        _ = studio(folder, cast).sheet
        assert {role_of(asked.system) for asked in server.requests} == {"designer", "synthesizer"}


def role_of(system: str) -> str:
    roles = ("storyboarder", "scriptwriter", "designer", "synthesizer")
    return next(role for role in roles if f"You are the {role.title()}" in system)


class WithBible(HouseDesigner):
    """A Designer of the house that knows what recurs, and counts its drafts."""

    def __init__(self, bible: Bible) -> None:
        self.bible = bible
        self.drafted = 0

    def write_bible(self, overview: Overview, scenes: Sequence[Scene]) -> Bible:
        return self.bible

    def draft(self, view: SceneView) -> Draft:
        self.drafted += 1
        return super().draft(view)


def test_scenes_are_designed_anew_under_another_bible(folder: WorkFolder):
    rain = Bible((Source("the-rain", "steady rain", "rain", -36.0, scenes=("s001",)),))
    for bible, again in ((Bible(), True), (Bible(), False), (rain, True)):
        for path in folder.memory.glob("*.json"):
            if "bible" in json.loads(path.read_bytes()):
                path.unlink()
        designer = WithBible(bible)
        with folder.locked():
            _ = studio(folder, replace(house_cast(), designer=designer)).sheet
        assert bool(designer.drafted) is again


def test_a_bible_is_written_once(folder: WorkFolder):
    rain = Bible((Source("the-rain", "steady rain", "rain", -36.0, scenes=("s001",)),))
    found = []
    for bible in (rain, Bible()):
        with folder.locked():
            found.append(studio(folder, replace(house_cast(), designer=WithBible(bible))).bible)
    assert found == [rain, rain]


def test_the_house_refuses_to_narrate_before_it_looks_at_anything(tmp_path: Path):
    with pytest.raises(MissingPart, match="writes no narration"):
        Casting().cast(WorkFolder(tmp_path), narrates=True)


@pytest.mark.parametrize(
    ("model", "base_url", "sentence"),
    [
        pytest.param("qwen", None, "--model names no model; write PROVIDER:NAME", id="model"),
        pytest.param("openai-chat:qwen", "here:80", "--base-url is no address; write the one", id="address"),
    ],
)
def test_each_option_has_its_own_sentence(model: str, base_url: str | None, sentence: str):
    with pytest.raises(BadOption, match=sentence):
        Casting(CastName.LLM, model, base_url).settings()
