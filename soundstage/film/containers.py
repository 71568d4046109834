"""Which container a file is, by its first bytes; and what it is instead when it is no film."""

import os
from pathlib import Path
from typing import IO

from soundstage.errors import BadFilm

_HEAD = 4096
_TS_SYNC = 0x47
_TS_PACKETS = (188, 192, 204)
_MOV_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_STILL_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")

_NOT_FILMS = (
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"BM", "a picture"),
    (b"II*\0", "a picture"),
    (b"MM\0*", "a picture"),
    (b"ID3", "sound without pictures"),
    (b"fLaC", "sound without pictures"),
    (b"OggS", "an Ogg file, which is not read here"),
    (b"\xff\xfb", "sound without pictures"),
    (b"\xff\xf1", "sound without pictures"),
    (b"\xff\xf9", "sound without pictures"),
    (b"FORM", "sound without pictures"),
    (b"%PDF", "a document"),
    (b"PK\x03\x04", "an archive"),
)
_RIFF_KINDS = {b"WAVE": "sound without pictures", b"WEBP": "a picture"}
_PLAYLISTS = ("#extm3u", "ffconcat", "<?xml", "<mpd", "[playlist]", "v=0")
_USE = "give a film in MP4, MOV, MKV, WebM, AVI or MPEG-TS"


def sniff(file: IO[bytes], film: Path) -> str:
    """Name of ffmpeg's demuxer for the open film; the file is left at its start.

    Raises:
        BadFilm: it is empty or not one of the containers that are read.
    """
    head = file.read(_HEAD)
    file.seek(0)
    if not head:
        raise BadFilm(f"{film} is empty; {_USE}.")
    container = _container(head)
    if container is None:
        raise BadFilm(f"{film} is {_other(head)}; {_USE}.")
    return container


def _container(head: bytes) -> str | None:
    if head[4:8] in _MOV_BOXES:
        return None if head[8:12] in _STILL_BRANDS else "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head.startswith(b"RIFF") and head[8:11] == b"AVI":
        return "avi"
    if head.startswith(b"FLV\x01"):
        return "flv"
    if head.startswith(b"\0\0\x01\xba"):
        return "mpeg"
    return "mpegts" if _transport_packet(head) else None


def is_cut_short(file: IO[bytes], container: str) -> bool:
    """Whether the open film plainly ends too early, where the container's times would not show it.

    A transport stream's last packet is not whole, or an AVI is shorter than its first chunk says.
    """
    if container not in ("mpegts", "avi"):
        return False
    place = file.tell()
    file.seek(0)
    head = file.read(_HEAD)
    length = file.seek(0, os.SEEK_END)
    file.seek(place)
    if container == "avi":
        return int.from_bytes(head[4:8], "little") + 8 > length
    size = _transport_packet(head)
    return size is not None and length % size != 0


def _transport_packet(head: bytes) -> int | None:
    """Size of a transport stream's packets, by the sync bytes; M2TS puts four bytes of time before each packet."""
    for size in _TS_PACKETS:
        for start in (0, 4):
            if len(head) > start + 4 * size and all(head[start + n * size] == _TS_SYNC for n in range(5)):
                return size
    return None


def _other(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "a picture"
    if head.startswith(b"RIFF") and head[8:12] in _RIFF_KINDS:
        return _RIFF_KINDS[head[8:12]]
    for magic, kind in _NOT_FILMS:
        if head.startswith(magic):
            return kind
    return _text_kind(head)


def _text_kind(head: bytes) -> str:
    text = head.decode("utf-8", errors="replace")
    # A cut at the end of the head can split one character, nothing more.
    if text.count("\ufffd") > 1 or "\0" in text:
        return "not a film that is read here"
    if text.lstrip("\ufeff \r\n\t").lower().startswith(_PLAYLISTS):
        return "a playlist, not a film"
    return "text, not a film"
