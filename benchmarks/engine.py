"""The engine's numbers, side by side with their floors, in one run.

    python -m benchmarks.engine            # everything (about half an hour on two cores)
    python -m benchmarks.engine speed hits # some

`speed`: wall time of `soundstage dub` over decoding the same film with two threads. `memory`: peak of all
its processes together, 60 minutes over 10. `hits`: anchors of effect cues against true event times.
`master`: loudness and true peak by two meters that are not ours.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pyloudnorm
import soundfile

from soundstage.ffmpeg import executable
from tests import footage

SIZE = (1280, 720)
RATE = 25
MINUTE = 60 * RATE
_NEAR = 0.1


def main() -> None:
    """Run the benchmarks named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which ones (all)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each timed command")
    parser.add_argument("--keep", type=Path, help="folder for the films, to use them again")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.keep or Path(scratch)
        folder.mkdir(exist_ok=True)
        for name in asked.names or BENCHMARKS:
            print(f"## {name}", flush=True)
            for line in BENCHMARKS[name](folder, asked.runs):
                print(line, flush=True)


def long_film(folder: Path, minutes: int) -> Path:
    """A film of real shots, 720p25 H.264 with sound; two different minutes, repeated."""
    path = folder / f"film-{minutes}.mp4"
    if path.exists():
        return path
    pieces = [_minute(folder, number) for number in range(2)]
    names = folder / "pieces.txt"
    names.write_text("".join(f"file '{pieces[number % 2].name}'\n" for number in range(minutes)))
    footage.ffmpeg("-f", "concat", "-i", names, "-c", "copy", path)
    return path


def _minute(folder: Path, number: int) -> Path:
    path = folder / f"minute-{number}.mp4"
    if path.exists():
        return path
    shots = np.random.default_rng(number)

    def pictures() -> Iterator[footage.Picture]:
        left = MINUTE
        while left:
            frames = min(left, int(shots.integers(50, 200)))
            crop = (*shots.uniform(0, 0.2, 2), 0.8)
            vary = footage.Variation(crop=crop, mirror=bool(shots.integers(2)), gain=float(shots.uniform(0.7, 1.1)))
            yield from footage.piece(int(shots.integers(footage.shot_count())), frames, size=SIZE, vary=vary)
            left -= frames

    noise = ("-f", "lavfi", "-i", "anoisesrc=r=48000:a=0.02:c=pink:d=60")
    options = ("-preset", "medium", "-crf", "23", "-c:a", "aac", "-ac", "2", "-g", "250")
    return footage.write_film(path, pictures(), fps=RATE, sound=noise, options=options)


def speed(folder: Path, runs: int) -> Iterator[str]:
    """Wall time of dubbing ten minutes over decoding them."""
    film = long_film(folder, 10)
    decode, dub, stages = [], [], {}
    for run in range(runs):
        decode.append(_wall([executable(), "-loglevel", "error", "-threads", "2", "-i", str(film), "-f", "null", "-"]))
        with tempfile.TemporaryDirectory(dir=folder) as work:
            dub.append(_wall(_dub(film, Path(work))))
            stages = json.loads((Path(work) / "out.soundstage" / "report.json").read_text())["seconds"]
        yield f"run {run + 1}: decode {decode[-1]:.1f} s, dub {dub[-1]:.1f} s, ratio {dub[-1] / decode[-1]:.2f}"
    ratio = statistics.median(d / floor for d, floor in zip(dub, decode, strict=True))
    yield f"median ratio {ratio:.2f} (must be <= 3, aim 1.5); last run's stages: {stages}"


def memory(folder: Path, runs: int) -> Iterator[str]:
    """Peak memory of dubbing an hour over ten minutes."""
    del runs
    peaks = {}
    for minutes in (10, 60):
        with tempfile.TemporaryDirectory(dir=folder) as work:
            peaks[minutes] = _peak(_dub(long_film(folder, minutes), Path(work)))
        largest, together = (size / 2**20 for size in peaks[minutes])
        yield f"{minutes} min: largest process {largest:.0f} MiB, all processes together {together:.0f} MiB"
    yield f"ratio of the largest {peaks[60][0] / peaks[10][0]:.2f} (must be <= 1.1)"


