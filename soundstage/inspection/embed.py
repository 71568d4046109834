"""Pictures and sounds as data URIs, so that a page needs nothing but itself."""

import base64
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from soundstage.errors import BadSound, StorageError
from soundstage.inspection.palette import SPECTRUM

LARGEST_PREVIEW = 24 << 20
_SOUNDS = {".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".flac": "audio/flac", ".wav": "audio/wav", ".m4a": "audio/mp4"}
_THUMBNAIL = (240, 108)
_QUALITY = 72


def keyframe(path: Path) -> str | None:
    """A keyframe as a small JPEG; None when it cannot be read."""
    try:
        with Image.open(path) as image:
            image.draft("RGB", _THUMBNAIL)
            small = image.convert("RGB")
    except (OSError, ValueError):
        return None
    small.thumbnail(_THUMBNAIL, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    return _uri("image/jpeg", buffer.getvalue())


def spectrum(shades: NDArray[np.float32]) -> str:
    """A spectrogram as a PNG of 256 colours."""
    image = Image.fromarray((shades[::-1] * 255).astype(np.uint8), "L")
    image.putpalette(_colours().tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return _uri("image/png", buffer.getvalue())


def preview(path: Path) -> str:
    """A small sound file.

    Raises:
        BadSound: it is larger than 24 MB or of a kind that browsers do not play.
        StorageError: it cannot be read.
    """
    kind = _SOUNDS.get(path.suffix.lower())
    if kind is None:
        raise BadSound(f"{path} cannot be played by a page; give one of: {', '.join(sorted(_SOUNDS))}.")
    try:
        if path.stat().st_size > LARGEST_PREVIEW:
            raise BadSound(f"{path} is larger than {LARGEST_PREVIEW >> 20} MB; give a smaller preview.")
        return _uri(kind, path.read_bytes())
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}); check the path.") from error


def _colours() -> NDArray[np.uint8]:
    stops = np.array([[int(stop[n : n + 2], 16) for n in (1, 3, 5)] for stop in SPECTRUM])
    at = np.linspace(0, 255, len(stops))
    return np.stack([np.interp(np.arange(256), at, stops[:, n]) for n in range(3)], axis=1).round().astype(np.uint8)


def _uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
