"""The read stage on whole films: formats, times, sound, and films that are broken but readable."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from soundstage.film.read import read_film
from soundstage.reading import MOTION_FILE, SOUND_FILE, MotionCurve, Reading
from tests import footage

Read = Callable[[Path], Reading]

FORMATS = [
    ("mp4", "h264"),
    ("mov", "h264"),
    ("mkv", "h264"),
    ("avi", "h264"),
    ("ts", "h264"),
    ("mp4", "hevc"),
    ("mkv", "hevc"),
    ("ts", "hevc"),
    ("webm", "vp8"),
    ("webm", "vp9"),
    ("mkv", "av1"),
    ("mp4", "av1"),
    ("avi", "mpeg4"),
    ("ts", "mpeg2video"),
    ("avi", "mjpeg"),
    ("mov", "mjpeg"),
    ("mov", "prores"),
]


@pytest.mark.parametrize(("suffix", "codec"), FORMATS, ids=[f"{codec}-in-{suffix}" for suffix, codec in FORMATS])
def test_every_format_is_read_with_its_true_length(tmp_path: Path, read: Read, suffix: str, codec: str) -> None:
    film = footage.in_container(tmp_path / f"film.{suffix}", codec, sound=footage.tone())
    facts = read(film).facts
    assert (facts.video.codec, facts.video.width, facts.video.height) == (codec, 160, 90)
    assert facts.video.frames == 25
    # An AVI with MP3 sound begins with a repeated picture that makes room for the coder.s delay.
    assert facts.duration == pytest.approx(1.0, abs=0.041 if suffix == "avi" else 0.002)
    assert facts.sound is not None
    assert not facts.truncated


RATES = [Fraction(24000, 1001), 25, Fraction(30000, 1001), 30, 50, 60]


@pytest.mark.parametrize("fps", RATES, ids=[f"{float(fps):.3f}" for fps in RATES])
def test_times_are_exact_at_any_rate(tmp_path: Path, read: Read, fps: Fraction) -> None:
    film = footage.in_container(tmp_path / "film.mp4", fps=fps)
    facts = read(film).facts
    curve = MotionCurve.load(tmp_path / "reading")
    assert facts.video.fps == pytest.approx(float(fps), rel=1e-4)
    assert facts.duration == pytest.approx(facts.video.frames / float(fps), abs=1e-4)
    np.testing.assert_allclose(curve.times, np.arange(facts.video.frames) / float(fps), atol=1e-4)
    assert not facts.video.variable_rate


def test_uneven_times_are_kept(tmp_path: Path, read: Read) -> None:
    film = footage.in_container(
        tmp_path / "film.mkv",
        options=(
            "-vf",
            "settb=1/1000,setpts='N*0.04/TB+gt(N,12)*0.5/TB+mod(N,3)*0.01/TB'",
            "-fps_mode",
            "vfr",
            "-enc_time_base",
            "1:1000",
        ),
    )
    facts = read(film).facts
    times = MotionCurve.load(tmp_path / "reading").times
    expected = np.array([n * 0.04 + (n > 12) * 0.5 + n % 3 * 0.01 for n in range(25)])
    np.testing.assert_allclose(times, expected, atol=0.001)
    assert facts.video.variable_rate
    assert times[-1] < facts.duration < times[-1] + 0.1


def test_a_film_that_does_not_start_at_zero_counts_from_its_first_picture(tmp_path: Path, read: Read) -> None:
    film = footage.in_container(tmp_path / "film.ts", sound=footage.tone(), options=("-output_ts_offset", "37.5"))
    reading = read(film)
    assert reading.facts.offset > 37
    assert reading.shots[0].start == 0
    assert reading.facts.duration == pytest.approx(1.0, abs=0.01)


def test_rotation_is_told_and_size_is_as_shown(tmp_path: Path, read: Read) -> None:
    plain = footage.in_container(tmp_path / "plain.mp4")
    film = tmp_path / "turned.mp4"
    footage.ffmpeg("-display_rotation", "90", "-i", plain, "-c", "copy", film)
    reading = read(film)
    assert (reading.facts.video.width, reading.facts.video.height) == (90, 160)
    assert reading.facts.video.rotation in (90, 270)
    with Image.open(tmp_path / "reading" / reading.shots[0].keyframes[0].file) as keyframe:
        assert keyframe.height > keyframe.width


@pytest.mark.parametrize("size", [(161, 91), (33, 17), (640, 34)], ids=str)
def test_odd_sizes_are_read(tmp_path: Path, read: Read, size: tuple[int, int]) -> None:
    film = footage.in_container(tmp_path / "film.mkv", "mjpeg", size=size, seconds=0.4)
    video = read(film).facts.video
    assert (video.width, video.height) == size


def test_a_film_of_one_picture_is_one_shot_with_a_keyframe(tmp_path: Path, read: Read) -> None:
    reading = read(footage.in_container(tmp_path / "film.mp4", seconds=0.04))
    assert reading.facts.duration == pytest.approx(0.04)
    assert [(shot.start, shot.end) for shot in reading.shots] == [(0.0, reading.facts.duration)]
    assert len(reading.shots[0].keyframes) == 1


def test_a_silent_film_has_no_sound_file(tmp_path: Path, read: Read) -> None:
    reading = read(footage.in_container(tmp_path / "film.mp4"))
    assert reading.facts.sound is None
    assert reading.shots[0].sound_level is None
    assert not (tmp_path / "reading" / SOUND_FILE).exists()


@pytest.mark.parametrize("channels", ["mono", "stereo", "5.1"])
def test_sound_is_stereo_and_as_long_as_the_film(tmp_path: Path, read: Read, channels: str) -> None:
    sound = footage.tone(channels=channels)
    reading = read(footage.in_container(tmp_path / "film.mkv", sound=sound, options=("-c:a", "flac")))
    samples, rate = soundfile.read(tmp_path / "reading" / SOUND_FILE)
    assert rate == 48_000
    assert samples.shape == (round(reading.facts.duration * rate), 2)
    middle = samples[12_000:36_000]
    assert np.abs(middle[:, 0] - middle[:, 1]).max() < 1e-3
    assert 0.2 < np.abs(middle).max() < 0.5
    assert reading.shots[0].sound_level is not None


def test_sound_lies_where_it_lay_in_the_film(tmp_path: Path, read: Read) -> None:
    click = "aevalsrc='0.8*between(t,0.5,0.52)*sin(2*PI*1000*t)':c=mono:s=48000:d=5"
    sound = ("-itsoffset", "0.25", "-f", "lavfi", "-i", click)
    film = footage.in_container(tmp_path / "film.mkv", sound=sound, seconds=2, options=("-c:a", "pcm_s16le"))
    read(film)
    samples, rate = soundfile.read(tmp_path / "reading" / SOUND_FILE)
    first = np.flatnonzero(np.abs(samples[:, 0]) > 0.1)[0] / rate
    assert first == pytest.approx(0.75, abs=0.003)


@pytest.mark.parametrize(("length", "name"), [(0.4, "shorter"), (3.5, "longer")], ids=["shorter", "longer"])
def test_sound_is_padded_or_cut_to_the_film(tmp_path: Path, read: Read, length: float, name: str) -> None:
    silent = footage.in_container(tmp_path / "silent.mp4")
    film = tmp_path / f"{name}.mkv"
    footage.ffmpeg("-i", silent, *footage.tone(seconds=length), "-c:v", "copy", "-c:a", "flac", film)
    facts = read(film).facts
    assert soundfile.info(tmp_path / "reading" / SOUND_FILE).frames == round(facts.duration * 48_000)
    assert facts.duration == pytest.approx(1.0, abs=0.01)


def test_of_several_sound_tracks_the_default_is_read(tmp_path: Path, read: Read) -> None:
    silent = footage.in_container(tmp_path / "silent.mp4")
    film = tmp_path / "film.mkv"
    maps = ("-map", "0:v", "-map", "1:a", "-map", "2:a", "-c:v", "copy", "-c:a", "flac", "-shortest")
    kinds = ("-disposition:a:0", "0", "-disposition:a:1", "default", "-metadata:s:a:1", "language=deu")
    footage.ffmpeg("-i", silent, *footage.tone(300), *footage.tone(3000, "mono"), *maps, *kinds, film)
    facts = read(film).facts
    samples, rate = soundfile.read(tmp_path / "reading" / SOUND_FILE)
    spectrum = np.abs(np.fft.rfft(samples[: rate // 2, 0]))
    assert facts.sound is not None
    assert (facts.sound.streams, facts.sound.language, facts.sound.channels) == (2, "deu", 1)
    assert np.argmax(spectrum) * 2 == pytest.approx(3000, abs=10)


def test_a_film_cut_short_is_read_as_far_as_it_goes(tmp_path: Path, read: Read) -> None:
    options = ("-movflags", "+faststart", "-g", "10", "-bf", "0")
    whole = footage.in_container(tmp_path / "whole.mp4", seconds=4, options=options, sound=footage.tone())
    film = tmp_path / "cut.mp4"
    film.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    reading = read(film)
    assert reading.facts.truncated
    assert 1.0 < reading.facts.duration < 3.5
    assert reading.facts.duration == pytest.approx(reading.facts.video.frames / 25, abs=0.05)
    assert any("declared end" in note for note in reading.notes)


@pytest.mark.parametrize("suffix", ["mkv", "ts", "avi"])
def test_other_containers_cut_short_are_read_too(tmp_path: Path, read: Read, suffix: str) -> None:
    whole = footage.in_container(tmp_path / f"whole.{suffix}", seconds=4, options=("-g", "10", "-bf", "0"))
    film = tmp_path / f"cut.{suffix}"
    film.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10 + 1])
    facts = read(film).facts
    assert facts.truncated
    assert 1.0 < facts.duration < 3.5


def test_a_corrupt_middle_is_read_around_and_noted(tmp_path: Path, read: Read) -> None:
    film = footage.in_container(tmp_path / "film.ts", seconds=4, options=("-g", "10", "-bf", "0"))
    data = bytearray(film.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20_000] = np.random.default_rng(3).bytes(20_000)
    film.write_bytes(bytes(data))
    reading = read(film)
    assert reading.facts.duration == pytest.approx(4.0, abs=0.1)
    assert any("damaged" in note for note in reading.notes)


def test_a_joined_film_is_tiled_by_its_shots(tmp_path: Path, read: Read) -> None:
    cuts = footage.joined(tmp_path / "film.mp4", [(0, 20), (5, 30), (2, 25), (6, 20)], size=(160, 90))
    reading = read(tmp_path / "film.mp4")
    assert [shot.start for shot in reading.shots] == pytest.approx([0.0, *cuts])
    assert all(before.end == after.start for before, after in pairwise(reading.shots))
    assert reading.shots[-1].end == reading.facts.duration
    assert [shot.index for shot in reading.shots] == list(range(4))


def test_every_shot_is_measured(tmp_path: Path, read: Read) -> None:
    footage.joined(tmp_path / "film.mp4", [(0, 20), (5, 30)], size=(160, 90))
    for shot in read(tmp_path / "film.mp4").shots:
        assert sum(shot.colour) == pytest.approx(1, abs=0.01)
        assert min(shot.brightness, shot.saturation, shot.texture, shot.motion) > 0
        assert sum(frame.weight for frame in shot.keyframes) == pytest.approx(1, abs=0.01)
        assert all(shot.start <= frame.time <= shot.end for frame in shot.keyframes)


def test_the_reading_is_saved_with_all_its_files(tmp_path: Path, read: Read) -> None:
    reading = read(footage.in_container(tmp_path / "film.mp4"))
    folder = tmp_path / "reading"
    assert Reading.load(folder) == reading
    assert sorted(p.name for p in folder.iterdir()) == sorted(["keyframes", MOTION_FILE, "reading.json"])


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    footage.joined(tmp_path / "film.mp4", [(1, 40), (3, 40)], size=(160, 90))
    first, second = (read_film(tmp_path / "film.mp4", tmp_path / name, transcribe=False) for name in "ab")
    assert first == second


def test_progress_grows_to_one(tmp_path: Path) -> None:
    film = footage.in_container(tmp_path / "film.mp4", seconds=6)
    seen: list[float] = []
    read_film(film, tmp_path / "reading", progress=seen.append, transcribe=False)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) > 2


@pytest.mark.parametrize(
    ("encoder", "codec"), [("dca", "dts"), ("truehd", "truehd"), ("ac3", "ac3"), ("pcm_s24le", "pcm_s24le")]
)
def test_the_sound_of_discs_is_heard(tmp_path: Path, read: Read, encoder: str, codec: str) -> None:
    coding = ("-c:a", encoder, "-strict", "experimental")
    reading = read(footage.in_container(tmp_path / "film.mkv", sound=footage.tone(seconds=1), options=coding))
    assert reading.facts.sound is not None
    assert reading.facts.sound.codec == codec
    assert reading.shots[0].sound_level is not None
    assert reading.shots[0].sound_level > -40


def test_sound_that_cannot_be_read_is_named(tmp_path: Path, read: Read) -> None:
    film = footage.in_container(tmp_path / "film.mkv", sound=footage.tone(seconds=1), options=("-c:a", "wmav2"))
    reading = read(film)
    assert reading.facts.sound is None
    assert any("wmav2" in note for note in reading.notes)
