"""What each container can hold: which pictures are copied into it, how its sound is coded, which subtitles fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from soundstage.errors import BadOption

AAC = {"c:a": "aac", "b:a": "192k", "aac_coder": "fast", "cutoff": "20000"}
OPUS = {"c:a": "libopus", "b:a": "160k"}
# Plain samples: AVI keeps no times for sound, so a coder's delay would put it out of step.
PCM = {"c:a": "pcm_s16le"}

_AAC_PACKET = 1024
_TEXT = ("subrip", "mov_text", "webvtt", "ass")


def _converted(codec: str) -> dict[str, str]:
    return dict.fromkeys(_TEXT, codec)


@dataclass(frozen=True)
class Container:
    """How a container is written by ffmpeg.

    `pictures` are the codecs whose packets can be copied into it. `subtitles` maps a subtitle codec
    to what is written for it ("copy" or an encoder); others are left out. `packet` is the number of
    frames at whose multiples the sound must end, where the container cannot end inside a packet and
    would outlast the pictures.
    """

    muxer: str
    pictures: frozenset[str]
    sound: Mapping[str, str]
    subtitles: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    packet: int = 1


_MP4_PICTURES = frozenset(("h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg"))
_MOV_PICTURES = frozenset(("h264", "hevc", "mpeg4", "mpeg2video", "mjpeg", "prores", "png", "rawvideo"))
_MKV_SUBTITLES = dict.fromkeys(("subrip", "webvtt", "ass", "hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle"), "copy")
_AT_THE_FRONT = {"movflags": "+faststart"}

CONTAINERS = {
    "mp4": Container("mp4", _MP4_PICTURES, AAC, _converted("mov_text"), _AT_THE_FRONT),
    "mov": Container("mov", _MOV_PICTURES, AAC, _converted("mov_text"), _AT_THE_FRONT),
    "mkv": Container(
        "matroska",
        _MP4_PICTURES | {"vp8", "prores", "png"},
        AAC,
        _MKV_SUBTITLES | {"mov_text": "subrip"},
        packet=_AAC_PACKET,
    ),
    "webm": Container("webm", frozenset(("vp8", "vp9", "av1")), OPUS, _converted("webvtt")),
    "avi": Container("avi", frozenset(("mpeg4", "mjpeg", "mpeg2video", "rawvideo")), PCM),
    "ts": Container(
        "mpegts",
        frozenset(("h264", "hevc", "mpeg2video", "mpeg1video")),
        AAC,
        {"dvb_subtitle": "copy"},
        packet=_AAC_PACKET,
    ),
}
_SAME = {"m4v": "mp4", "qt": "mov", "mts": "ts", "m2ts": "ts"}


def container_for(name: str, picture_codec: str) -> Container:
    """The container of a name such as "mp4", if it can hold the film's pictures unchanged.

    Raises:
        BadOption: the name is unknown, or the pictures cannot be copied into that container.
    """
    key = _SAME.get(name.lower(), name.lower())
    if key not in CONTAINERS:
        raise BadOption(f"{name or 'nothing'} is no container Soundstage writes; use one of: {', '.join(CONTAINERS)}.")
    container = CONTAINERS[key]
    if picture_codec not in container.pictures:
        able = ", ".join(name for name, other in CONTAINERS.items() if picture_codec in other.pictures)
        raise BadOption(f"{key} cannot hold the film's {picture_codec} pictures unchanged; choose {able}.")
    return container
