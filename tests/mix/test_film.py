from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soundstage.cuesheet import Cue, Layer, Line
from soundstage.errors import BadOption, StorageError
from soundstage.mix.film import MixOptions, MixResult, Original, Outputs, mix_film
from soundstage.mix.premaster import Premaster
from soundstage.sound import SAMPLE_RATE, write_blocks
from soundstage.synth.maker import Take
from tests.documents import cue, sheet
from tests.mix.conftest import Desk, noise, steady
from tests.test_loudness import by_ffmpeg, sine

Parts = tuple[tuple[Cue, ...], dict[str, Take]]


def scene_of_four_layers(desk: Desk, duration: float) -> Parts:
    """Beds that cross, hits, a moving source, speech, music and the film's own sound."""
    desk.own_sound(noise(duration, 0.02, seed=9))
    end, middle = duration, duration / 2
    speech = {"layer": Layer.SPEECH, "text": "Who is there?", "level": -24}
    cues = (
        cue("rain", 0, middle + 0.2, fade_out=0.4),
        cue("wind", middle - 0.2, end, fade_in=0.4),
        cue("knock", 0.3, 0.5, layer=Layer.EFFECTS, level=-12, pan=0.5, anchors=[{"time": 0.3}]),
        cue("car", 0.4, end, layer=Layer.EFFECTS, pan=[{"time": 0.5, "pan": -1}, {"time": end, "pan": 1}]),
        cue("line", 0.6, 1.0, **speech),
        cue("song", 0.1, end, layer=Layer.MUSIC),
    )
    takes = {c.id: desk.take(c.id, noise(c.duration, 0.2, 1 + n % 2, seed=n)) for n, c in enumerate(cues)}
    return cues, takes


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(block=st.integers(64, 100_000))
def test_block_size_changes_nothing(make_desk: Callable[[], Desk], block: int) -> None:
    desk = make_desk()
    cues, takes = scene_of_four_layers(desk, 1.5)
    whole, heard = desk.mix(cues, takes, duration=1.5, block_frames=1 << 20)
    parts, heard_in_blocks = desk.mix(cues, takes, duration=1.5, block_frames=block)
    assert parts.loudness == pytest.approx(whole.loudness, abs=1e-3)
    assert heard.keys() == heard_in_blocks.keys() == {"master", *(layer.value for layer in Layer)}
    for name, sound in heard.items():
        np.testing.assert_allclose(heard_in_blocks[name], sound, atol=1e-5, err_msg=name)


def test_stems_sum_to_the_mix_before_mastering(desk: Desk) -> None:
    cues, takes = scene_of_four_layers(desk, 2.0)
    result, heard = desk.mix(cues, takes, duration=2.0, target=-35.0)
    total = sum(sound for name, sound in heard.items() if name != "master")
    # So quiet that nothing is limited: the master is the sum times the gain.
    np.testing.assert_allclose(total * 10 ** (result.gain / 20), heard["master"], atol=6 * 2**-23)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(levels=st.lists(st.floats(-60, 0), min_size=1, max_size=4), block=st.integers(500, 50_000))
def test_stems_sum_whatever_the_levels(make_desk: Callable[[], Desk], levels: list[float], block: int) -> None:
    desk = make_desk()
    layers = [Layer.AMBIENCE, Layer.EFFECTS, Layer.MUSIC, Layer.AMBIENCE]
    cues = tuple(cue(f"c-{n}", 0, 1, layer=layers[n], level=level) for n, level in enumerate(levels))
    takes = {c.id: desk.take(c.id, noise(1, 0.3, seed=n), peak=-60.0) for n, c in enumerate(cues)}
    result, heard = desk.mix(cues, takes, duration=1.0, target=-40.0, block_frames=block)
    total = sum(sound for name, sound in heard.items() if name != "master")
    np.testing.assert_allclose(total * 10 ** (result.gain / 20), heard["master"], atol=6 * 2**-23 + 1e-6)