def hits(folder: Path, runs: int) -> Iterator[str]:
    """Anchors of effect cues against true event times, in films with known events."""
    del runs
    makers: dict[str, Callable[..., tuple[float, ...]]] = {
        "a ball bounces": footage.bouncing_ball,
        "a hammer strikes a nail": footage.hammer,
        "a lamp flashes": footage.flashing_light,
    }
    errors: list[float] = []
    astray = count = 0
    for name, make in makers.items():
        for fps in (23.976, 25, 30, 50):
            film = folder / f"{name.replace(' ', '-')}-{fps}.mp4"
            events = make(film, fps=fps, seconds=6.0)
            found = _anchors(film, folder, name)
            near = [min((abs(event - anchor) for anchor in found), default=9.0) for event in events]
            errors += near
            astray += sum(min(abs(event - anchor) for event in events) > _NEAR for anchor in found)
            count += len(found)
            yield (
                f"{name} at {fps} fps: {len(events)} events, {len(found)} anchors, "
                f"median error {1000 * statistics.median(near):.0f} ms, worst {1000 * max(near):.0f} ms"
            )
    within = sum(error <= _NEAR for error in errors) / len(errors)
    yield (
        f"all: median {1000 * statistics.median(errors):.0f} ms (must be <= 40), "
        f"{within:.0%} within 100 ms (must be >= 90 %); {astray} of {count} anchors hit where nothing happens"
    )


def master(folder: Path, runs: int) -> Iterator[str]:
    """Loudness and true peak of masters, by pyloudnorm and by ffmpeg's ebur128."""
    del runs
    film = folder / "minute-0.mp4"
    long_film(folder, 10)
    for target in (-16.0, -23.0):
        with tempfile.TemporaryDirectory(dir=folder) as work:
            _wall([*_dub(film, Path(work)), "--target", str(target)])
            sound, rate = soundfile.read(Path(work) / "out.soundstage" / "master.flac")
            other = pyloudnorm.Meter(rate).integrated_loudness(sound)
            loudness, peak = _ebur128(Path(work) / "out.soundstage" / "master.flac")
        yield f"target {target:g} LUFS: pyloudnorm {other:.2f}, ebur128 {loudness:.2f} LUFS, true peak {peak:.2f} dBTP"


def _dub(film: Path, work: Path) -> list[str]:
    return [sys.executable, "-m", "soundstage", "dub", str(film), "-o", str(work / "out.mp4"), "--json"]


def _anchors(film: Path, folder: Path, hint: str) -> list[float]:
    with tempfile.TemporaryDirectory(dir=folder) as work:
        command = [sys.executable, "-m", "soundstage", "design", str(film), "--work", work, "--hint", hint, "--json"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    cues = [cue for scene in json.loads(told)["scenes"] for cue in scene["cues"] if cue["layer"] == "effects"]
    return [anchor["time"] for cue in cues for anchor in cue["anchors"]]


def _wall(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _peak(command: list[str]) -> tuple[int, int]:
    """Largest memory of one process, and of all together, in bytes; looked at ten times a second."""
    largest = together = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            sizes = [_size(one) for one in [watched, *watched.children(recursive=True)]]
            largest, together = max(largest, *sizes), max(together, sum(sizes))
            time.sleep(0.1)
    return largest, together


def _size(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _ebur128(path: Path) -> tuple[float, float]:
    command = [executable(), "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr.rpartition("Summary:")[2]
    loudness, peak = re.search(r"I:\s+(-?[\d.]+) LUFS", said), re.search(r"Peak:\s+(-?[\d.]+|-inf) dBFS", said)
    if loudness is None or peak is None:
        raise RuntimeError(said)
    return float(loudness.group(1)), float(peak.group(1))


BENCHMARKS: dict[str, Callable[[Path, int], Iterator[str]]] = {
    "speed": speed,
    "memory": memory,
    "hits": hits,
    "master": master,
}

if __name__ == "__main__":
    main()
