from collections.abc import Callable

import numpy as np
import pytest
import soundfile

from soundstage.errors import BadSound
from soundstage.mix.placement import MAX_BOOST, PlacedCue, pan_gains, take_gain
from soundstage.sound import SAMPLE_RATE, Block
from tests.documents import cue
from tests.mix.conftest import Desk, noise, steady


def played(placed: PlacedCue, frames: int, block: int = 7000) -> Block:
    bus = np.zeros((frames, 2), np.float32)
    for start in range(0, frames, block):
        placed.add_to(bus[start : start + block], start)
    return bus


@pytest.mark.parametrize(
    ("loudness", "peak", "level", "gain"),
    [
        pytest.param(-30.0, -20.0, -24.0, 6.0, id="raised to its level"),
        pytest.param(-20.0, -3.0, -40.0, -20.0, id="lowered to its level"),
        pytest.param(-69.0, -60.0, -20.0, MAX_BOOST, id="near silence is not made a roar"),
        pytest.param(-30.0, -4.0, -20.0, 4.0, id="no further than full scale"),
        pytest.param(-120.0, -120.0, -20.0, 0.0, id="silence"),
        pytest.param(-np.inf, -np.inf, -20.0, 0.0, id="endless silence"),
    ],
)
def test_a_take_is_brought_to_its_level(desk: Desk, loudness: float, peak: float, level: float, gain: float) -> None:
    take = desk.take("t", steady(0.1), loudness=loudness, peak=peak)
    assert take_gain(cue(level=level), take) == pytest.approx(gain)


@pytest.mark.parametrize("start", [0.0, 0.1, 0.123456, 1.00001])
def test_a_take_begins_on_its_sample(desk: Desk, start: float) -> None:
    take = desk.take("t", steady(0.5), loudness=-20.0, peak=-20.0)
    bus = played(PlacedCue(cue(start=start, end=start + 0.5, level=-20), take), 96_000)
    first = round(start * SAMPLE_RATE)
    assert np.flatnonzero(bus[:, 0])[0] == first
    assert np.flatnonzero(bus[:, 0])[-1] == first + 23_999


@pytest.mark.parametrize(("seconds", "expected"), [(0.3, 14_400), (2.0, 48_000)], ids=["shorter", "longer"])
def test_a_take_of_another_length_ends_softly(desk: Desk, seconds: float, expected: int) -> None:
    take = desk.take("t", steady(seconds), loudness=-20.0, peak=-20.0)
    bus = played(PlacedCue(cue(start=0, end=1, level=-20), take), 96_000)
    assert np.flatnonzero(bus[:, 0])[-1] == expected - 1
    assert np.abs(np.diff(bus[:, 0])).max() < 0.001


def test_a_hit_keeps_its_attack(desk: Desk) -> None:
    take = desk.take("t", steady(0.5), loudness=-20.0, peak=-20.0)
    hit = cue(start=0, end=0.5, level=-20, layer="effects", anchors=[{"time": 0.0}])
    bed = cue(start=0, end=0.5, level=-20)
    after = SAMPLE_RATE // 500
    assert played(PlacedCue(hit, take), 24_000)[after, 0] == pytest.approx(0.1 * np.sqrt(0.5), abs=1e-3)
    assert played(PlacedCue(bed, take), 24_000)[after, 0] < 0.05


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("pan", [-1.0, -0.3, 0.0, 0.5, 1.0])
def test_power_is_the_same_wherever_a_sound_stands(channels: int, pan: float) -> None:
    left, right = pan_gains(pan, channels)
    assert left**2 + right**2 == pytest.approx(channels)


def test_a_centred_stereo_take_is_untouched() -> None:
    assert pan_gains(0.0, 2) == pytest.approx((1.0, 1.0))


def test_a_moving_source_moves(desk: Desk) -> None:
    take = desk.take("t", steady(1.0), loudness=-20.0, peak=-20.0)
    moving = cue(start=0, end=1, level=-20, pan=[{"time": 0.2, "pan": -1}, {"time": 0.8, "pan": 1}])
    bus = played(PlacedCue(moving, take), 48_000)
    assert bus[9000, 1] == pytest.approx(0, abs=1e-4)
    assert bus[24_000, 0] == pytest.approx(bus[24_000, 1], rel=1e-3)
    assert bus[40_000, 0] == pytest.approx(0, abs=1e-4)
    assert np.abs(np.diff(bus[1000:47_000], axis=0)).max() < 1e-4


def test_a_take_cut_short_on_disk_leaves_silence(desk: Desk) -> None:
    take = desk.take("t", noise(0.5), frames=48_000)
    assert not played(PlacedCue(cue(start=0, end=1), take), 48_000)[24_001:].any()


def _not_there(desk: Desk) -> None:
    (desk.folder / "t.take.flac").unlink()


def _not_sound(desk: Desk) -> None:
    (desk.folder / "t.take.flac").write_text("no sound")


def _other_rate(desk: Desk) -> None:
    soundfile.write(desk.folder / "t.take.flac", noise(0.5), 44_100)


@pytest.mark.parametrize("damage", [_not_there, _not_sound, _other_rate])
def test_a_take_that_cannot_be_read_is_named(desk: Desk, damage: Callable[[Desk], None]) -> None:
    take = desk.take("t", noise(0.5))
    damage(desk)
    with pytest.raises(BadSound, match=r"t\.take\.flac"):
        played(PlacedCue(cue(start=0, end=0.5), take), 24_000)
