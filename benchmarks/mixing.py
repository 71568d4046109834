"""What mixing costs: seconds and memory for a film of 10 minutes with four layers, and how memory grows to 60.

Run as `python -m benchmarks.mixing [--minutes 10 60]`. Prints seconds of the clock, and of the processors in
brackets, for the master alone, with stems, and with the film; then the peak memory of the mixing process
(ffmpeg's own is not counted). Every length runs in a process of its own.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from soundstage.cuesheet import Caption, Cue, CueSheet, Layer, Scene
from soundstage.ffmpeg import executable
from soundstage.mix.film import MixOptions, Original, Outputs, mix_film
from soundstage.reading import SOUND_FILE, FilmFacts, Reading, Shot, SoundFacts, VideoFacts
from soundstage.sound import SAMPLE_RATE, Block, write_blocks
from soundstage.synth.maker import Take

_LEVELS = {Layer.AMBIENCE: -30.0, Layer.EFFECTS: -26.0, Layer.MUSIC: -28.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, nargs="+", default=[10, 60])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(asdict(measure(asked.one))))
        return
    results = [_in_a_process(minutes) for minutes in asked.minutes]
    for result in results:
        costs = "  ".join(f"{way} {wall:.1f} s ({busy:.1f})" for way, (wall, busy) in result.seconds.items())
        print(f"{result.minutes} minutes: {costs}  {result.megabytes:.0f} MB")
    first, last = results[0], results[-1]
    print(f"memory, {last.minutes} over {first.minutes} minutes: {last.megabytes / first.megabytes:.2f}")


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock and of the processors for each way of mixing, and peak memory."""

    minutes: int
    seconds: dict[str, tuple[float, float]]
    megabytes: float


def measure(minutes: int) -> Cost:
    """Mix a film of so many minutes: the master alone, with stems, and with the film too."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = _film(folder, minutes)
        reading = _reading(minutes)
        write_blocks(folder / SOUND_FILE, _noise(minutes, 0), 2)
        takes = {layer.value: _take(folder, layer, minutes) for layer in _LEVELS}
        sheet = _sheet(minutes)
        ways = {
            "master": Outputs(folder / "master.flac"),
            "and stems": Outputs(folder / "master.flac", stems=folder / "stems"),
            "and film": Outputs(folder / "master.flac", folder / "out.mp4", folder / "stems"),
        }
        seconds = {}
        for way, outputs in ways.items():
            started, busy = time.perf_counter(), _busy()
            mix_film(film, reading, folder, sheet, takes, outputs, MixOptions(original=Original.KEEP))
            seconds[way] = (time.perf_counter() - started, _busy() - busy)
    return Cost(minutes, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _busy() -> float:
    """Seconds that all processors spent on this process and those it has started."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def _in_a_process(minutes: int) -> Cost:
    command = [sys.executable, "-m", "benchmarks.mixing", "--one", str(minutes)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Cost(**json.loads(done.stdout))


def _film(folder: Path, minutes: int) -> Path:
    path = folder / "film.mp4"
    source = f"testsrc2=s=64x64:r=25:d={minutes * 60}"
    command = [executable(), "-v", "error", "-f", "lavfi", "-i", source, "-c:v", "mpeg4", "-q:v", "12", str(path)]
    subprocess.run(command, check=True)
    return path


def _noise(minutes: int, seed: int) -> Iterator[Block]:
    rng = np.random.default_rng(seed)
    swell = np.linspace(0.2, 1, 10 * SAMPLE_RATE)[:, None]
    for _ in range(minutes * 6):
        yield (rng.standard_normal((10 * SAMPLE_RATE, 2), np.float32) * 0.08 * swell).astype(np.float32)


def _take(folder: Path, layer: Layer, minutes: int) -> Take:
    path = folder / f"{layer.value}.flac"
    frames = write_blocks(path, _noise(minutes, list(_LEVELS).index(layer) + 1), 2)
    return Take(layer.value, "", path, frames, 2, loudness=-22.0, peak=-7.0, maker="noise", licence="CC0-1.0", seed=0)


def _reading(minutes: int) -> Reading:
    video = VideoFacts(codec="mpeg4", width=320, height=180, fps=25, frames=minutes * 1500)
    sound = SoundFacts(codec="aac", sample_rate=SAMPLE_RATE, channels=2)
    facts = FilmFacts(digest="", name="film", container="mov", duration=minutes * 60.0, video=video, sound=sound)
    return Reading(facts=facts, shots=(Shot(index=0, start=0, end=minutes * 60.0),))


def _sheet(minutes: int) -> CueSheet:
    end = minutes * 60.0
    cues = tuple(
        Cue(id=layer.value, layer=layer, label=layer.value, start=0, end=end, level=level)
        for layer, level in _LEVELS.items()
    )
    scene = Scene(id="s1", start=0, end=end, shots=(0, 0), caption=Caption(background="a street"), cues=cues)
    return CueSheet(film="", duration=end, scenes=(scene,))


if __name__ == "__main__":
    main()
