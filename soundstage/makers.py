"""The sound makers of the house: no model service, no GPU."""

from collections.abc import Sequence
from pathlib import Path

from soundstage.synth.library.index import Library
from soundstage.synth.library.maker import LibraryMaker
from soundstage.synth.maker import SoundMaker
from soundstage.synth.procedural import ProceduralMaker
from soundstage.synth.speech import SpeechMaker


def house_makers(folders: Sequence[Path] = ()) -> tuple[SoundMaker, ...]:
    """Recordings first where they fit, then the procedural maker; speech for lines.

    Args:
        folders: folders of recordings for this run; with none, the user's own library is used.
    """
    library = Library.of_folders(folders) if folders else Library.open(None)
    return (LibraryMaker(library), ProceduralMaker(), SpeechMaker())


def permitted(makers: Sequence[SoundMaker], commercial_use: bool) -> tuple[SoundMaker, ...]:
    """The makers as a job may use them: for commercial use they speak with no voice whose licence forbids it."""
    return tuple(
        maker.for_commerce() if commercial_use and isinstance(maker, SpeechMaker) else maker for maker in makers
    )
