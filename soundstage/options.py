"""What a job asks of the studio."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StudioOptions:
    """What a job asks for.

    `hint` says what the film shows; `speech` is an SRT or VTT file of lines to speak;
    `only_scenes` are scene ids (empty: all); `candidates` takes are made of each short
    cue; `keep_sheet` takes the cue sheet on disk as it stands and designs nothing;
    `clips` has a proxy clip of every shot written, for casts and makers that look at moving pictures;
    `over_dialogue` lets lines be spoken where the film's own dialogue is; `narrate` has the
    Scriptwriter write lines for a narrator; `listen` sends takes that fall short back to the Designer; `music` says
    what music to lay under the film, where any is wanted; after `cue_seconds` no more takes of a cue are begun.
    """

    hint: str | None = None
    seed: int = 0
    speech: Path | None = None
    only_scenes: tuple[str, ...] = ()
    candidates: int = 2
    workers: int = 2
    transcribe: bool = True
    keep_sheet: bool = False
    over_dialogue: bool = False
    clips: bool = False
    narrate: bool = False
    listen: bool = True
    music: str | None = None
    cue_seconds: float | None = None
