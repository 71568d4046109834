"""What a film is, learnt before it is decoded, and the refusal of what is no film.

The container is chosen by its first bytes, never by its name, and is the only one the demuxer may
be: a playlist called `film.mp4` is refused here and could not be followed anyway.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from soundstage import ffmpeg
from soundstage.errors import BadFilm
from soundstage.film.containers import is_cut_short, sniff
from soundstage.reading import SoundFacts

PICTURE_CODECS = frozenset(
    ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "prores", "rawvideo", "png")
)
SOUND_CODECS = frozenset(
    (
        *("aac", "mp3", "mp2", "ac3", "eac3", "dts", "truehd", "mlp", "opus", "vorbis", "flac", "alac", "pcm_s16le"),
        *("pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be", "pcm_f32le", "pcm_f64le", "pcm_u8"),
        *("pcm_mulaw", "pcm_alaw", "pcm_bluray", "pcm_dvd"),
    )
)
# The decoders that stand behind a codec under another name.
_CODEC_OF_DECODER = {
    "libdav1d": "av1",
    "mp3float": "mp3",
    "mp2float": "mp2",
    "libopus": "opus",
    "libvorbis": "vorbis",
    "dca": "dts",
}
_PART = 1 << 20
_MOST_ACROSS = 16_384
_FIRST_PACKETS = 200
_LAST_PACKETS = 5000


@dataclass(frozen=True)
class Sound:
    """The sound stream to read: its index in the container and its facts."""

    index: int
    facts: SoundFacts


@dataclass(frozen=True)
class Probe:
    """What is known of a film before it is decoded.

    `width` and `height` are as shown: turned by `rotation` (degrees, 0, 90, 180 or 270) and with
    square pixels. `start` is the container time that ffmpeg counts from, `declared` the time at which
    the container says the pictures end, and `last_start` and `last_end` those of the last picture
    found at the end of the file (None where unknown); all in seconds of container time.
    `declared_for_pictures` is whether that end is the pictures' own, not the longest stream's;
    `cut_short` whether the file itself shows that its end is missing.
    """

    digest: str
    container: str
    codec: str
    picture: int
    width: int
    height: int
    rotation: int
    start: float
    declared: float | None
    declared_for_pictures: bool
    cut_short: bool
    last_start: float | None
    last_end: float | None
    sound: Sound | None
    notes: tuple[str, ...] = ()


def probe(film: Path) -> Probe:
    """Learn what a film is without decoding more than one picture.

    Raises:
        StorageError: the path is missing, unreadable or not a regular file.
        BadFilm: the file is not a film that can be read; the message says why.
    """
    with ffmpeg.open_film(film) as file:
        container = sniff(file, film)
        digest = _digest(file)
        file.seek(0)
        try:
            with _open(file, container) as opened:
                return _describe(opened, film, container, digest, is_cut_short(file, container))
        except (FFmpegError, ValueError) as error:
            raise BadFilm(f"{film} is damaged or incomplete and cannot be opened; give a whole copy of it.") from error


def _digest(file: IO[bytes]) -> str:
    """SHA-256 of the whole file."""
    hashed = hashlib.sha256()
    while part := file.read(_PART):
        hashed.update(part)
    return hashed.hexdigest()


def _open(file: IO[bytes], container: str) -> InputContainer:
    guards = {
        "format_whitelist": container,
        "protocol_whitelist": "",
        "codec_whitelist": ffmpeg.CODECS,
        "max_pixels": str(ffmpeg.MAX_PIXELS),
    }
    return av.open(file, mode="r", format=container, options=guards, metadata_errors="replace", buffer_size=1 << 18)


def _describe(opened: InputContainer, film: Path, container: str, digest: str, cut_short: bool) -> Probe:
    stream = _picture_stream(opened, film)
    codec = _codec(stream.codec_context.name)
    if codec not in PICTURE_CODECS:
        raise BadFilm(f"{film} holds pictures in {codec}, which is not read here; convert it to H.264 first.")
    _check_size(stream.codec_context.width, stream.codec_context.height, film)
    sound, notes = _sound(opened)
    declared = _declared_end(opened, stream)
    width, height, rotation = _shown(opened, stream)
    last_start, last_end = _last_picture(opened, stream)
    return Probe(
        digest=digest,
        container=container,
        codec=codec,
        picture=stream.index,
        width=width,
        height=height,
        rotation=rotation,
        start=(opened.start_time or 0) / av.time_base,
        declared=declared,
        declared_for_pictures=bool(stream.duration),
        cut_short=cut_short,
        last_start=last_start,
        last_end=last_end,
        sound=sound,
        notes=notes,
    )


def _picture_stream(opened: InputContainer, film: Path) -> VideoStream:
    streams = [s for s in opened.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        raise BadFilm(f"{film} has no moving picture, only sound or other streams; give a film.")
    return next((s for s in streams if s.disposition & Disposition.default), streams[0])


def _check_size(width: int, height: int, film: Path) -> None:
    # Where a picture is too large even to be looked at, the demuxer leaves its size at nought.
    if 0 < width <= _MOST_ACROSS and 0 < height <= _MOST_ACROSS and width * height <= ffmpeg.MAX_PIXELS:
        return
    size = f"of {width} by {height} pixels" if width and height else "of a size that is unknown or"
    most = f"{ffmpeg.MAX_PIXELS // 10**6} million pixels"
    raise BadFilm(f"{film} has pictures {size} beyond what can be read (at most {most}); scale it down first.")


def _codec(decoder: str) -> str:
    return _CODEC_OF_DECODER.get(decoder, decoder)


def _sound(opened: InputContainer) -> tuple[Sound | None, tuple[str, ...]]:
    streams = opened.streams.audio
    if not streams:
        return None, ()
    readable = [
        s for s in streams if s.codec_context is not None and _codec(s.codec_context.name) in SOUND_CODECS and s.rate
    ]
    if not readable:
        return None, (_unread(streams),)
    chosen = next((s for s in readable if s.disposition & Disposition.default), readable[0])
    facts = SoundFacts(
        codec=_codec(chosen.codec_context.name),
        sample_rate=chosen.codec_context.sample_rate,
        channels=max(1, chosen.codec_context.layout.nb_channels),
        language=chosen.language if chosen.language not in (None, "und") else None,
        streams=len(streams),
    )
    return Sound(index=chosen.index, facts=facts), ()


def _unread(streams: Sequence[AudioStream]) -> str:
    """A sentence for the user on sound that is there and cannot be read."""
    known = sorted({stream.codec_context.name for stream in streams if stream.codec_context is not None})
    coding = " and ".join(known) or "a coding that nothing here knows"
    return (
        f"The film's sound is in {coding}, which is not read here, and was taken as silence; convert it to AAC first."
    )


def _declared_end(opened: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(((stream.start_time or 0) + stream.duration) * stream.time_base)
    if opened.duration:
        return ((opened.start_time or 0) + opened.duration) / av.time_base
    return None


def _shown(opened: InputContainer, stream: VideoStream) -> tuple[int, int, int]:
    """Width, height and rotation as shown; the rotation is only told with a decoded picture."""
    context = stream.codec_context
    width, height, rotation = context.width, context.height, 0
    for packet in _packets(opened, stream, _FIRST_PACKETS):
        try:
            pictures = packet.decode()
        except FFmpegError:
            continue
        if pictures:
            rotation = int(getattr(pictures[0], "rotation", 0)) % 360
            break
    width = max(1, round(width * _pixel_aspect(stream)))
    turned = rotation in (90, 270)
    return (height, width, rotation) if turned else (width, height, rotation)


def _pixel_aspect(stream: VideoStream) -> Fraction:
    aspect = stream.sample_aspect_ratio
    if aspect is None or not Fraction(1, 10) <= aspect <= 10:
        return Fraction(1)
    return aspect


def _last_picture(opened: InputContainer, stream: VideoStream) -> tuple[float | None, float | None]:
    """Start and end of the last picture in the file, found by seeking near the end."""
    if stream.time_base is None:
        return None, None
    try:
        opened.seek(2**62, backward=True, stream=stream)
    except FFmpegError:
        return None, None
    last, length = None, 0
    for packet in _packets(opened, stream, _LAST_PACKETS):
        if packet.pts is not None and (last is None or packet.pts > last):
            last, length = packet.pts, packet.duration or 0
    if last is None:
        return None, None
    start = float(last * stream.time_base)
    return start, start + float(length * stream.time_base) if length > 0 else None


def _packets(opened: InputContainer, stream: VideoStream, most: int) -> "Iterator[Packet[VideoStream]]":
    """The next packets of a stream, ending quietly where the file is damaged."""
    packets = opened.demux(stream)
    for _ in range(most):
        try:
            packet = next(packets, None)
        except FFmpegError:
            return
        if packet is None:
            return
        if packet.size:
            yield packet
