"""LongVALE's annotations: JSON of videos by id, each with `timestamps` (s) and the `sentences` that go with them."""

from pathlib import Path
from typing import Any, TypeGuard

from soundstage.errors import BadBench
from soundstage.evaluation.bench.entries import Span
from soundstage.evaluation.bench.readers.gathering import Gathering, Read
from soundstage.evaluation.bench.readers.lists import json_of
from soundstage.evaluation.bench.readers.media import Media


def is_longvale(whole: object) -> TypeGuard[dict[str, dict[str, Any]]]:
    """Whether a JSON document is such a list."""
    return (
        isinstance(whole, dict)
        and bool(whole)
        and all(isinstance(each, dict) and {"timestamps", "sentences"} <= each.keys() for each in whole.values())
    )


def read_longvale(path: Path, media: Media) -> Read:
    """The videos that are there, named by their ids, with their captions in order.

    Raises:
        StorageError: the file cannot be read.
        BadBench: it is not such a list.
    """
    whole = json_of(path)
    if not is_longvale(whole):
        raise BadBench(f"{path} has no videos with 'timestamps' and 'sentences' as LongVALE has; name another format.")
    found = Gathering(media, str(path))
    for video, known in whole.items():
        try:
            spans = _spans(known)
        except (TypeError, ValueError) as error:
            found.leave(video, f"its timestamps and sentences do not go together ({error}); correct them")
            continue
        found.add(video, [video], captions=spans)
    return found.read("LongVALE", "Long videos with captions of what is seen and heard (Geng et al., 2025).")


def _spans(known: dict[str, Any]) -> tuple[Span, ...]:
    pairs = zip(known["timestamps"], known["sentences"], strict=True)
    spans = (Span(start=float(start), end=float(end), text=str(text)) for (start, end), text in pairs)
    return tuple(sorted(spans, key=lambda span: (span.start, span.end)))
