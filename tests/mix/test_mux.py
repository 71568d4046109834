"""What must not change when a film gets its sound, looked at with PyAV and ffmpeg's own hashes."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

from soundstage.cuesheet import Layer
from soundstage.errors import BadOption, SoundstageError, StorageError
from soundstage.ffmpeg import executable
from soundstage.film.probe import probe
from soundstage.mix.containers import CONTAINERS, container_for
from soundstage.mix.film import MixOptions, Original, Outputs, mix_film
from soundstage.reading import VideoFacts
from tests.documents import cue, sheet
from tests.footage import ffmpeg, in_container, tone
from tests.mix.conftest import Desk

SECONDS = 2.0
_HITS = (0.0, 0.5, 1.25, 1.75)
_BFRAMES = ("-bf", "2", "-g", "12")


@dataclass(frozen=True)
class Pictures:
    """Hashes of a film's picture packets, and their times from the first one shown, in seconds."""

    hashes: tuple[str, ...]
    times: np.ndarray


def pictures(film: Path) -> Pictures:
    command = [executable(), "-v", "error", "-i", str(film), "-map", "0:v:0", "-c", "copy", "-copyts"]
    said = subprocess.run([*command, "-f", "framehash", "-"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(",") for line in said.splitlines() if line and line[0] != "#"]
    base = next(line.split()[-1] for line in said.splitlines() if line.startswith("#tb"))
    number, per = map(int, base.split("/"))
    times = np.array([int(row[2]) for row in rows]) * number / per
    return Pictures(tuple(row[-1].strip() for row in rows), times - times.min())


def first_picture(film: Path) -> float:
    with av.open(str(film)) as opened:
        picture = next(opened.decode(video=0))
        return float(picture.pts * picture.time_base)


def hits(film: Path) -> list[float]:
    """When the sound rises, in seconds from the first picture shown."""
    times: list[float] = []
    with av.open(str(film)) as opened:
        for frame in opened.decode(audio=0):
            sound = av.AudioResampler("flt", "mono", 48_000).resample(frame)[0].to_ndarray().ravel()
            start = float(frame.pts * frame.time_base)
            times += [start + n / 48_000 for n in np.flatnonzero(np.abs(sound) > 0.1)]
    starts = [time for n, time in enumerate(times) if n == 0 or time - times[n - 1] > 0.1]
    return [time - first_picture(film) for time in starts]


def dubbed(desk: Desk, film: Path, out: Path, seconds: float = SECONDS) -> Path:
    """The film with four hits, sharp as they are."""
    known = probe(film)
    video = VideoFacts(codec=known.codec, width=known.width, height=known.height, fps=25, frames=50)
    reading = desk.reading(seconds, container=known.container, video=video, offset=container_time(film))
    click = np.concatenate([np.full((96, 1), 0.9), np.zeros((480, 1))]).astype(np.float32)
    cues = tuple(
        cue(f"hit-{n}", time, time + 0.012, layer=Layer.EFFECTS, level=-20, anchors=[{"time": time}])
        for n, time in enumerate(_HITS)
    )
    takes = {c.id: desk.take(c.id, click) for c in cues}
    outputs = Outputs(desk.folder / "master.flac", film=out)
    options = MixOptions(target=-24.0, original=Original.REMOVE)
    mix_film(film, reading, desk.folder, sheet(cues, length=seconds), takes, outputs, options)
    return out


def container_time(film: Path) -> float:
    """Of the first picture shown."""
    return first_picture(film)


def plain(folder: Path, name: str = "film.mp4", codec: str = "h264", *options: str) -> Path:
    bframes = _BFRAMES if codec == "h264" else ()
    return in_container(folder / name, codec, seconds=SECONDS, sound=tone(seconds=3), options=(*bframes, *options))


def late_pictures(folder: Path) -> Path:
    """The pictures begin 0.7 s after the sound."""
    film, late = plain(folder, "plain.mp4"), folder / "film.mp4"
    ffmpeg("-i", film, "-itsoffset", "0.7", "-i", film, "-map", "1:v", "-map", "0:a", "-c", "copy", late)
    return late


def edit_list(folder: Path) -> Path:
    """Cut between key frames without encoding: the first pictures are hidden by an edit list."""
    whole, cut = (
        in_container(folder / "whole.mp4", seconds=3.0, sound=tone(seconds=3), options=_BFRAMES),
        folder / "film.mp4",
    )
    ffmpeg("-ss", "1.0", "-i", whole, "-c", "copy", cut)
    return cut


def turned(folder: Path) -> Path:
    film, rotated = plain(folder, "plain.mp4"), folder / "film.mp4"
    ffmpeg("-display_rotation", "90", "-i", film, "-c", "copy", rotated)
    return rotated


def variable_rate(folder: Path) -> Path:
    choose = ("-vf", "select='lt(n,20)+not(mod(n,3))'", "-fps_mode", "vfr")
    return plain(folder, "film.mp4", "h264", *choose)


SAME = {
    "mp4": (plain, "mp4"),
    "mp4 in mov": (plain, "mov"),
    "mp4 in mkv": (plain, "mkv"),
    "mkv": (lambda folder: plain(folder, "film.mkv"), "mkv"),
    "mkv in mp4": (lambda folder: plain(folder, "film.mkv"), "mp4"),
    "ts": (lambda folder: plain(folder, "film.ts"), "ts"),
    "webm": (lambda folder: plain(folder, "film.webm", "vp9"), "webm"),
    "avi": (lambda folder: plain(folder, "film.avi", "mpeg4"), "avi"),
    "avi in mp4": (lambda folder: plain(folder, "film.avi", "mpeg4"), "mp4"),
    "prores": (lambda folder: plain(folder, "film.mov", "prores"), "mov"),
    "pictures begin late": (late_pictures, "mp4"),
    "pictures begin late, mkv": (late_pictures, "mkv"),
    "edit list": (edit_list, "mp4"),
    "rotation": (turned, "mp4"),
    "variable rate": (variable_rate, "mp4"),
}


@pytest.mark.parametrize("case", SAME)
def test_pictures_are_copied_bit_for_bit_in_time_and_sound_is_in_step(desk: Desk, case: str) -> None:
    make, suffix = SAME[case]
    film = make(desk.folder)
    out = dubbed(desk, film, desk.folder / f"out.{suffix}")
    before, after = pictures(film), pictures(out)
    assert after.hashes == before.hashes
    np.testing.assert_allclose(after.times, before.times, atol=0.0011)
    assert hits(out) == pytest.approx(_HITS, abs=0.001)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_transport_stream_goes_into_files(desk: Desk, suffix: str) -> None:
    film = plain(desk.folder, "film.ts")
    out = dubbed(desk, film, desk.folder / f"out.{suffix}")
    np.testing.assert_allclose(pictures(out).times, pictures(film).times, atol=0.0011)
    assert hits(out) == pytest.approx(_HITS, abs=0.001)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_program_stream_that_tells_few_times_goes_into_files(desk: Desk, suffix: str) -> None:
    out = dubbed(desk, plain(desk.folder, "film.mpg", "mpeg2video"), desk.folder / f"out.{suffix}")
    times = pictures(out).times
    np.testing.assert_allclose(times, np.arange(len(times)) / 25, atol=0.0011)
    assert hits(out) == pytest.approx(_HITS, abs=0.001)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_the_film_lasts_as_long_as_before(desk: Desk, suffix: str) -> None:
    film = plain(desk.folder, f"film.{suffix}")
    out = dubbed(desk, film, desk.folder / f"out.{suffix}")
    with av.open(str(film)) as before, av.open(str(out)) as after:
        assert after.duration / av.time_base == pytest.approx(before.duration / av.time_base, abs=0.02)


def test_pictures_that_begin_late_still_do(desk: Desk) -> None:
    out = dubbed(desk, late_pictures(desk.folder), desk.folder / "out.mp4")
    assert first_picture(out) == pytest.approx(0.7, abs=0.001)


def test_rotation_is_kept(desk: Desk) -> None:
    out = dubbed(desk, turned(desk.folder), desk.folder / "out.mp4")
    assert probe(out).rotation == probe(turned(desk.folder)).rotation != 0


def film_with_everything(folder: Path) -> Path:
    """Two sound tracks, subtitles, chapters, a title."""
    (folder / "lines.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nHello.\n")
    chapters = "[CHAPTER]\nTIMEBASE=1/1000\nSTART={}\nEND={}\ntitle={}\n"
    tags = ";FFMETADATA1\ntitle=The Street\n" + chapters.format(0, 1000, "One") + chapters.format(1000, 2000, "Two")
    (folder / "tags.txt").write_text(tags)
    film = folder / "all.mkv"
    inputs = ("-i", plain(folder), "-i", folder / "lines.srt", "-i", folder / "tags.txt")
    maps = ("-map", "0:v", "-map", "0:a", "-map", "0:a", "-map", "1:s", "-map_metadata", "2", "-map_chapters", "2")
    ffmpeg(*inputs, *maps, "-c", "copy", "-metadata:s:s:0", "language=eng", film)
    return film


@pytest.mark.parametrize(("suffix", "subtitles"), [("mkv", "subrip"), ("mp4", "mov_text"), ("mov", "mov_text")])
def test_subtitles_chapters_and_title_are_kept(desk: Desk, suffix: str, subtitles: str) -> None:
    out = dubbed(desk, film_with_everything(desk.folder), desk.folder / f"out.{suffix}")
    with av.open(str(out)) as opened:
        assert [s.codec_context.codec.canonical_name for s in opened.streams.subtitles] == [subtitles]
        assert opened.streams.subtitles[0].language == "eng"
        assert [chapter["metadata"]["title"] for chapter in opened.chapters()] == ["One", "Two"]
        assert opened.metadata["title"] == "The Street"


def test_all_sound_tracks_are_replaced_by_ours(desk: Desk) -> None:
    out = dubbed(desk, film_with_everything(desk.folder), desk.folder / "out.mkv")
    with av.open(str(out)) as opened:
        [sound] = opened.streams.audio
        assert (sound.codec_context.name, sound.rate, sound.layout.name) == ("aac", 48_000, "stereo")


@pytest.mark.parametrize("suffix", ["mp4", "webm"])
def test_the_sound_reaches_to_twenty_kilohertz(suffix: str) -> None:
    coding = CONTAINERS[suffix].sound
    assert coding.get("cutoff") == "20000" or coding["c:a"] == "libopus"


@pytest.mark.parametrize(
    ("name", "codec", "advice"),
    [
        ("webm", "h264", "mp4"),
        ("mov", "vp9", "mkv"),
        ("avi", "hevc", "mp4"),
        ("doc", "h264", "mp4"),
        ("", "h264", "mp4"),
    ],
)
def test_what_cannot_be_written_is_said_with_what_can(name: str, codec: str, advice: str) -> None:
    with pytest.raises(BadOption, match=advice):
        container_for(name, codec)


def test_a_container_that_cannot_hold_the_pictures_is_refused_before_any_work(desk: Desk) -> None:
    film = plain(desk.folder)
    with pytest.raises(BadOption, match="webm cannot hold"):
        dubbed(desk, film, desk.folder / "out.webm")
    assert not (desk.folder / "master.flac").exists()


def test_a_film_that_was_damaged_meanwhile_is_named_and_leaves_nothing(desk: Desk) -> None:
    film = plain(desk.folder)
    facts = probe(film)
    reading = desk.reading(SECONDS, container=facts.container)
    film.write_bytes(film.read_bytes()[:400])
    outputs = Outputs(desk.folder / "master.flac", film=desk.folder / "out.mp4")
    with pytest.raises(SoundstageError, match=r"film\.mp4"):
        mix_film(film, reading, desk.folder, sheet((), length=SECONDS), {}, outputs, MixOptions())
    assert not outputs.master.exists()
    assert not list(desk.folder.glob(".*"))


def test_the_film_itself_is_never_written_over(desk: Desk) -> None:
    film = plain(desk.folder)
    before = film.read_bytes()
    with pytest.raises(BadOption, match="the film itself"):
        dubbed(desk, film, film)
    assert film.read_bytes() == before


def test_a_missing_film_is_named_before_any_work(desk: Desk) -> None:
    outputs = Outputs(desk.folder / "master.flac", film=desk.folder / "out.mp4")
    with pytest.raises(StorageError, match=r"gone\.mp4"):
        mix_film(desk.folder / "gone.mp4", desk.reading(1.0), desk.folder, sheet((), length=1.0), {}, outputs)
    assert not outputs.master.exists()


def test_names_that_look_like_something_else_are_only_names(desk: Desk) -> None:
    film = plain(desk.folder)
    out = dubbed(desk, film, desk.folder / "-http:%03d [a] 'b';.mp4")
    assert pictures(out).hashes == pictures(film).hashes
