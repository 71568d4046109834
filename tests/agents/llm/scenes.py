"""Films and scenes for the tests of the llm cast, told rather than read."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from soundstage.agents.roles import SceneView, ShotScript
from soundstage.cuesheet import Caption, Line, Overview, Scene
from soundstage.reading import FilmFacts, MotionCurve, Onset, Reading, Shot, VideoFacts
from soundstage.workfolder import WorkFolder


def facts(duration: float) -> FilmFacts:
    """Facts of a film of that length (seconds)."""
    video = VideoFacts(codec="h264", width=320, height=180, fps=25, frames=round(duration * 25))
    return FilmFacts(digest="0" * 64, name="film.mp4", container="mp4", duration=duration, video=video)


def read_folder(root: Path, dialogue: Sequence[Line] = ()) -> WorkFolder:
    """A work folder with the reading of a film of 24 s, of two shots in which nothing moves."""
    folder = WorkFolder(root)
    with folder.locked():
        folder.reading.mkdir()
        shots = tuple(Shot(index=n, start=12.0 * n, end=12.0 * n + 12) for n in range(2))
        times = np.arange(0, 24.0, 0.04)
        flat = np.zeros(len(times), np.float32)
        MotionCurve(times, flat, flat).save(folder.reading)
        Reading(facts=facts(24.0), shots=shots, dialogue=tuple(dialogue)).save(folder.reading)
        folder.seal_reading(speech=True)
    return folder


def scripts(*summaries: str, length: float = 4.0, **caption: Any) -> list[ShotScript]:
    """Shots of one length, each with its summary."""
    borders = [length * number for number in range(len(summaries) + 1)]
    return [
        ShotScript(
            Shot(index=index, start=start, end=end),
            Caption(**{"background": "a place", "summary": summaries[index], "confidence": 0.8, **caption}),
        )
        for index, (start, end) in enumerate(pairwise(borders))
    ]


def scene(name: str = "s001", start: float = 0.0, length: float = 6.0, **changes: Any) -> Scene:
    """A scene of one shot, in which little is known."""
    caption = Caption(background="a field", summary="a tank fires", motion=0.3, confidence=0.9)
    given = {"id": name, "start": start, "end": start + length, "shots": (0, 0), "caption": caption}
    return Scene.model_validate({**given, **changes})


def view(
    of: Scene | None = None,
    onsets: Sequence[Onset] = (),
    curve: MotionCurve | None = None,
    overview: str = "a war film",
    **changes: Any,
) -> SceneView:
    """What a Designer sees of a scene whose picture moves evenly, unless a curve is given."""
    of = of or scene()
    times = np.arange(of.start, of.end, 0.04)
    even = MotionCurve(times, np.full(len(times), 0.2, np.float32), np.zeros(len(times), np.float32))
    shot = Shot(index=of.shots[0], start=of.start, end=of.end, onsets=tuple(onsets), motion=of.caption.motion)
    return SceneView(of, (shot,), curve or even, Overview(summary=overview), facts(of.end), **changes)
