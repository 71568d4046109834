"""A small copy of a master, for the page to carry and play."""

import os
from pathlib import Path

import ffmpeg as compose

from soundstage import ffmpeg, sound

# 96 kbit/s for half an hour makes 21 MB, which a page can still carry.
_LONGEST = 30 * 60.0
_BITRATE = "96k"


def small_copy(master: Path, folder: Path) -> Path | None:
    """An AAC copy of the master in `folder`, made once for each master; None for one over half an hour.

    Raises:
        BadSound: the master cannot be read.
        StorageError: the disk is full.
    """
    if sound.facts(master).duration > _LONGEST:
        return None
    target = folder / f".preview-{master.stat().st_mtime_ns}.m4a"
    if target.exists():
        return target
    for older in folder.glob(".preview-*.m4a"):
        older.unlink()
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    # As files: ffmpeg would take a name for an option or an address otherwise.
    heard = compose.input(f"file:{master}")
    copy = compose.output(heard, f"file:{aside}", f="mp4", acodec="aac", audio_bitrate=_BITRATE, aac_coder="fast")
    ffmpeg.run(copy.overwrite_output().get_args())
    return aside.replace(target)
