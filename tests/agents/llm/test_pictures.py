import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from soundstage.agents.llm.pictures import Shown, clip_of, of_shot, stills
from soundstage.agents.llm.scriptwriter import LlmScriptwriter
from soundstage.agents.roles import ShotView, Still
from soundstage.errors import StorageError
from soundstage.reading import Keyframe, Shot
from tests.agents.llm.desks import desk_before
from tests.agents.llm.standin import Reply, obeying


def picture(path: Path, size: tuple[int, int] = (640, 360), mode: str = "RGB") -> Path:
    Image.new(mode, size).save(path)
    return path


def found(folder: Path, count: int) -> list[Still]:
    return [Still(float(number), picture(folder / f"{number}.png", (32, 18))) for number in range(count)]


def times(shown: Sequence[Shown]) -> list[float]:
    return [float(each.told.removeprefix("Picture at ").removesuffix(" s:")) for each in shown]


def size_of(shown: Shown) -> tuple[int, int]:
    return Image.open(io.BytesIO(shown.content.data)).size


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [(0, 4, []), (1, 4, [0]), (3, 4, [0, 1, 2]), (4, 4, [0, 1, 2, 3]), (9, 3, [1, 4, 7]), (100, 1, [50])],
)
def test_few_spread_evenly(tmp_path: Path, count: int, most: int, expected: list[float]):
    assert times(stills(found(tmp_path, count), most, 64)) == expected


@pytest.mark.parametrize(
    ("size", "side", "small"),
    [((640, 360), 128, (128, 72)), ((360, 640), 128, (72, 128)), ((100, 50), 128, (100, 50))],
    ids=["wide", "tall", "small already"],
)
def test_no_side_is_longer(tmp_path: Path, size: tuple[int, int], side: int, small: tuple[int, int]):
    (shown,) = stills([Still(0, picture(tmp_path / "a.png", size))], 1, side)
    assert size_of(shown) == small
    assert shown.content.media_type == "image/jpeg"


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK"])
def test_any_kind_of_picture(tmp_path: Path, mode: str):
    name = "a.tif" if mode == "CMYK" else "a.png"
    (shown,) = stills([Still(0, picture(tmp_path / name, mode=mode))], 1, 64)
    assert size_of(shown) == (64, 36)


def test_noisy_picture_stays_small(tmp_path: Path):
    noise = np.random.default_rng(1).integers(0, 255, (720, 1280, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    (shown,) = stills([Still(0, tmp_path / "a.png")], 1, 512)
    assert len(shown.content.data) < 300_000


def shot(folder: Path, *weights: float, clip: bytes | None = None) -> ShotView:
    frames = tuple(Keyframe(file=f"{n}.png", time=10.0 + n, weight=w) for n, w in enumerate(weights))
    paths = tuple(picture(folder / frame.file) for frame in frames)
    if clip is not None:
        (folder / "shot.mp4").write_bytes(clip)
    reading = Shot(index=0, start=10, end=13, keyframes=frames)
    return ShotView(reading, paths, clip=folder / "shot.mp4" if clip is not None else None)


@pytest.mark.parametrize(("most", "expected"), [(1, [12]), (2, [11, 12]), (3, [11, 12, 13]), (9, [10, 11, 12, 13])])
def test_heaviest_keyframes_stay_in_their_order(tmp_path: Path, most: int, expected: list[float]):
    assert times(of_shot(shot(tmp_path, 0.1, 0.3, 0.4, 0.2), most, 64)) == expected


def test_clip_tells_where_it_lies(tmp_path: Path):
    (shown,) = clip_of(shot(tmp_path, 1.0, clip=b"moving"))
    assert shown.told == "The shot as a clip of 3.00 s, which begins at 10.00 s of the film:"
    assert (shown.content.data, shown.content.media_type) == (b"moving", "video/mp4")


def test_no_clip(tmp_path: Path):
    assert clip_of(shot(tmp_path, 1.0)) == []


def test_clip_that_is_gone(tmp_path: Path):
    view = shot(tmp_path, 1.0, clip=b"moving")
    (tmp_path / "shot.mp4").unlink()
    assert clip_of(view) == []


def test_clip_that_is_too_large(tmp_path: Path):
    view = shot(tmp_path, 1.0, clip=b"")
    with (tmp_path / "shot.mp4").open("r+b") as file:
        file.truncate((8 << 20) + 1)
    assert clip_of(view) == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"no picture", id="no picture"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + b"x" * 99, id="broken"),
        pytest.param(None, id="gone"),
    ],
)
def test_picture_that_cannot_be_read(tmp_path: Path, content: bytes | None):
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(StorageError, match=r"The picture a\.png cannot be read .*; read the film again\."):
        stills([Still(0, tmp_path / "a.png")], 1, 64)


def test_half_a_picture(tmp_path: Path):
    noise = np.random.default_rng(1).integers(0, 255, (90, 160, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:9000])
    with pytest.raises(StorageError, match="cannot be read"):
        stills([Still(0, tmp_path / "a.png")], 1, 64)


def test_picture_of_enormous_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(StorageError, match="cannot be read"):
        stills([Still(0, picture(tmp_path / "a.png"))], 1, 64)


OBEYING: Reply = obeying()


@pytest.mark.parametrize(
    ("settings", "clip", "expected"),
    [
        pytest.param({"pictures": 2, "picture_side": 64}, b"moving", 2, id="keyframes wanted"),
        pytest.param({"looks": "clip", "pictures": 2}, None, 2, id="no clip"),
    ],
)
def test_scriptwriter_shows_what_is_set(tmp_path: Path, settings: dict[str, object], clip: bytes | None, expected: int):
    with desk_before(OBEYING, **settings) as opened:
        LlmScriptwriter(opened.desk).describe_shot(shot(tmp_path, 0.1, 0.5, 0.4, clip=clip), None)
    (asked,) = opened.server.requests
    assert len(asked.images) == expected
    assert all(0 < size < 20_000 for size in asked.images)
    assert [asked.user.index(f"Picture at {time}.00 s:") for time in (11, 12)]
