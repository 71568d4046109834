"""Pictures and clips as a model is shown them: few, small, each with its time."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from pydantic_ai.messages import BinaryContent

from soundstage.agents.roles import ShotView, Still
from soundstage.errors import StorageError

_QUALITY = 80
_LARGEST_CLIP = 8 << 20


@dataclass(frozen=True)
class Shown:
    """One picture or clip, and the words before it."""

    told: str
    content: BinaryContent


def stills(found: Sequence[Still], most: int, side: int) -> list[Shown]:
    """At most `most` of the pictures, spread evenly, no side longer than `side` pixels.

    Raises:
        StorageError: one cannot be read.
    """
    count = min(most, len(found))
    chosen = [found[(2 * number + 1) * len(found) // (2 * count)] for number in range(count)]
    return [Shown(f"Picture at {still.time:.2f} s:", _small(still.path, side)) for still in chosen]


def of_shot(view: ShotView, most: int, side: int) -> list[Shown]:
    """The keyframes of a shot, the heaviest first to stay when there are too many, in their order."""
    found = [Still(frame.time, path) for frame, path in zip(view.shot.keyframes, view.pictures, strict=False)]
    weights = [frame.weight for frame in view.shot.keyframes]
    heaviest = sorted(range(len(found)), key=lambda place: -weights[place])[:most]
    return stills([found[place] for place in sorted(heaviest)], most, side)


def clip_of(view: ShotView) -> list[Shown]:
    """The proxy clip of a shot; nothing when there is none, or it is too large to be sent.

    Raises:
        StorageError: it cannot be read.
    """
    clip = _bytes(view.clip) if view.clip else None
    if clip is None:
        return []
    length = view.shot.end - view.shot.start
    told = f"The shot as a clip of {length:.2f} s, which begins at {view.shot.start:.2f} s of the film:"
    return [Shown(told, BinaryContent(clip, media_type="video/mp4"))]


def _bytes(clip: Path) -> bytes | None:
    try:
        if not clip.is_file() or clip.stat().st_size > _LARGEST_CLIP:
            return None
        return clip.read_bytes()
    except OSError as error:
        raise StorageError(f"The clip {clip.name} cannot be read ({error.strerror}); read the film again.") from error


def _small(path: Path, side: int) -> BinaryContent:
    try:
        with Image.open(path) as picture:
            small = picture.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise StorageError(f"The picture {path.name} cannot be read ({error}); read the film again.") from error
    small.thumbnail((side, side))
    written = io.BytesIO()
    small.save(written, "JPEG", quality=_QUALITY)
    return BinaryContent(written.getvalue(), media_type="image/jpeg")
