"""UnAV-100's annotations: JSON with a `database` of videos, each with segments (s) and their labels.

A segment tells from when to when an event is seen and heard, not the instant of a hit: it becomes a caption.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from soundstage.errors import BadBench
from soundstage.evaluation.bench.entries import Span
from soundstage.evaluation.bench.readers.gathering import Gathering, Read
from soundstage.evaluation.bench.readers.lists import json_of
from soundstage.evaluation.bench.readers.media import Media


def read_unav100(path: Path, media: Media) -> Read:
    """The videos that are there, named by their ids.

    Raises:
        StorageError: the file cannot be read.
        BadBench: it is not such a database.
    """
    whole = json_of(path)
    database = whole.get("database") if isinstance(whole, dict) else None
    if not isinstance(database, dict):
        raise BadBench(f"{path} has no 'database' of videos as UnAV-100 has; name another format.")
    found = Gathering(media, str(path))
    for video, known in database.items():
        try:
            spans = _spans(known)
        except (KeyError, TypeError, ValueError) as error:
            found.leave(video, f"its annotations are not segments with labels ({error}); correct them")
            continue
        labels = tuple(dict.fromkeys(span.text for span in spans))
        found.add(video, [video], captions=spans, categories=labels, description=", ".join(labels))
    return found.read("UnAV-100", "Untrimmed videos with audio-visual events (Geng et al., 2023).")


def _spans(known: Mapping[str, Any]) -> tuple[Span, ...]:
    segments = sorted((*map(float, each["segment"]), str(each["label"])) for each in known["annotations"])
    return tuple(Span(start=start, end=end, text=label) for start, end, label in segments)
