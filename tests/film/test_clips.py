"""Proxy clips: one of each shot, with its pictures and no others, as long as the shot.

The films' pictures carry their number as a pattern of dark and light, which outlives any coding.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from soundstage.agents.house import house_cast
from soundstage.errors import StorageError
from soundstage.ffmpeg import Failure
from soundstage.film.clips import write_clips
from soundstage.film.probe import probe
from soundstage.film.read import read_film
from soundstage.options import StudioOptions
from soundstage.pipeline import Studio
from soundstage.reading import MotionCurve, Reading, Shot
from soundstage.workfolder import WorkFolder
from tests import footage

ROWS, COLUMNS = 2, 4


def numbered(pictures: int, size: footage.Size = (160, 90)) -> Iterator[footage.Picture]:
    """Pictures that carry their number (0..255), in eight fields."""
    width, height = size
    down, across = np.arange(height) * ROWS // height, np.arange(width) * COLUMNS // width
    for number in range(pictures):
        bits = (number >> np.arange(ROWS * COLUMNS)) & 1
        grey = 40 + 170 * bits.reshape(ROWS, COLUMNS)[down][:, across]
        yield np.repeat(grey[:, :, None], 3, axis=2).astype(np.uint8)


def number_of(grey: np.ndarray) -> int:
    """The number that a picture (height, width) carries."""
    height, width = grey.shape
    fields = grey[height // 4 :: height // 2][:ROWS, width // 8 :: width // 4][:, :COLUMNS]
    return int(((fields > 125).reshape(-1) << np.arange(ROWS * COLUMNS)).sum())


@dataclass(frozen=True)
class Seen:
    """What a clip shows: the numbers of its pictures, their times, its length and size."""

    numbers: list[int]
    times: list[float]
    seconds: float
    size: tuple[int, int]
    codec: str
    streams: int


def seen(clip: Path, turns: int = 0) -> Seen:
    """Decode a clip, each picture turned by quarters (clockwise)."""
    with av.open(str(clip)) as opened:
        stream = opened.streams.video[0]
        pictures = list(opened.decode(stream))
        return Seen(
            numbers=[number_of(np.rot90(p.to_ndarray(format="gray"), -turns)) for p in pictures],
            times=[float(p.time or 0.0) for p in pictures],
            seconds=float((stream.duration or 0) * (stream.time_base or 0)),
            size=(stream.codec_context.width, stream.codec_context.height),
            codec=stream.codec_context.name,
            streams=len(opened.streams),
        )


@dataclass(frozen=True)
class Cut:
    """A film that was read, cut into shots at the pictures named."""

    folder: Path
    shots: tuple[Shot, ...]
    first: tuple[int, ...]
    times: np.ndarray

    def clips(self, turns: int = 0) -> list[Seen]:
        """What the clips of its shots show."""
        return [seen(self.folder / str(shot.clip), turns) for shot in self.shots]

    def pictures(self) -> list[list[int]]:
        """Numbers of the pictures of each shot."""
        return [list(range(*span)) for span in pairwise((*self.first, len(self.times)))]


CutFilm = Callable[[Path, Sequence[int]], Cut]


@pytest.fixture
def cut(tmp_path: Path) -> CutFilm:
    """Reads a film and writes the clips of shots that begin with the pictures named."""

    def cut_film(film: Path, first: Sequence[int]) -> Cut:
        folder = tmp_path / "reading"
        facts = read_film(film, folder, transcribe=False).facts
        times = MotionCurve.load(folder).times
        starts = [round(float(times[number]), 6) for number in first]
        spans = pairwise((*starts, facts.duration))
        shots = [Shot(index=index, start=start, end=end) for index, (start, end) in enumerate(spans)]
        return Cut(folder, write_clips(film, probe(film), shots, facts.offset, folder), tuple(first), times)

    return cut_film


SLOW = [Fraction(24000, 1001), 24, 25, 12]


@pytest.mark.parametrize("fps", SLOW, ids=[f"{float(fps):.3f}" for fps in SLOW])
def test_a_clip_shows_the_pictures_of_its_shot_and_lasts_as_long(tmp_path: Path, cut: CutFilm, fps: Fraction) -> None:
    film = footage.write_film(tmp_path / "film.mp4", numbered(100), fps=fps)
    done = cut(film, [0, 17, 18, 61])
    assert [clip.numbers for clip in done.clips()] == done.pictures()
    for shot, clip, numbers in zip(done.shots, done.clips(), done.pictures(), strict=True):
        assert clip.seconds == pytest.approx(shot.end - shot.start, abs=1e-4)
        np.testing.assert_allclose(clip.times, done.times[numbers] - shot.start, atol=1e-4)


FAST = [Fraction(30000, 1001), 30, 50, Fraction(60000, 1001), 60, 120]


@pytest.mark.parametrize("fps", FAST, ids=[f"{float(fps):.3f}" for fps in FAST])
def test_of_a_fast_film_25_pictures_a_second_are_shown(tmp_path: Path, cut: CutFilm, fps: Fraction) -> None:
    film = footage.write_film(tmp_path / "film.mp4", numbered(250), fps=fps)
    done = cut(film, [0, 31, 32, 150])
    for shot, clip, numbers in zip(done.shots, done.clips(), done.pictures(), strict=True):
        assert clip.numbers[0] == numbers[0]
        assert set(clip.numbers) <= set(numbers)
        assert done.times[numbers[-1]] - done.times[clip.numbers[-1]] < 0.04
        assert len(clip.numbers) == pytest.approx(25 * (shot.end - shot.start), abs=1)
        assert clip.seconds == pytest.approx(shot.end - shot.start, abs=1e-4)
        np.testing.assert_allclose(clip.times, done.times[clip.numbers] - shot.start, atol=1e-4)


UNEVEN = "settb=1/1000,setpts='N*0.05/TB+gt(N,12)*0.7/TB+mod(N,3)*0.009/TB'"
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "uneven times": ("mkv", ("-vf", UNEVEN, "-fps_mode", "vfr", "-enc_time_base", "1:1000")),
    "pictures that begin late": ("mp4", ("-output_ts_offset", "3.21")),
    "a clock that starts anywhere": ("ts", ("-output_ts_offset", "37.5")),
    "pictures out of order": ("mkv", ("-bf", "3", "-g", "50", "-preset", "medium")),
    "key pictures only at the start": ("mp4", ("-g", "999", "-sc_threshold", "0")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_clips_are_exact_whatever_the_film_counts_from(tmp_path: Path, cut: CutFilm, kind: str) -> None:
    suffix, options = KINDS[kind]
    sound = footage.tone(seconds=4)
    film = footage.write_film(tmp_path / f"film.{suffix}", numbered(60), sound=sound, options=options)
    done = cut(film, [0, 12, 13, 14, 40])
    assert [clip.numbers for clip in done.clips()] == done.pictures()
    assert [clip.seconds for clip in done.clips()] == pytest.approx([s.end - s.start for s in done.shots], abs=1e-4)


def test_sound_that_begins_before_the_pictures_moves_no_border(tmp_path: Path, cut: CutFilm) -> None:
    silent = footage.write_film(tmp_path / "silent.mkv", numbered(50))
    film = tmp_path / "film.mkv"
    footage.ffmpeg("-itsoffset", "1.3", "-i", silent, *footage.tone(seconds=4), "-c:v", "copy", "-c:a", "flac", film)
    done = cut(film, [0, 7, 31])
    assert [clip.numbers for clip in done.clips()] == done.pictures()


def test_neither_a_jump_of_the_clock_nor_another_size_moves_a_border(tmp_path: Path, cut: CutFilm) -> None:
    pictures = list(numbered(60))
    sound = footage.tone(seconds=1.2)
    first = footage.write_film(tmp_path / "first.ts", pictures[:30], sound=sound)
    larger = (np.repeat(np.repeat(picture, 2, axis=0), 2, axis=1) for picture in pictures[30:])
    second = footage.write_film(tmp_path / "second.ts", larger, sound=sound, options=("-output_ts_offset", "500"))
    film = tmp_path / "film.ts"
    film.write_bytes(first.read_bytes() + second.read_bytes())
    done = cut(film, [0, 10, 29, 30, 31, 45])
    assert [clip.numbers for clip in done.clips()] == done.pictures()
    assert {clip.size for clip in done.clips()} == {(160, 90)}


def test_pictures_that_an_edit_list_hides_are_in_no_clip(tmp_path: Path, cut: CutFilm) -> None:
    whole = footage.write_film(tmp_path / "whole.mp4", numbered(60), options=("-g", "25"))
    film = tmp_path / "film.mp4"
    footage.ffmpeg("-ss", "0.6", "-i", whole, "-c", "copy", film)
    done = cut(film, [0, 1, 7, 20])
    hidden = 60 - len(done.times)
    assert hidden > 0
    assert [clip.numbers for clip in done.clips()] == [[n + hidden for n in span] for span in done.pictures()]


SIZES = {
    "odd": ((161, 91), (160, 92)),
    "tiny": ((33, 17), (32, 16)),
    "wide": ((1280, 128), (448, 44)),
    "tall": ((180, 640), (126, 448)),
    "large": ((1920, 1080), (448, 252)),
}


@pytest.mark.parametrize("name", SIZES)
def test_clips_are_small_and_of_even_size(tmp_path: Path, cut: CutFilm, name: str) -> None:
    size, small = SIZES[name]
    done = cut(footage.write_film(tmp_path / "film.mkv", numbered(9, size), codec="mjpeg"), [0, 4])
    assert [clip.size for clip in done.clips()] == [small, small]
    assert [clip.numbers for clip in done.clips()] == done.pictures()


def test_clips_are_silent_h264(tmp_path: Path, cut: CutFilm) -> None:
    film = footage.write_film(tmp_path / "film.mp4", numbered(10), sound=footage.tone(seconds=1))
    (clip,) = cut(film, [0]).clips()
    assert (clip.codec, clip.streams) == ("h264", 1)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_clips_of_a_turned_film_are_upright(tmp_path: Path, cut: CutFilm, turns: int) -> None:
    plain = footage.write_film(tmp_path / "plain.mp4", numbered(20))
    film = tmp_path / "turned.mp4"
    footage.ffmpeg("-display_rotation", str(90 * turns), "-i", plain, "-c", "copy", film)
    done = cut(film, [0, 9])
    assert [clip.numbers for clip in done.clips(turns)] == done.pictures()
    assert done.clips()[0].size == ((160, 90) if turns == 2 else (90, 160))


@pytest.mark.parametrize("fps", [25, 60], ids=str)
def test_every_shot_of_one_picture_has_its_clip(tmp_path: Path, cut: CutFilm, fps: int) -> None:
    film = footage.write_film(tmp_path / "film.mp4", numbered(30), fps=fps)
    done = cut(film, range(30))
    assert [clip.numbers for clip in done.clips()] == [[number] for number in range(30)]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi"])
def test_a_film_cut_short_has_clips_as_far_as_it_goes(tmp_path: Path, cut: CutFilm, suffix: str) -> None:
    options = ("-g", "10", "-bf", "0", *(("-movflags", "+faststart") if suffix == "mp4" else ()))
    whole = footage.write_film(tmp_path / f"whole.{suffix}", numbered(100), options=options)
    film = tmp_path / f"cut.{suffix}"
    film.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    done = cut(film, [0, 11, 30])
    assert [clip.numbers[0] for clip in done.clips()] == [0, 11, 30]
    assert [clip.numbers for clip in done.clips()][:2] == done.pictures()[:2]
    assert len(done.clips()[2].numbers) == len(done.times) - 30


def test_a_damaged_film_has_clips_of_what_can_be_seen(tmp_path: Path, cut: CutFilm) -> None:
    film = footage.write_film(tmp_path / "film.ts", footage.piece(1, 100, size=(160, 90)), options=("-g", "10"))
    data = bytearray(film.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20_000] = np.random.default_rng(3).bytes(20_000)
    film.write_bytes(bytes(data))
    done = cut(film, [0, 20, 60])
    assert [len(clip.numbers) for clip in done.clips()] == [len(numbers) for numbers in done.pictures()]


def test_shots_beyond_the_pictures_have_no_clip_however_many_they_are(tmp_path: Path) -> None:
    film = footage.write_film(tmp_path / "film.mp4", numbered(5))
    shots = [Shot(index=n, start=n / 25, end=(n + 1) / 25) for n in range(20_000)]
    done = write_clips(film, probe(film), shots, 0.0, tmp_path)
    assert [shot.index for shot in done if shot.clip] == [0, 1, 2, 3, 4]
    assert len(list((tmp_path / "clips").iterdir())) == 5


def test_a_film_without_a_picture_is_an_error(tmp_path: Path) -> None:
    film = footage.write_film(tmp_path / "film.mkv", numbered(5))
    facts = probe(film)
    film.write_bytes(film.read_bytes()[:600])
    with pytest.raises(Failure):
        write_clips(film, facts, [Shot(index=0, start=0, end=1)], 0.0, tmp_path)
    assert not list((tmp_path / "clips").iterdir())


def test_what_is_interrupted_leaves_no_half_clip(tmp_path: Path) -> None:
    film = footage.write_film(tmp_path / "film.mp4", numbered(200))
    shots = [Shot(index=n, start=n, end=n + 1) for n in range(8)]

    def stop(done: float) -> None:
        if done > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_clips(film, probe(film), shots, 0.0, tmp_path, stop)
    names = sorted(path.name for path in (tmp_path / "clips").iterdir())
    assert names == ["0000.mp4", "0001.mp4", "0002.mp4"]
    assert [seen(tmp_path / "clips" / name).numbers[-1] for name in names] == [24, 49, 74]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    film = footage.write_film(tmp_path / "film.mp4", numbered(5))
    (tmp_path / "taken").touch()
    with pytest.raises(StorageError, match="Clips cannot be written"):
        write_clips(film, probe(film), [Shot(index=0, start=0, end=0.2)], 0.0, tmp_path / "taken")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A film of three shots."""
    path = tmp_path / "film.mp4"
    footage.joined(path, [(0, 20), (5, 30), (2, 25)], size=(160, 90))
    return path


