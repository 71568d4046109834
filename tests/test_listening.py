"""The listening review: with takes made up by the test, then through a studio with real ones."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from soundstage.agents.house import house_cast
from soundstage.agents.roles import Cast, Heard, SceneView
from soundstage.cuesheet import Cue, Layer, Scene
from soundstage.listening import ROUNDS, Listener
from soundstage.synth.maker import Take
from soundstage.workfolder import WorkFolder
from tests.agents.llm.scenes import scene, view
from tests.documents import cue


class Interrupted(Exception):
    """The run ends here."""


@dataclass
class Hearing:
    """A Designer who hears, and asks for the label that a book names for a cue's label (None: keep it)."""

    book: Mapping[str, str | None]
    heard: list[tuple[str, Heard]] = field(default_factory=list)
    step: Callable[[], None] = lambda: None

    def hear(self, seen: SceneView, cue: Cue, heard: Heard) -> Cue | None:
        self.step()
        self.heard.append((cue.label, heard))
        other = self.book.get(cue.label)
        return cue.model_copy(update={"label": other}) if other else None


@dataclass(frozen=True)
class Kept(WorkFolder):
    """A folder that can be interrupted before it remembers, and after."""

    step: Callable[[], None] = lambda: None

    def remember(self, key: str, result: BaseModel) -> None:
        self.step()
        super().remember(key, result)
        self.step()


def take(of: Cue, score: float) -> Take:
    scores = {"hits": (score, f"{of.label} misses")}
    return Take(of.id, of.identity(), Path("take.flac"), 48_000, 2, -20.0, -3.0, "made up", "CC0-1.0", 0, score, scores)


@dataclass
class Run:
    """A sheet that is listened to, as a studio does it. `worth` are the scores of takes by label; others have none."""

    folder: WorkFolder
    designer: Hearing
    worth: Mapping[str, float]
    designed: Sequence[Cue]
    edited: Mapping[str, Cue] = field(default_factory=dict)

    @property
    def listener(self) -> Listener:
        house = house_cast(0)
        cast = Cast("test", house.scriptwriter, house.storyboarder, self.designer, house.synthesizer, listens=True)
        return Listener(cast, self.folder, "film", lambda seen: view(seen))

    def sheet(self) -> Scene:
        current = [self.edited.get(each.id) or self.listener.current(each) for each in self.designed]
        return scene(cues=tuple(current))

    def listen(self) -> bool:
        sheet = self.sheet()
        takes = {each.id: take(each, self.worth[each.label]) for each in sheet.cues if each.label in self.worth}
        open_cues = {each.id: each for each in self.designed if each.id not in self.edited}
        return self.listener.listen([sheet], open_cues, takes)

    def to_the_end(self) -> dict[str, str]:
        """Listen until nothing changes; the labels that stand, by cue."""
        for _ in range(ROUNDS + 1):
            if not self.listen():
                break
        else:
            assert not self.listen()
        return {each.id: each.label for each in self.sheet().cues}


def effect(label: str, name: str = "c1", **changes: object) -> Cue:
    return cue(name, 1.0, 2.0, layer=Layer.EFFECTS, label=label, **changes)


@pytest.fixture
def folder(tmp_path: Path) -> WorkFolder:
    (tmp_path / "memory").mkdir()
    return WorkFolder(tmp_path)


def run(folder: WorkFolder, book: Mapping[str, str | None], worth: Mapping[str, float], *cues: Cue) -> Run:
    return Run(folder, Hearing(book), worth, cues or (effect("a"),))


def test_nothing_is_asked_where_nothing_is_weak(folder: WorkFolder) -> None:
    listened = run(folder, {"a": "b"}, {"a": 0.9})
    assert listened.to_the_end() == {"c1": "a"}
    assert listened.designer.heard == []


def test_the_designer_hears_what_was_wrong(folder: WorkFolder) -> None:
    listened = run(folder, {"a": "b", "b": "c"}, {"a": 0.4, "b": 0.6, "c": 0.9})
    listened.to_the_end()
    assert listened.designer.heard == [
        ("a", Heard(0.4, ("hits: a misses",))),
        ("b", Heard(0.6, ("hits: b misses", "tried before: a (score 0.40)"))),
    ]


def test_a_check_that_fails_badly_is_enough(folder: WorkFolder) -> None:
    listened = run(folder, {"a": "b"}, {"b": 0.9})
    spoiled = Take(
        "c1", "", Path("t"), 1, 2, -20, -3, "m", "CC0-1.0", 0, 0.9, {"hits": (0.4, "late"), "bands": (1.0, "right")}
    )
    assert listened.listener.listen([listened.sheet()], {"c1": effect("a")}, {"c1": spoiled})
    assert listened.designer.heard == [("a", Heard(0.9, ("hits: late",)))]


