"""VGGSound's list: rows of YouTube id, start in seconds, label, and split, without a head.

Clips last 10 s and are commonly stored as `<id>_<start, six digits>.mp4`.
"""

from pathlib import Path
from typing import Final

from soundstage.errors import BadBench
from soundstage.evaluation.bench.readers.gathering import Gathering, Read
from soundstage.evaluation.bench.readers.lists import rows_of
from soundstage.evaluation.bench.readers.media import Media

_COLUMNS: Final = 4
_CLIP: Final = 10
SPLITS: Final = ("train", "test")


def is_row(row: list[str]) -> bool:
    """Whether a row is one of VGGSound's."""
    return len(row) == _COLUMNS and row[1].strip().isdigit() and row[3].strip() in SPLITS


def read_vggsound(path: Path, media: Media) -> Read:
    """The clips of the list that are there; the label is category and description.

    Raises:
        StorageError: the list cannot be read.
        BadBench: a row is not one of VGGSound's.
    """
    found = Gathering(media, str(path))
    for number, row in enumerate(rows_of(path), start=1):
        if not is_row(row):
            raise BadBench(f"{path}, row {number}, is not 'id,start,label,split' as in VGGSound; correct it.")
        video, label = row[0].strip(), row[2].strip()
        start = int(row[1])
        stems = [f"{video}_{start:06}", f"{video}_{start}", f"{video}_{start * 1000}_{(start + _CLIP) * 1000}", video]
        found.add(f"{video}_{start:06}", stems, description=label, categories=(label,))
    return found.read("VGGSound", "Clips of 10 s with one label each (Chen et al., 2020).")
