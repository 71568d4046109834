from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from soundstage.cuesheet import Anchor, Cue
from soundstage.errors import BadSound
from soundstage.sound import SAMPLE_RATE, Block
from soundstage.synth.library.index import Library
from soundstage.synth.library.maker import LibraryMaker
from soundstage.synth.maker import Rendering
from tests.synth.library.conftest import Record
from tests.synth.library.sounds import knocks, noise, tone

Made = Callable[[], LibraryMaker]


@pytest.fixture
def maker(folder: Path, tmp_path: Path) -> Made:
    """A maker over whatever the test has recorded so far."""

    def over_the_folder() -> LibraryMaker:
        folder.mkdir(exist_ok=True)
        library = Library.open(tmp_path / "library.sqlite")
        library.add(folder)
        return LibraryMaker(library)

    return over_the_folder


def cue(label: str, seconds: float = 3.0, anchors: tuple[float, ...] = (), **more: object) -> Cue:
    """A cue that starts at 10 s; anchors count from its start."""
    given = {"id": "c", "layer": "effects", "label": label, "start": 10, "end": 10 + seconds, "level": -20}
    return Cue.model_validate({**given, "anchors": [{"time": 10 + at} for at in anchors], **more})


def sound_of(rendering: Rendering) -> Block:
    sound = np.concatenate(list(rendering.blocks))
    assert sound.shape[1] == rendering.channels
    return sound


