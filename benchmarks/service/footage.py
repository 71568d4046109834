"""The films of the benchmarks of the service."""

from pathlib import Path

from tests import footage

_RATE = 25


def tiny_film(folder: Path) -> Path:
    """One second, one shot, 64x36, with a tone."""
    pictures = footage.piece(0, _RATE, size=(64, 36))
    return footage.write_film(folder / "tiny.mp4", pictures, fps=_RATE, sound=footage.tone(seconds=1))


def minute_film(folder: Path) -> Path:
    """A minute of real shots, 720p, with a tone."""
    lengths = [(shot % footage.shot_count(), 75 + 25 * (shot % 3)) for shot in range(15)]
    pictures = (picture for shot, length in lengths for picture in footage.piece(shot, length, size=(1280, 720)))
    return footage.write_film(folder / "minute.mp4", pictures, fps=_RATE, sound=footage.tone(seconds=60))


def film_of(folder: Path, minutes: int) -> Path:
    """That minute, again and again."""
    minute, path, names = minute_film(folder), folder / f"minutes-{minutes}.mp4", folder / "minutes.txt"
    names.write_text(f"file '{minute.name}'\n" * minutes)
    footage.ffmpeg("-f", "concat", "-i", names, "-c", "copy", path)
    return path