@pytest.mark.parametrize("target", [-16.0, -23.0, -30.0, -12.0])
def test_the_master_is_as_loud_as_asked(desk: Desk, target: float) -> None:
    cues, takes = scene_of_four_layers(desk, 3.0)
    result, heard = desk.mix(cues, takes, duration=3.0, target=target)
    integrated, peak = by_ffmpeg(desk.folder / "master.flac")
    assert result.loudness == pytest.approx(target, abs=0.2)
    assert integrated == pytest.approx(target, abs=0.5)
    assert pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(heard["master"]) == pytest.approx(target, abs=0.5)
    assert result.true_peak <= -1.0
    assert peak <= -1.0
    assert soundfile.info(str(desk.folder / "master.flac")).subtype == "PCM_24"


def _single_hits(desk: Desk) -> Parts:
    hit = noise(0.3, 0.3) * np.exp(-np.arange(14_400) / 2400)[:, None].astype(np.float32)
    cues = tuple(cue(f"hit-{n}", n, n + 0.3, layer=Layer.EFFECTS, level=-35) for n in range(5))
    return cues, {c.id: desk.take(c.id, hit) for c in cues}


def _a_whisper(desk: Desk) -> Parts:
    return (cue("hush", 0, 5, level=-60),), {"hush": desk.take("hush", noise(5, 0.01))}


def _overloaded(desk: Desk) -> Parts:
    cues = tuple(cue(f"loud-{n}", 0, 5, level=-3) for n in range(3))
    return cues, {c.id: desk.take(c.id, noise(5, 0.2, seed=n)) for n, c in enumerate(cues)}


@pytest.mark.parametrize("parts", [_single_hits, _a_whisper, _overloaded])
def test_hard_mixes_reach_the_target_too(desk: Desk, parts: Callable[[Desk], Parts]) -> None:
    result, heard = desk.mix(*parts(desk))
    assert result.loudness == pytest.approx(-16, abs=0.5)
    assert result.true_peak <= -1.0
    assert max(np.abs(sound).max() for sound in heard.values()) <= 1


def test_raising_a_very_quiet_mix_is_told(desk: Desk) -> None:
    result, _ = desk.mix(*_a_whisper(desk))
    assert any("very quiet" in note for note in result.notes)


def test_clicks_are_not_crushed_to_reach_the_target(desk: Desk) -> None:
    click = steady(0.0005, 0.5)
    cues = tuple(cue(f"click-{n}", n, n + 0.1, layer=Layer.EFFECTS, level=-20, anchors=[{"time": n}]) for n in range(3))
    result, _ = desk.mix(cues, {c.id: desk.take(c.id, click) for c in cues})
    assert result.loudness < -17
    assert any("crushed" in note for note in result.notes)


def test_without_any_sound_the_master_is_silent_and_says_so(desk: Desk) -> None:
    result, heard = desk.mix((), {}, duration=2.0)
    assert result.silent
    assert result.stems == ()
    assert any("silent" in note for note in result.notes)
    assert heard["master"].shape == (96_000, 2)
    assert not heard["master"].any()


def test_the_master_lasts_as_long_as_the_film(desk: Desk) -> None:
    _, heard = desk.mix((cue("rain", 0, 1),), {"rain": desk.take("rain", noise(1))}, duration=1.2345)
    assert {len(sound) for sound in heard.values()} == {round(1.2345 * SAMPLE_RATE)}


def test_cues_are_heard_at_their_level_among_each_other(desk: Desk) -> None:
    cues = (cue("rain", 0, 4, level=-40), cue("song", 0, 4, layer=Layer.MUSIC, level=-30))
    takes = {"rain": desk.take("rain", sine(4, -10)), "song": desk.take("song", sine(4, -50))}
    _, heard = desk.mix(cues, takes, duration=4.0)
    meter = pyloudnorm.Meter(SAMPLE_RATE)
    assert meter.integrated_loudness(heard["ambience"]) == pytest.approx(-40, abs=0.2)
    assert meter.integrated_loudness(heard["music"]) == pytest.approx(-30, abs=0.2)


def test_crossing_beds_leave_no_hole(desk: Desk) -> None:
    cues = (cue("rain", 0, 3, level=-30, fade_out=1.0), cue("wind", 2, 5, level=-30, fade_in=1.0))
    takes = {c.id: desk.take(c.id, noise(3, 0.1, seed=n)) for n, c in enumerate(cues)}
    _, heard = desk.mix(cues, takes)
    power = np.square(heard["ambience"]).reshape(-1, 4800 * 2).mean(axis=1)[2:-2]
    assert 10 * np.log10(power.max() / power.min()) < 1.0


