"""How long a film of many shots is talked over: wall time of the describe and storyboard stages beside their floor.

A model server of the benchmark's own, in a process of its own, gives every answer after one second. The floor is all
questions that were asked, as many at a time as may be open, a second each; what is above it is our own work and what
had to wait for what.

Run: python -m benchmarks.agents [--shots 700] [--concurrency 32] [--seconds 1.0]
"""

import argparse
import asyncio
import json
import multiprocessing
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from soundstage.agents.discussion import describe_shots, storyboard
from soundstage.agents.llm import AgentSettings, Exchange, llm_cast
from soundstage.agents.roles import Cast, ShotScript, ShotView
from soundstage.cuesheet import Caption
from soundstage.reading import FilmFacts, Keyframe, Shot, VideoFacts
from soundstage.workfolder import WorkFolder

_GOAL = 60.0
_SCENE = re.compile(r"scene (\d+)")
_PICTURES = 3
_SIZE = (640, 360)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shots", type=int, default=700)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=1.0, help="of every answer")
    asked = parser.parse_args()
    shots = _shots(asked.shots)
    scripts = [ShotScript(shot, Caption(background="a place", summary=words, confidence=0.8)) for shot, words in shots]
    with tempfile.TemporaryDirectory() as name, model_server(asked.seconds) as url:
        bench = Bench(Path(name), url, asked.concurrency, asked.seconds)
        pictures = _pictures(Path(name))
        views = [ShotView(shot, pictures) for shot, _ in shots]
        bench.tell("describe", lambda cast: describe_shots(views, cast))
        boards: list[Any] = []
        wall = bench.tell(
            "storyboard", lambda cast: boards.append(storyboard(_facts(shots[-1][0].end), scripts, (), cast))
        )
        print(f"storyboard: {len(boards[0].scenes)} scenes; {wall:.1f} s, must be < {_GOAL:.0f} s for 700 shots")


@dataclass(frozen=True)
class Bench:
    """A place to ask from, and the server that is asked."""

    folder: Path
    url: str
    concurrency: int
    seconds: float

    def tell(self, stage: str, work: Callable[[Cast], object]) -> float:
        """Time a stage, and print its wall time, its floor and their ratio."""
        asked: list[Exchange] = []
        settings = AgentSettings(model="openai-chat:stand-in", base_url=self.url, concurrency=self.concurrency)
        with WorkFolder(self.folder / stage).locked():
            cast = llm_cast(settings, memory=WorkFolder(self.folder / stage), record=asked.append)
            started, spent = time.perf_counter(), time.process_time()
            work(cast)
            wall, spent = time.perf_counter() - started, time.process_time() - spent
        floor = len(asked) * self.seconds / self.concurrency
        print(
            f"{stage}: {wall:.1f} s for {len(asked)} questions; floor {floor:.1f} s, ratio {wall / floor:.2f}; "
            f"our own work {spent:.1f} s, {1000 * spent / len(asked):.1f} ms a question"
        )
        return wall


def _shots(count: int) -> list[tuple[Shot, str]]:
    """Shots of 2 to 6 s with their captions, in scenes of 1 to 8."""
    draw = random.Random(4)
    scenes = (scene for scene in range(count) for _ in range(draw.randint(1, 8)))
    shots, start = [], 0.0
    for index, scene in zip(range(count), scenes, strict=False):
        end = start + draw.uniform(2, 6)
        frames = tuple(Keyframe(time=start, file="k.jpg", weight=1 / _PICTURES) for _ in range(_PICTURES))
        shots.append((Shot(index=index, start=start, end=end, keyframes=frames, motion=0.3), f"scene {scene}"))
        start = end
    return shots


def _facts(duration: float) -> FilmFacts:
    video = VideoFacts(codec="h264", width=1280, height=720, fps=25, frames=round(duration * 25))
    return FilmFacts(digest="0" * 64, name="film.mp4", container="mp4", duration=duration, video=video)


def _pictures(folder: Path) -> tuple[Path, ...]:
    """Pictures of soft noise, which cost about as much to write small as real ones."""
    draw = np.random.default_rng(4)
    paths = tuple(folder / f"{number}.jpg" for number in range(_PICTURES))
    for path in paths:
        coarse = Image.fromarray(draw.integers(0, 255, (36, 64, 3), dtype=np.uint8))
        coarse.resize(_SIZE, Image.Resampling.BICUBIC).save(path, quality=88)
    return paths


@contextmanager
def model_server(seconds: float) -> Iterator[str]:
    """The address of a server of chat completions that takes so long to answer, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, seconds), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/v1"
    finally:
        process.terminate()
        process.join()


def _serve(parent: Connection, seconds: float) -> None:
    asyncio.run(_serving(parent, seconds))


async def _serving(parent: Connection, seconds: float) -> None:
    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = re.search(r"content-length: (\d+)", head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                began = time.monotonic()
                answer = json.dumps(_completion(json.loads(body))).encode()
                await asyncio.sleep(began + seconds - time.monotonic())
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
                writer.write(b"content-length: %d\r\n\r\n" % len(answer) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(attend, "127.0.0.1", 0, backlog=512)
    parent.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _completion(body: dict[str, Any]) -> dict[str, Any]:
    tool = body["tools"][0]["function"]
    arguments = json.dumps(_answer(tool["parameters"]["properties"], json.dumps(body["messages"])))
    call = {"id": "call-1", "type": "function", "function": {"name": tool["name"], "arguments": arguments}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_750_000_000,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 120, "total_tokens": 1020},
    }


def _answer(wanted: dict[str, Any], asked: str) -> dict[str, Any]:
    """Two stretches are merged when both are told to be of the same scene; no scene holds two events."""
    caption = {"background": "a place", "summary": (_SCENE.search(asked) or [""])[0]}
    if "merge" in wanted:
        same = len(set(_SCENE.findall(asked))) == 1
        more = {"caption": caption} if same else {}
        return {"merge": same, "confidence": 0.9, "reason": "as told", **more}
    if "two_events" in wanted:
        return {"two_events": False}
    return {"summary": "a film"} if "timeline" in wanted else caption


if __name__ == "__main__":
    main()
