"""The maker's promises: anchors, seeds, blocks, parameters, seamless beds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundstage.cuesheet import Method, Perspective
from soundstage.errors import BadCueSheet, BadSound
from soundstage.loudness import loudness_of
from soundstage.review.onsets import onsets_of
from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural import ProceduralMaker
from tests.synth.procedural.listening import cue_of, first_energy, sound_of

STRUCK = (
    "door knock", "footsteps on wood", "footsteps on gravel", "footsteps on snow", "gunshot", "explosion", "hammer",
    "wood impact", "metal impact", "glass breaking", "sword clash", "dog barking", "clapping", "basketball bounce",
    "keyboard", "mouse click", "church bell", "punch", "axe chop", "water splash", "chopping food", "cannon",
)  # fmt: skip
ANY = ("rain", "forest birds", "car engine", "siren", "door knock", "thunder", "crowd murmur", "train", "cow mooing")


@pytest.mark.parametrize("name", STRUCK)
def test_hits_fall_on_their_anchors(name):
    wanted = (0.4137, 1.3021, 2.25)
    sound = sound_of(cue_of(name, 3.2, tuple((at, 1.0) for at in wanted)))
    starts = [onset.time for onset in onsets_of(sound)]
    for at in wanted:
        assert min(abs(start - at) for start in starts) <= 0.003 + 1e-4


@pytest.mark.parametrize("name", STRUCK)
def test_nothing_sounds_before_the_first_anchor(name):
    sound = sound_of(cue_of(name, 1.5, ((0.7, 1.0),)))
    assert not np.any(sound[: int(0.7 * SAMPLE_RATE) - 1])


@pytest.mark.parametrize("perspective", list(Perspective), ids=str)
def test_distance_does_not_move_a_hit(perspective):
    sound = sound_of(cue_of("door knock", 1.5, ((0.5, 1.0),), perspective=perspective))
    assert abs(first_energy(sound) - 0.5) <= 0.003


def test_a_stronger_hit_is_louder_and_brighter():
    sound = sound_of(cue_of("wood impact", 3.0, ((0.2, 0.25), (1.7, 1.0))))
    soft, hard = sound[: int(1.6 * SAMPLE_RATE), 0], sound[int(1.6 * SAMPLE_RATE) :, 0]
    assert np.abs(hard).max() > 2 * np.abs(soft).max()
    assert _centroid(hard) > _centroid(soft)


def test_hits_in_a_row_are_never_the_same():
    sound = sound_of(cue_of("footsteps on wood", 3.0, ((0.0, 1.0), (1.0, 1.0), (2.0, 1.0))))[:, 0]
    one, two, three = (sound[at * SAMPLE_RATE : at * SAMPLE_RATE + 9600] for at in range(3))
    assert max(_alike(one, two), _alike(one, three), _alike(two, three)) < 0.98


def test_a_passing_car_is_nearest_at_its_anchor():
    sound = sound_of(cue_of("car passing", 7.0, ((3.0, 1.0),)))
    level = (sound**2).mean(axis=1)[: 7 * SAMPLE_RATE // 4800 * 4800].reshape(-1, 4800).mean(axis=1)
    assert abs(int(np.argmax(level)) * 0.1 - 3.0) <= 0.5


def test_a_single_sound_without_anchors_begins_with_its_cue():
    assert first_energy(sound_of(cue_of("door slam", 2.0))) <= 0.001


def test_a_repeated_sound_without_anchors_goes_at_its_own_pace():
    gaps = np.diff([onset.time for onset in onsets_of(sound_of(cue_of("clock ticking", 4.3)))])
    assert np.allclose(gaps, 0.5, atol=0.01)


def test_a_source_keeps_its_voice_from_cue_to_cue():
    near, late = (sound_of(cue_of("dog barking", 1.0, ((at, 1.0),)), seed=7)[:, 0] for at in (0.1, 0.5))
    start = int(0.1 * SAMPLE_RATE), int(0.5 * SAMPLE_RATE)
    assert _alike(near[start[0] : start[0] + 9600], late[start[1] : start[1] + 9600]) > 0.95


@pytest.mark.parametrize("name", ANY)
def test_two_seeds_differ(name):
    cue = cue_of(name, 2.0)
    assert _alike(sound_of(cue, seed=1)[:, 0], sound_of(cue, seed=2)[:, 0]) < 0.9


@pytest.mark.parametrize("name", ANY)
def test_one_seed_gives_the_same_samples(name):
    cue = cue_of(name, 1.5)
    assert np.array_equal(sound_of(cue, seed=5), sound_of(cue, seed=5))


@given(st.sampled_from(ANY), st.integers(1000, 100_000))
@settings(max_examples=12, deadline=None)
def test_the_block_size_does_not_matter(name, frames):
    cue = cue_of(name, 1.6, ((0.4, 0.8),))
    assert np.array_equal(sound_of(cue, block_frames=frames), sound_of(cue))


@given(st.floats(0.02, 4.0))
@settings(max_examples=20, deadline=None)
def test_any_length_is_met_to_the_frame(seconds):
    assert len(sound_of(cue_of("wind", seconds))) == round(cue_of("wind", seconds).duration * SAMPLE_RATE)


@pytest.mark.parametrize("name", ["wind", "room tone", "waterfall", "air conditioning", "car interior"])
def test_a_bed_joins_its_loops_without_a_seam(name):
    sound = sound_of(cue_of(name, 16.0))[4800:-4800, 0]
    jumps = np.abs(np.diff(sound, 2))
    assert jumps.max() < 12 * np.sqrt(np.mean(jumps**2))


def test_a_long_bed_has_no_period():
    sound = sound_of(cue_of("wind", 40.0))[:, 0]
    spectrum = np.abs(np.fft.rfft(sound, 2 * len(sound))) ** 2
    again = np.fft.irfft(spectrum)[: len(sound)] / (np.sum(sound**2) + 1e-9)
    assert np.abs(again[2 * SAMPLE_RATE :]).max() < 0.75


@pytest.mark.parametrize("name", ["rain", "wind", "city hum", "car engine", "applause", "room tone"])
def test_a_bed_is_recorded_at_a_good_level(name):
    assert -26 <= loudness_of(sound_of(cue_of(name, 4.0))) <= -16


def test_far_is_duller_than_near():
    near, far = (
        sound_of(cue_of("rain", 2.0, perspective=where))[:, 0] for where in (Perspective.NEAR, Perspective.FAR)
    )
    assert _centroid(far) < 0.8 * _centroid(near)


@pytest.mark.parametrize(("rpm", "firing"), [(1800.0, 60.0), (3000.0, 100.0), (4500.0, 150.0)])
def test_an_engine_fires_at_the_rate_of_its_cylinders(rpm, firing):
    sound = sound_of(cue_of("car engine", 3.0, parameters={"rpm": rpm, "drift": 0.0, "cylinders": 4}))[:, 0]
    power = np.abs(np.fft.rfft(sound)) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    fires, between = (power[np.abs(hertz / firing - order) < 0.04].sum() for order in (1.0, 0.8))
    assert fires > 5 * between


def test_an_unknown_parameter_is_named():
    with pytest.raises(BadCueSheet, match="no parameter 'colour'; it knows intensity"):
        ProceduralMaker().make(cue_of("rain", 1.0, parameters={"colour": 1.0}), 1)


def test_a_parameter_out_of_range_is_taken_at_its_edge():
    edge, beyond = (sound_of(cue_of("rain", 1.0, parameters={"intensity": value})) for value in (1.0, 7.0))
    assert np.array_equal(edge, beyond)


def test_a_parameter_that_is_no_number_is_refused():
    cue = cue_of("rain", 1.0).model_copy(update={"parameters": {"intensity": float("nan")}})
    with pytest.raises(BadCueSheet, match="must be a number"):
        ProceduralMaker().make(cue, 1)


def test_a_label_without_a_recipe_is_declined():
    cue = cue_of("violin", 1.0)
    assert ProceduralMaker().can_make(cue).score == 0
    with pytest.raises(BadSound, match="No recipe makes 'violin'"):
        ProceduralMaker().make(cue, 1)


def test_the_maker_declares_what_it_is():
    facts = ProceduralMaker().facts
    assert (facts.method, facts.licence, facts.longest, facts.channels) == (Method.PROCEDURAL, "CC0-1.0", None, 2)


def _centroid(sound) -> float:
    power = np.abs(np.fft.rfft(sound)) ** 2
    return float(np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE) @ power / power.sum())


def _alike(one, other) -> float:
    """The highest absolute correlation of two sounds over all lags."""
    size = 2 * max(len(one), len(other))
    cross = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size)))
    return float(np.abs(cross).max() / np.sqrt(np.sum(one**2) * np.sum(other**2) + 1e-12))