def test_a_film_read_for_clips_names_one_of_each_shot(tmp_path: Path, film: Path) -> None:
    told: list[float] = []
    reading = read_film(film, tmp_path / "reading", transcribe=False, clips=True, progress=told.append)
    assert [shot.clip for shot in reading.shots] == ["clips/0000.mp4", "clips/0001.mp4", "clips/0002.mp4"]
    assert [len(seen(tmp_path / "reading" / str(shot.clip)).numbers) for shot in reading.shots] == [20, 30, 25]
    assert Reading.load(tmp_path / "reading") == reading
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_film_read_without_clips_keeps_none_of_an_earlier_reading(tmp_path: Path, film: Path) -> None:
    read_film(film, tmp_path / "reading", transcribe=False, clips=True)
    reading = read_film(film, tmp_path / "reading", transcribe=False)
    assert [shot.clip for shot in reading.shots] == [None] * 3
    assert not (tmp_path / "reading" / "clips").exists()


def work(film: Path, folder: WorkFolder, *, clips: bool) -> tuple[Reading, list[str]]:
    """The reading that a studio has of a film, and the stages it worked for it."""
    options = StudioOptions(transcribe=False, clips=clips)
    with folder.locked():
        studio = Studio(film, folder, house_cast(0), (), options)
        return studio.reading, list(studio.seconds)


