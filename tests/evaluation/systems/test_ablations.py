import numpy as np
import pytest

from soundstage.agents.discussion import storyboard
from soundstage.agents.house import house_cast
from soundstage.agents.roles import Choice, Draft, SceneView, ShotScript, SoundIdea
from soundstage.cuesheet import Caption, Finding, Overview, Scene
from soundstage.evaluation.systems.ablations import Ablation, LiteralSynthesizer, options_without, without
from soundstage.knowledge.base import knowledge
from soundstage.options import StudioOptions
from soundstage.reading import FilmFacts, MotionCurve, Shot, VideoFacts

VIDEO = VideoFacts(codec="h264", width=64, height=48, fps=25, frames=200)
FACTS = FilmFacts(digest="0", name="x", container="mp4", duration=8.0, video=VIDEO)
# Two shots of a kitchen, two of a street: the house merges within, never across.
PLACES = (("kitchen", (0.5, 0.5)), ("kitchen", (0.5, 0.5)), ("street", (1.0, 0.0)), ("street", (1.0, 0.0)))


def _scripts() -> list[ShotScript]:
    return [
        ShotScript(
            Shot(index=number, start=2.0 * number, end=2.0 * number + 2.0, colour=colour),
            Caption(background=f"a {place}", setting=(Finding(name=place, confidence=0.9),), confidence=0.9),
        )
        for number, (place, colour) in enumerate(PLACES)
    ]


@pytest.mark.parametrize(
    ("ablations", "shots"),
    [
        ((), [(0, 1), (2, 3)]),
        ((Ablation.NO_STORYBOARD,), [(0, 3)]),
        ((Ablation.NO_CORRECTION,), [(0, 0), (1, 1), (2, 2), (3, 3)]),
        ((Ablation.NO_RETRIEVAL, Ablation.NO_LISTENING), [(0, 1), (2, 3)]),
    ],
    ids=["whole", "no-storyboard", "no-correction", "others-leave-it"],
)
def test_the_scenes_hang_on_who_talks(ablations: tuple[Ablation, ...], shots: list[tuple[int, int]]) -> None:
    told = storyboard(FACTS, _scripts(), (), without(house_cast(), ablations))

    assert [scene.shots for scene in told.scenes] == shots


def test_a_cast_with_parts_taken_out_has_a_name_of_its_own() -> None:
    taken_out = [(), *((each,) for each in Ablation), tuple(Ablation)]
    names = {without(house_cast(), ablations).name for ablations in taken_out}

    assert len(names) == len(taken_out)


def _chosen(words: str) -> Choice:
    scene = Scene(id="s001", start=0.0, end=8.0, shots=(0, 0), caption=Caption(background="a street"))
    still = MotionCurve(np.zeros(0), np.zeros(0, np.float32), np.zeros(0, np.float32))
    view = SceneView(scene, (), still, Overview(summary=""), FACTS)
    idea = SoundIdea(words, 0.9, "seen")
    return LiteralSynthesizer().retrieve(view, Draft(background=(), main=(idea,))).main[0]


def test_without_retrieval_a_label_is_taken_as_it_is_called() -> None:
    assert _chosen("Hammering").label == "hammering"


def test_without_retrieval_letters_count_not_meaning() -> None:
    choice = _chosen("rain falls on a tin roof")

    assert choice.label in knowledge().labels
    assert choice.label != knowledge().search("rain falls on a tin roof", 1)[0].label.name


def test_without_retrieval_none_stays_none() -> None:
    assert _chosen("none").label is None


def test_without_listening_the_first_take_stands() -> None:
    options = options_without(StudioOptions(candidates=4), (Ablation.NO_LISTENING,))

    assert (options.candidates, options.listen) == (1, False)
    assert options_without(StudioOptions(candidates=4), (Ablation.NO_STORYBOARD,)).candidates == 4