CASES = [
    pytest.param({"a": "b"}, {"a": 0.4, "b": 0.9}, "b", 1, id="the proposal is better"),
    pytest.param({"a": "b"}, {"a": 0.5, "b": 0.3}, "a", 2, id="the proposal is worse"),
    pytest.param({"a": "b"}, {"a": 0.5, "b": 0.5}, "a", 2, id="of equals the first"),
    pytest.param(
        {"a": "b", "b": "c", "c": "d"}, {"a": 0.2, "b": 0.6, "c": 0.4, "d": 1.0}, "b", 2, id="two more at most"
    ),
    pytest.param({"a": "b", "b": "c"}, {"a": 0.2, "b": 0.3, "c": 0.4}, "c", 2, id="the last is best"),
    pytest.param({"a": "b", "b": "a"}, {"a": 0.4, "b": 0.3}, "a", 2, id="asks for what was tried"),
    pytest.param({"a": "a"}, {"a": 0.4}, "a", 1, id="asks for the same"),
    pytest.param({}, {"a": 0.4}, "a", 1, id="keeps it"),
    pytest.param({"a": "b"}, {"b": 0.6}, "b", 2, id="no take"),
    pytest.param({"a": "b"}, {"a": 0.3}, "a", 2, id="no take of the proposal"),
    pytest.param({"a": "b"}, {}, "a", 2, id="no take at all"),
]


@pytest.mark.parametrize(("book", "worth", "stands", "asked"), CASES)
def test_the_best_try_stands(
    folder: WorkFolder, book: Mapping[str, str | None], worth: Mapping[str, float], stands: str, asked: int
) -> None:
    listened = run(folder, book, worth)
    assert listened.to_the_end() == {"c1": stands}
    assert len(listened.designer.heard) == asked


@pytest.mark.parametrize(("book", "worth", "stands", "asked"), CASES)
def test_a_second_run_asks_nothing(
    folder: WorkFolder, book: Mapping[str, str | None], worth: Mapping[str, float], stands: str, asked: int
) -> None:
    run(folder, book, worth).to_the_end()
    again = run(folder, book, worth)
    assert again.to_the_end() == {"c1": stands}
    assert again.designer.heard == []


def test_what_became_of_a_cue_can_be_read(folder: WorkFolder) -> None:
    listened = run(folder, {"a": "b"}, {"a": 0.4, "b": 0.9})
    assert listened.listener.turns(effect("a")) == ()
    listened.to_the_end()
    assert [str(turn) for turn in listened.listener.turns(effect("a"))] == [
        "designer: heard c1 as a: score 0.40",
        "designer: heard c1 as b: score 0.90",
        "designer: c1 is b now",
    ]


def test_another_design_is_listened_to_anew(folder: WorkFolder) -> None:
    run(folder, {"a": "b"}, {"a": 0.4, "b": 0.9}).to_the_end()
    other = run(folder, {"a": "b"}, {"a": 0.4, "b": 0.9}, effect("a", level=-12))
    assert other.sheet().cues[0].label == "a"
    assert other.to_the_end() == {"c1": "b"}


@pytest.mark.parametrize(
    "cue",
    [
        pytest.param(effect("a", locked=True), id="locked"),
        pytest.param(cue("c1", layer=Layer.SPEECH, label="speech", text="Hi."), id="speech"),
        pytest.param(cue("c1", layer=Layer.ORIGINAL, label="original"), id="original sound"),
    ],
)
def test_what_is_not_open_is_not_changed(folder: WorkFolder, cue: Cue) -> None:
    listened = run(folder, {"a": "b"}, {"a": 0.1}, cue)
    assert listened.to_the_end() == {"c1": cue.label}
    assert listened.designer.heard == []


def test_what_the_user_edited_is_not_changed(folder: WorkFolder) -> None:
    listened = run(folder, {"a": "b", "mine": "b"}, {"a": 0.1, "mine": 0.1, "b": 0.9}, effect("a"), effect("a", "c2"))
    listened.edited = {"c1": effect("mine")}
    assert listened.to_the_end() == {"c1": "mine", "c2": "b"}
    assert [label for label, _ in listened.designer.heard] == ["a"]


LABELS = ("a", "b", "c", "d")
books = st.dictionaries(st.sampled_from(LABELS), st.sampled_from(LABELS))
scores = st.dictionaries(st.sampled_from(LABELS), st.sampled_from((0.2, 0.5, 0.6, 0.8)))


@given(books, scores, st.integers(1, 24))
@settings(max_examples=60)
def test_an_interrupted_run_comes_to_the_same_end(
    tmp_path_factory: pytest.TempPathFactory, book: dict[str, str], worth: dict[str, float], place: int
) -> None:
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == place:
            raise Interrupted

    def begun(name: str, at: Callable[[], None]) -> Run:
        root = tmp_path_factory.mktemp(name)
        (root / "memory").mkdir()
        return Run(Kept(root, at), Hearing(book, step=at), worth, (effect("a"), effect("b", "c2")))

    whole = begun("whole", lambda: None)
    broken = begun("broken", step)
    with contextlib.suppress(Interrupted):
        broken.to_the_end()
    assert broken.to_the_end() == whole.to_the_end()
    assert broken.sheet() == whole.sheet()


@given(books, scores)
@settings(max_examples=60)
def test_tries_are_few_and_the_best_of_them_stands(
    tmp_path_factory: pytest.TempPathFactory, book: dict[str, str], worth: dict[str, float]
) -> None:
    root = tmp_path_factory.mktemp("run")
    (root / "memory").mkdir()
    listened = run(WorkFolder(root), book, worth)
    stands = listened.to_the_end()["c1"]
    chain = ["a"]
    while (
        len(chain) <= ROUNDS
        and worth.get(chain[-1], 0) < 0.75
        and (proposed := book.get(chain[-1])) is not None
        and proposed not in chain
    ):
        chain.append(proposed)
    assert stands == max(chain, key=lambda label: worth.get(label, 0.0))
    assert len(listened.designer.heard) <= ROUNDS