def test_a_saved_reading_gets_only_the_clips_it_lacks(tmp_path: Path, film: Path) -> None:
    folder = WorkFolder(tmp_path / "work")
    plain, _ = work(film, folder, clips=False)
    keyframe = folder.reading / plain.shots[0].keyframes[0].file
    before = keyframe.stat().st_mtime_ns
    reading, worked = work(film, folder, clips=True)
    assert worked == ["read"]
    assert all(shot.clip for shot in reading.shots)
    assert [shot.model_copy(update={"clip": None}) for shot in reading.shots] == list(plain.shots)
    assert keyframe.stat().st_mtime_ns == before
    assert folder.saved_reading() == reading


@pytest.mark.parametrize("clips", [True, False], ids=["wanted", "not wanted"])
def test_a_saved_reading_with_clips_is_read_no_more(tmp_path: Path, film: Path, clips: bool) -> None:
    folder = WorkFolder(tmp_path / "work")
    first, _ = work(film, folder, clips=True)
    assert work(film, folder, clips=clips) == (first, [])


def test_a_lost_clip_is_made_again(tmp_path: Path, film: Path) -> None:
    folder = WorkFolder(tmp_path / "work")
    first, _ = work(film, folder, clips=True)
    (folder.reading / "clips" / "0001.mp4").unlink()
    assert work(film, folder, clips=True)[0] == first
    assert (folder.reading / "clips" / "0001.mp4").exists()


def test_what_a_killed_run_left_half_is_removed(tmp_path: Path) -> None:
    folder = WorkFolder(tmp_path / "work")
    half = folder.reading / "clips" / ".0001.mp4.4711.part"
    half.parent.mkdir(parents=True)
    half.touch()
    with folder.locked():
        assert not half.exists()