@pytest.mark.parametrize(
    ("original", "present"),
    [(Original.KEEP, True), (Original.DUCK, True), (Original.REPLACE, True), (Original.REMOVE, False)],
)
def test_the_original_has_a_stem_unless_removed(desk: Desk, original: Original, present: bool) -> None:
    desk.own_sound(noise(5))
    line = Line(start=1, end=2, text="Hello.")
    cues = (cue("rain", 0, 4),)
    takes = {"rain": desk.take("rain", noise(4))}
    result, heard = desk.mix(cues, takes, lines=(line,), original=original)
    assert ("original" in result.stems) is present
    assert ("original" in heard) is present


def test_stems_of_an_earlier_mix_do_not_linger(desk: Desk) -> None:
    cues = (cue("rain", 0, 4), cue("song", 0, 4, layer=Layer.MUSIC))
    takes = {c.id: desk.take(c.id, noise(4)) for c in cues}
    desk.mix(cues, takes)
    _, heard = desk.mix(cues, {"rain": takes["rain"]})
    assert heard.keys() == {"master", "ambience"}


def test_a_users_own_file_among_the_stems_stays(desk: Desk) -> None:
    (desk.folder / "stems").mkdir(exist_ok=True)
    mine = desk.folder / "stems" / "music.flac"
    write_blocks(mine, [noise(1)], noise(1).shape[1])
    desk.mix((cue("rain", 0, 4),), {"rain": desk.take("rain", noise(4))})
    assert mine.exists()


def test_only_the_scenes_asked_for_are_heard(desk: Desk) -> None:
    first, second = cue("rain", 0, 4), cue("wind", 6, 9)
    takes = {c.id: desk.take(c.id, noise(c.duration)) for c in (first, second)}
    document = sheet((first,), (second,))
    _, heard = desk.mix((), takes, duration=10.0, document=document, only=("s001",))
    assert not heard["ambience"][: 6 * SAMPLE_RATE].any()
    assert heard["ambience"][6 * SAMPLE_RATE : 9 * SAMPLE_RATE].any()


@pytest.mark.parametrize(
    "options",
    [{"target": 3.0}, {"target": float("nan")}, {"true_peak": 1.0}, {"block_frames": 0}, {"only": ("nowhere",)}],
    ids=lambda options: next(iter(options)),
)
def test_senseless_options_are_refused(desk: Desk, options: dict[str, object]) -> None:
    with pytest.raises(BadOption):
        desk.mix((), {}, **options)


def test_a_full_disk_leaves_no_half_written_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    cues, takes = scene_of_four_layers(desk, 2.0)
    before = set(desk.folder.rglob("*"))

    def full(self: Premaster, block: object) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(Premaster, "add", full)
    with pytest.raises(StorageError):
        desk.mix(cues, takes, duration=2.0)
    assert {path for path in desk.folder.rglob("*") if path.is_file()} <= before


def test_a_failed_mix_leaves_the_last_one_in_place(desk: Desk) -> None:
    cues, takes = scene_of_four_layers(desk, 2.0)
    desk.mix(cues, takes, duration=2.0)
    before = (desk.folder / "master.flac").read_bytes()
    takes["rain"].path.write_text("damaged")
    with pytest.raises(Exception, match="cannot be read"):
        desk.mix(cues, takes, duration=2.0)
    assert (desk.folder / "master.flac").read_bytes() == before
    assert not list(desk.folder.rglob("*.part"))


def test_a_place_that_cannot_be_written_is_named(desk: Desk) -> None:
    (desk.folder / "file").write_text("")
    out = Outputs(desk.folder / "file" / "master.flac")
    with pytest.raises(StorageError, match="cannot be written"):
        mix_film(Path("none"), desk.reading(1.0), desk.folder, sheet(()), {}, out, MixOptions())


def test_a_result_survives_json(desk: Desk) -> None:
    import json
    from dataclasses import asdict

    result, _ = desk.mix((), {}, duration=1.0)
    again = MixResult(**json.loads(json.dumps(asdict(result), allow_nan=False)))
    assert again.loudness == result.loudness
