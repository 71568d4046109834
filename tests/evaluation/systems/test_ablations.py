import numpy as np
import pytest

from soundstage.agents.discussion import storyboard
from soundstage.agents.house import house_cast
from soundstage.agents.roles import Choice, Draft, SceneView, ShotScript, SoundIdea
from soundstage.cuesheet import Caption, Finding, Overview, Scene
from soundstage.evaluation.systems.ablations import Ablation, LiteralSynthesizer, options_without, without
from soundstage.knowledge.base import knowledge
from soundstage.pipeline import StudioOptions
from soundstage.reading import FilmFacts, MotionCurve, Shot, VideoFacts

FACTS = FilmFacts(
    digest="0",
    name="x",
    container="mp4",
    duration=8.0,
    video=VideoFacts(codec="h264", width=64, height=48, fps=25, frames=1),
)
# Two shots of a kitchen, two of a street: the house merges within, never across.
PLACES = ("kitchen", "kitchen", "street", "street")


def _scripts() -> list[ShotScript]:
    return [
        ShotScript(
            Shot(
                index=number,
                start=2.0 * number,
                end=2.0 * number + 2.0,
                colour=(0.5, 0.5) if number < 2 else (1.0, 0.0),
            ),
            Caption(background=f"a {place}", setting=(Finding(name=place, confidence=0.9),), confidence=0.9),
        )
        for number, place in enumerate(PLACES)
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
def test_what_scenes_there_are_hangs_on_who_talks(
    ablations: tuple[Ablation, ...], shots: list[tuple[int, int]]
) -> None:
    told = storyboard(FACTS, _scripts(), (), without(house_cast(), ablations))

    assert [scene.shots for scene in told.scenes] == shots


def test_a_cast_with_parts_taken_out_has_a_name_of_its_own() -> None:
    names = {
        without(house_cast(), ablations).name for ablations in [(), *((each,) for each in Ablation), tuple(Ablation)]
    }

    assert len(names) == len(Ablation) + 2


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