def strikes(sound: Block) -> list[float]:
    """Seconds at which the level jumps out of silence."""
    loud = np.flatnonzero(np.abs(sound).max(axis=1) > 0.03)
    firsts = loud[np.flatnonzero(np.diff(loud, prepend=-SAMPLE_RATE) > SAMPLE_RATE // 10)]
    return [float(first) / SAMPLE_RATE for first in firsts]


def pitch_of(sound: Block) -> float:
    return float(np.abs(np.fft.rfft(sound[:, 0])).argmax() * SAMPLE_RATE / len(sound))


@pytest.mark.parametrize("label", ["dog barking", "footsteps", "door slam"])
def test_every_anchor_is_hit(record: Record, maker: Made, label: str):
    record(f"{label}.wav", knocks(0.4, length=1.5))
    anchors = (0.3, 1.1, 2.05)
    sound = sound_of(maker().make(cue(label, anchors=anchors), seed=3))
    assert len(sound) == 3 * SAMPLE_RATE
    assert strikes(sound) == [pytest.approx(anchor, abs=0.005) for anchor in anchors]


def test_repeated_hits_vary(record: Record, maker: Made):
    for number, pitch in enumerate((400, 700, 1100)):
        record(f"footsteps_{number}.wav", knocks(0.1, length=0.5, pitch=pitch))
    sound = sound_of(maker().make(cue("footsteps", anchors=(0.2, 0.8, 1.4, 2.0)), seed=1))
    hits = [sound[round(at * SAMPLE_RATE) :][: SAMPLE_RATE // 5] for at in (0.2, 0.8, 1.4, 2.0)]
    pitches = [pitch_of(hit) for hit in hits]
    assert all(abs(one - other) > 20 for one, other in pairwise(pitches))


def test_pitch_changes_by_a_semitone_at_most(record: Record, maker: Made):
    record("door slam.wav", knocks(0.1, length=0.8, pitch=1000, decay=0.1))
    made = maker()
    pitches = [pitch_of(sound_of(made.make(cue("door slam", 1.0, (0.2,)), seed))) for seed in range(8)]
    assert all(1000 / 1.07 < pitch < 1000 * 1.07 for pitch in pitches)
    assert np.ptp(pitches) > 5


def test_a_weak_anchor_is_softer(record: Record, maker: Made):
    record("door slam.wav", knocks(0.1, length=0.8))
    anchors = (Anchor(time=10.2, strength=1.0), Anchor(time=11.2, strength=0.1))
    strong_and_weak = cue("door slam", 2.0).model_copy(update={"anchors": anchors})
    sound = np.abs(sound_of(maker().make(strong_and_weak, 1)))
    assert sound[SAMPLE_RATE:].max() < 0.7 * sound[:SAMPLE_RATE].max()


def test_a_single_sound_without_anchors_starts_with_its_cue(record: Record, maker: Made):
    record("door slam.wav", knocks(0.8, length=2.0))
    sound = sound_of(maker().make(cue("door slam", 2.0), 1))
    assert strikes(sound) == [pytest.approx(0.0, abs=0.03)]


def test_only_one_of_several_takes_in_a_file_is_played(record: Record, maker: Made):
    record("door slam.wav", knocks(0.5, 2.0, 3.5, length=5.0))
    assert len(strikes(sound_of(maker().make(cue("door slam", 4.0), 1)))) == 1


def test_a_repeated_sound_without_anchors_keeps_a_pace_of_its_own(record: Record, maker: Made):
    record("dog barking.wav", knocks(0.1, length=0.5))
    times = strikes(sound_of(maker().make(cue("dog barking", 10.0), 1)))
    assert 5 < len(times) < 25
    assert np.ptp(np.diff(times)) > 0.05


def test_a_bed_lasts_and_goes_on_without_holes(record: Record, maker: Made):
    record("heavy rain.wav", noise(4.0, channels=2))
    sound = sound_of(maker().make(cue("rain", 20.0, layer="ambience"), 1))
    assert sound.shape == (20 * SAMPLE_RATE, 2)
    level = np.sqrt(np.mean(sound[: len(sound) // 4800 * 4800].reshape(-1, 9600) ** 2, axis=1))
    assert level.min() > 0.7 * level.max()


def test_a_recording_too_short_to_loop_makes_no_bed(record: Record, maker: Made):
    record("rain.wav", noise(0.4))
    assert maker().can_make(cue("rain")).score == 0


@pytest.mark.parametrize("label", ["rain", "dog barking", "door slam"])
def test_the_same_seed_gives_the_same_samples(record: Record, maker: Made, label: str):
    record(f"{label} 1.wav", knocks(0.1, length=2.0) + noise(2.0, level=0.02))
    record(f"{label} 2.wav", knocks(0.3, length=2.5) + noise(2.5, level=0.02))
    made = maker()
    one, again = (sound_of(made.make(cue(label, 4.0), 7)) for _ in range(2))
    assert np.array_equal(one, again)
    others = [sound_of(made.make(cue(label, 4.0), seed)) for seed in (8, 9, 10)]
    assert any(not np.array_equal(one, other) for other in others if len(other) == len(one))


def test_sources_and_the_strictest_licence_are_told(record: Record, maker: Made, folder: Path):
    record("dog barking 1.wav", knocks(0.1, length=0.5))
    record("dog barking 2.wav", knocks(0.1, length=0.5))
    (folder / "dog barking 1.txt").write_text("License: CC BY 4.0\nSource: freesound.org/s/1")
    (folder / "dog barking 2.txt").write_text("License: CC0")
    rendering = maker().make(cue("dog barking", 4.0, anchors=(0.5, 1.0, 1.5, 2.0, 2.5, 3.0)), 1)
    assert rendering.licence == "CC-BY-4.0 AND CC0-1.0"
    assert set(rendering.sources) == {
        "dog barking 1.wav (CC-BY-4.0, freesound.org/s/1)",
        "dog barking 2.wav (CC0-1.0)",
    }


def test_the_nearest_recording_is_preferred(record: Record, maker: Made):
    for name in ("dog barking", "door slam", "violin"):
        record(f"{name}.wav", knocks(0.1, length=0.5))
    fit = maker().can_make(cue("dog barking"))
    assert fit.score > 0.9
    assert "dog barking.wav" in fit.reason


@pytest.mark.parametrize(
    ("name", "label"),
    [
        pytest.param("wind chime", "wind", id="a word in common"),
        pytest.param("door", "doorbell", id="the name says less"),
        pytest.param("dog barking", "cat meowing", id="another animal"),
        pytest.param("IMG_0042", "rain", id="the name says nothing"),
    ],
)
def test_another_sound_is_not_taken_for_it(record: Record, maker: Made, name: str, label: str):
    record(f"{name}.wav", noise(3.0))
    assert maker().can_make(cue(label)).score == 0


def test_a_file_named_by_the_category_system_is_found(record: Record, maker: Made):
    record("RAINConc_Heavy Rain Pavement_JD_Street.wav", noise(4.0))
    assert maker().can_make(cue("rain", layer="ambience")).score > 0.5


def test_an_empty_library_makes_nothing(maker: Made):
    made = maker()
    assert made.can_make(cue("rain")).score == 0
    with pytest.raises(BadSound, match="soundstage library add"):
        made.make(cue("rain"), 0)


def test_speech_is_left_to_voices(record: Record, maker: Made):
    record("male speech.wav", noise(3.0))
    assert maker().can_make(cue("male speech", layer="speech", text="Hello")).score == 0


def test_a_silent_recording_is_named(record: Record, maker: Made):
    record("door slam.wav", np.zeros(44_100))
    with pytest.raises(BadSound, match="'door slam' are silent"):
        maker().make(cue("door slam"), 0)


def test_a_recording_that_has_gone_gives_way_to_another(record: Record, maker: Made):
    made_from = [record(f"door slam {n}.wav", knocks(0.1, length=0.5 + n)) for n in (1, 2)]
    made = maker()
    made_from[0].path.unlink()
    for seed in range(4):
        assert strikes(sound_of(made.make(cue("door slam", 1.0), seed)))


def test_takes_do_not_clip(record: Record, maker: Made):
    record("dog barking.wav", tone(2.0, 300))
    anchors = tuple(0.2 * n for n in range(1, 14))
    assert np.abs(sound_of(maker().make(cue("dog barking", anchors=anchors), 1))).max() < 1.0


def test_a_far_source_loses_its_highs(record: Record, maker: Made):
    record("rain.wav", noise(4.0))
    made = maker()
    near, far = (
        np.abs(np.fft.rfft(sound_of(made.make(cue("rain", 8.0, perspective=place), 1))[:, 0]))
        for place in ("near", "far")
    )
    assert far[10_000 * 8 :].mean() < 0.5 * near[10_000 * 8 :].mean()
    assert far[: 1000 * 8].mean() == pytest.approx(near[: 1000 * 8].mean(), rel=0.1)
