from pathlib import Path

import numpy as np
import pytest

from soundstage.errors import BadSound
from soundstage.synth.library.recording import read
from soundstage.synth.library.soundfont import sound_effects
from tests.synth.library.fonts import Sample, write_font
from tests.synth.library.sounds import tone

FLUID = Path("/usr/share/sounds/sf2/FluidR3_GS.sf2")


@pytest.fixture
def font(tmp_path: Path) -> Path:
    return tmp_path / "tiny.sf2"


def test_effects_come_with_name_length_and_samples(font: Path):
    rain = tone(0.5, 300, 22_050)
    write_font(font, [Sample("Door", tone(0.2, 500, 22_050)), Sample("SeattleRain", rain, rate=16_000)])
    door, other = sound_effects(font)
    assert (door.part, door.frames, door.sample_rate, door.channels) == ("Door", 4410, 22_050, 1)
    assert other.sample_rate == 16_000
    assert np.abs(read(other, 0, len(rain))[:, 0] - rain).max() < 1e-4


def test_part_of_a_sample_is_read(font: Path):
    sound = tone(0.5, 300, 22_050)
    write_font(font, [Sample("Door", sound)])
    (door,) = sound_effects(font)
    assert np.abs(read(door, 100, 50)[:, 0] - sound[100:150]).max() < 1e-4
    assert len(read(door, len(sound) - 10, 50)) == 10


def test_left_and_right_are_one(font: Path):
    left, right = tone(0.3, 300, 22_050), tone(0.3, 400, 22_050)
    write_font(font, [Sample("Thunder(L)", left, kind=4), Sample("Thunder(R)", right, kind=2)])
    (thunder,) = sound_effects(font)
    assert (thunder.part, thunder.channels) == ("Thunder", 2)
    assert np.abs(read(thunder, 0, len(left)) - np.stack([left, right], axis=1)).max() < 1e-4


def test_instruments_are_no_effects(font: Path):
    write_font(
        font, [Sample("Piano C4", tone(0.2, 262, 22_050), program=0), Sample("Gun", tone(0.2, 90, 22_050), program=127)]
    )
    assert [each.part for each in sound_effects(font)] == ["Gun"]


def test_its_licence_and_name_are_kept(font: Path):
    write_font(font, [Sample("Gun", tone(0.2, 90, 22_050))])
    (gun,) = sound_effects(font)
    assert "MIT" in gun.licence
    assert gun.source == "Tiny Font"


@pytest.mark.parametrize("keep", [0, 8, 30, 200, -60], ids=["empty", "head", "no lists", "half", "tables cut"])
def test_damaged_fonts_are_refused_in_one_sentence(font: Path, keep: int):
    write_font(font, [Sample("Gun", tone(0.2, 90, 22_050))])
    font.write_bytes(font.read_bytes()[:keep])
    with pytest.raises(BadSound, match="cannot be read as a SoundFont"):
        sound_effects(font)


@pytest.mark.skipif(not FLUID.is_file(), reason="Debian's fluid-soundfont-gs is not installed")
def test_fluid_is_understood():
    effects = {each.part: each for each in sound_effects(FLUID)}
    assert len(effects) == 44
    assert effects["Thunder"].channels == 2
    assert np.abs(read(effects["Applause"], 0, 44_100)).max() > 0.1
