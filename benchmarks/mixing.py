"""What mixing costs: seconds and memory for a film of 10 minutes with four layers, and how memory grows to 60.

Run as `python -m benchmarks.mixing [--minutes 10 60]`. Every length runs in a process of its own; its
peak memory and that of the ffmpeg it starts are what the system counts for it.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
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
        print(json.dumps(measure(asked.one)))
        return
    results = [_in_a_process(minutes) for minutes in asked.minutes]
    for result in results:
        print("  ".join(f"{name} {value:g}" for name, value in result.items()))
    if len(results) > 1:
        first, last = results[0], results[-1]
        print(f"memory {last['minutes']:g} over {first['minutes']:g} minutes: {last['MB'] / first['MB']:.2f}")


def measure(minutes: int) -> dict[str, float]:
    """Mix a film of so many minutes: the master alone, with stems, and with the film too."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = _film(folder, minutes)
        reading = _reading(minutes)
        write_blocks(folder / SOUND_FILE, _noise(minutes, 0), 2)
        takes = {layer.value: _take(folder, layer, minutes) for layer in _LEVELS}
        sheet = _sheet(minutes)
        everything = Outputs(folder / "master.flac", folder / "out.mp4", folder / "stems")
        ways = {
            "master s": Outputs(folder / "master.flac"),
            "and stems s": Outputs(folder / "master.flac", stems=folder / "stems"),
            "and film s": everything,
        }
        seconds = {}
        for way, outputs in ways.items():
            started = time.perf_counter()
            mix_film(film, reading, folder, sheet, takes, outputs, MixOptions(original=Original.KEEP))
            seconds[way] = round(time.perf_counter() - started, 2)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"minutes": minutes, **seconds, "MB": round(own), "MB of ffmpeg": round(child)}


def _in_a_process(minutes: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.mixing", "--one", str(minutes)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _film(folder: Path, minutes: int) -> Path:
    path = folder / "film.mp4"
    source = f"testsrc2=s=320x180:r=25:d={minutes * 60}"
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
    frames = write_blocks(path, _noise(minutes, hash(layer) % 99), 2)
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
