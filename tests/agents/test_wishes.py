"""A Designer's wishes against the picture: on their own, and in the cues that come of them."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundstage.agents import wishes
from soundstage.agents.cueing import cues_of
from soundstage.agents.roles import Choice, Plan, SceneView, SoundIdea, Wish
from soundstage.cuesheet import Cue, CueSheet, Perspective
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Behaviour
from soundstage.reading import MotionCurve, Onset
from tests.agents.llm.scenes import scene, view

LABELS = tuple(knowledge().labels.values())
THUNDER, RAIN, CANNON = (knowledge().labels[name] for name in ("thunder", "rain", "cannon"))


def curve(energy: float = 0.2, pan: float = 0.0, moving: tuple[float, float] = (0.0, 6.0)) -> MotionCurve:
    """A picture of 6 s that moves between two times only."""
    times = np.arange(0, 6, 0.04)
    inside = (times >= moving[0]) & (times < moving[1])
    return MotionCurve(times, np.where(inside, energy, 0.0).astype(np.float32), np.full(len(times), pan, np.float32))


def idea(visible: bool = True, **wish: object) -> SoundIdea:
    return SoundIdea("a sound", 0.9, "seen", visible=visible, wish=Wish(**wish))


def cue_of(label: str, asked: SoundIdea, seen: SceneView | None = None, *, behind: bool = False) -> Cue:
    choice = Choice(asked, label, 1.0, "fits")
    plan = Plan(background=(choice,), main=()) if behind else Plan(background=(), main=(choice,))
    (cue,) = cues_of(seen or view(), plan, {})
    return cue


def around(label: str, offset: float) -> float:
    return knowledge().labels[label].acoustics.level + offset


@pytest.mark.parametrize("behind", [False, True], ids=["in front", "behind"])
@pytest.mark.parametrize(
    ("wished", "given_"),
    [(3.0, 3.0), (-12.0, -12.0), (12.0, 12.0), (30.0, 12.0), (-30.0, -12.0)],
    ids=["near", "lowest", "highest", "too loud", "too quiet"],
)
def test_level_stays_near_the_labels_usual(wished: float, given_: float, behind: bool) -> None:
    cue = cue_of("rain", idea(level=around("rain", wished)), behind=behind)
    assert cue.level == pytest.approx(np.clip(around("rain", given_), wishes.QUIETEST, wishes.LOUDEST), abs=0.05)


@given(st.floats(-1000, 1000), st.sampled_from(LABELS))
def test_level_is_always_one_that_can_be_heard(wished: float, label: object) -> None:
    assert wishes.QUIETEST <= wishes.level_of(wished, label) <= wishes.LOUDEST


ONSETS = (Onset(time=1.0, strength=0.9, pan=0.5), Onset(time=3.0, strength=0.1, pan=-0.5))


@pytest.mark.parametrize(
    ("wished", "moving", "times", "remarks"),
    [
        pytest.param((1.0,), (0, 6), [1.0], (), id="on an onset"),
        pytest.param((1.2,), (0, 6), [1.0], (), id="near an onset"),
        pytest.param((0.8, 1.2), (0, 6), [1.0], (), id="two near one onset"),
        pytest.param((2.0,), (0, 6), [2.0], (), id="where something moves"),
        pytest.param((2.0,), (4, 6), [], ("nothing moves at 2.00 s",), id="where nothing moves"),
        pytest.param((2.0, 3.1), (4, 6), [3.0], ("nothing moves at 2.00 s",), id="one of two stands"),
        pytest.param((9.0, 3.0), (0, 6), [3.0], ("9.00 s is not in the scene",), id="outside the scene"),
    ],
)
def test_moments_are_held_to_the_picture(
    wished: tuple[float, ...], moving: tuple[float, float], times: list[float], remarks: tuple[str, ...]
) -> None:
    moments = wishes.moments_of(view(curve=curve(moving=moving)), idea(moments=wished), ONSETS)
    assert [anchor.time for anchor in moments.anchors] == times
    assert moments.remarks == remarks


def test_a_moment_takes_strength_and_place_from_its_onset() -> None:
    strong, weak = wishes.moments_of(view(), idea(moments=(1.1, 2.9)), ONSETS).anchors
    assert (strong.strength, strong.pan) == (0.9, 0.35)
    assert (weak.strength, weak.pan) == (0.3, -0.35)


def test_a_moment_off_the_picture_needs_no_motion() -> None:
    moments = wishes.moments_of(view(curve=curve(0.0)), idea(visible=False, moments=(2.0,)), ())
    assert [(anchor.time, anchor.pan) for anchor in moments.anchors] == [(2.0, None)]


def test_a_cue_hits_the_wished_moments_and_lies_around_them() -> None:
    cue = cue_of("cannon", idea(moments=(2.9, 1.1)), view(onsets=ONSETS))
    assert [anchor.time for anchor in cue.anchors] == [1.0, 3.0]
    assert 0 <= cue.start < 1.0
    assert 3.0 < cue.end <= 6


def test_what_was_left_out_is_told_even_where_nothing_stands() -> None:
    cue = cue_of("cannon", idea(moments=(2.0,)), view(curve=curve(moving=(4, 6)), onsets=[Onset(time=5, strength=0.9)]))
    assert cue.reason == "seen; fits; left out: nothing moves at 2.00 s"
    assert [anchor.time for anchor in cue.anchors] == [5]


def test_a_steady_sound_has_no_moments() -> None:
    cue = cue_of("rain", idea(moments=(2.0,)))
    assert (cue.start, cue.end, cue.anchors) == (0, 6, ())


@pytest.mark.parametrize(
    ("wished", "seen", "heard"),
    [(0.5, 0.6, 0.5), (-0.5, 0.6, 0.42), (1.0, -1.0, -0.7), (0.2, 0.0, 0.2)],
    ids=["beside it", "on the other side", "far on the other side", "in the middle"],
)
def test_pan_is_corrected_by_the_picture(wished: float, seen: float, heard: float) -> None:
    cue = cue_of("cannon", idea(pan=wished, moments=(2.0,)), view(curve=curve(pan=seen)))
    assert cue.pan == pytest.approx(heard)


@pytest.mark.parametrize(
    ("asked", "behind", "energy"),
    [
        pytest.param(idea(pan=-0.9), True, 0.2, id="a bed"),
        pytest.param(idea(visible=False, pan=-0.9), False, 0.2, id="off the picture"),
        pytest.param(idea(pan=-0.9), False, 0.0, id="nothing moves"),
    ],
)
def test_pan_is_as_wished_where_the_picture_says_nothing(asked: SoundIdea, behind: bool, energy: float) -> None:
    assert cue_of("rain", asked, view(curve=curve(energy, pan=0.9)), behind=behind).pan == -0.9


@pytest.mark.parametrize(
    ("wished", "visible", "heard"),
    [
        (Perspective.NEAR, True, Perspective.NEAR),
        (Perspective.FAR, True, Perspective.FAR),
        (Perspective.OFF_SCREEN, True, Perspective.MEDIUM),
        (Perspective.NEAR, False, Perspective.OFF_SCREEN),
        (Perspective.MEDIUM, False, Perspective.OFF_SCREEN),
        (Perspective.FAR, False, Perspective.FAR),
        (Perspective.OFF_SCREEN, False, Perspective.OFF_SCREEN),
        (None, False, Perspective.FAR),
    ],
)
def test_perspective_agrees_with_the_picture(wished: Perspective | None, visible: bool, heard: Perspective) -> None:
    assert cue_of("rain", idea(visible=visible, perspective=wished)).perspective is heard


def test_a_wished_rhythm_walks() -> None:
    steps = [Onset(time=0.5 * number, strength=0.4) for number in range(1, 11)]
    assert len(cue_of("footsteps", idea(rhythm="steps"), view(onsets=steps)).anchors) == 10


anywhere = st.floats(-1, 8)
wished = st.builds(
    Wish,
    level=st.none() | st.floats(-60, -6),
    pan=st.none() | st.floats(-1, 1),
    perspective=st.none() | st.sampled_from(Perspective),
    rhythm=st.sampled_from([None, "steps", "hits", "pass", "none"]),
    moments=st.lists(anywhere.filter(lambda time: time >= 0), max_size=5).map(tuple),
)
ideas = st.builds(
    SoundIdea,
    words=st.just("a sound"),
    confidence=st.floats(0, 1),
    reason=st.just("seen"),
    visible=st.booleans(),
    salience=st.floats(0, 1),
    source=st.none() | st.sampled_from(["our-dog", "a car"]),
    wish=wished,
)
choices = st.builds(Choice, ideas, st.sampled_from([label.name for label in LABELS]), st.just(1.0), st.just("fits"))
pictures = st.builds(
    lambda start, length, energies, pan: MotionCurve(
        start + np.linspace(0, length, len(energies), endpoint=False),
        np.array(energies, np.float32),
        np.full(len(energies), pan, np.float32),
    ),
    st.just(0.0),
    st.just(6.0),
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40),
    st.floats(-1, 1),
)
onsets = st.lists(st.builds(Onset, time=st.floats(0, 7), strength=st.floats(0, 1), pan=st.floats(-1, 1)), max_size=6)


@given(st.lists(choices, max_size=3), st.lists(choices, max_size=3), pictures, onsets, st.floats(0.06, 6))
def test_whatever_is_wished_the_cues_are_sound(
    main: Sequence[Choice], behind: Sequence[Choice], picture: MotionCurve, found: list[Onset], length: float
) -> None:
    seen = view(scene(length=length), onsets=found, curve=picture)
    cues = [Cue.model_validate(cue.model_dump()) for cue in cues_of(seen, Plan(tuple(behind), tuple(main)), {})]
    CueSheet(film="0" * 64, duration=length, scenes=(seen.scene.model_copy(update={"cues": tuple(cues)}),))
    assert all(0 <= cue.start < cue.end <= length for cue in cues)
    assert all(cue.start <= anchor.time <= cue.end for cue in cues for anchor in cue.anchors)
    assert all(wishes.QUIETEST <= cue.level <= wishes.LOUDEST for cue in cues)
    assert all(cue.anchors == () for cue in cues if knowledge().labels[cue.label].behaviour is Behaviour.STEADY)
