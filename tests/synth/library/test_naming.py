import pytest

from soundstage.synth.library.naming import freesound, parted, plain_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("SeattleRain_02(stereo)", "seattle rain", id="camel case and numbers"),
        pytest.param("door-slam_heavy 3", "door slam heavy", id="dashes"),
        pytest.param("AMB_EXT_City", "ambience outdoors city", id="abbreviations"),
        pytest.param("Heli", "helicopter", id="short"),
        pytest.param("rain_rain_RAIN", "rain", id="said thrice"),
        pytest.param("SFX_001 (final mix)", "", id="says nothing"),
        pytest.param("Straßenlärm", "straßenlärm", id="not English"),
    ],
)
def test_plain_words(name: str, words: str):
    assert plain_words(name) == words


def test_freesound_names_carry_their_source():
    assert freesound("41234__some-user__big-dog-bark") == ("big-dog-bark", "freesound.org/s/41234/ by some-user")


def test_other_names_do_not():
    assert freesound("dog_bark__2") is None


def test_words_written_as_one_are_taken_apart():
    known = frozenset({"door", "creak", "rain", "rainbow"})
    assert parted("old doorcreak rainbow", known) == "old door creak rainbow"
