"""Walks a folder of recordings and gathers what is known of each file, without listening to it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import soundfile

from soundstage.errors import BadSound, StorageError
from soundstage.knowledge import ucs
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.ranking import names_of
from soundstage.synth.library import papers
from soundstage.synth.library.licences import licence_in
from soundstage.synth.library.naming import freesound, parted, plain_words
from soundstage.synth.library.papers import FolderPapers
from soundstage.synth.library.recording import UNKNOWN, Recording
from soundstage.synth.library.soundfont import sound_effects

SOUND_KINDS = frozenset({".wav", ".flac", ".ogg", ".oga", ".mp3", ".aiff", ".aif"})
SOUNDFONT_KIND = ".sf2"

_SHORTEST = 0.005
_MOST_CHANNELS = 16


@dataclass(frozen=True)
class ScannedFile:
    """A file that may hold recordings, with the texts that speak for its folder.

    `stamp` changes whenever the file, a text about it or its folder's texts change.
    """

    path: Path
    root: Path
    papers: FolderPapers
    stamp: str


def walk(root: Path) -> Iterator[ScannedFile]:
    """All sound files under a folder, sorted, without hidden ones; links to folders are not followed.

    Raises:
        StorageError: it is not a folder, or it cannot be read.
    """
    if not root.is_dir():
        raise StorageError(f"{root} is not a folder that can be read; give a folder of recordings.")
    known: dict[Path, FolderPapers] = {}
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        folder = Path(place)
        known[folder] = papers.folder_papers(folder, known.get(folder.parent))
        for name in sorted(names):
            path = folder / name
            if not name.startswith(".") and _is_wanted(path, root):
                yield ScannedFile(path=path, root=root, papers=known[folder], stamp=_stamp(path, known[folder]))


def _is_wanted(path: Path, root: Path) -> bool:
    """Sound files by their ending; a link to a file of the same folder would count it twice."""
    if path.suffix.lower() not in (*SOUND_KINDS, SOUNDFONT_KIND):
        return False
    return not (path.is_symlink() and path.resolve().is_relative_to(root.resolve()))


def recordings_in(found: ScannedFile) -> list[Recording]:
    """What lies in one file: one recording, or a SoundFont's sound effects.

    Raises:
        BadSound: the file is damaged, empty or no sound.
    """
    if found.path.suffix.lower() == SOUNDFONT_KIND:
        return [_named_sample(each, found) for each in sound_effects(found.path)]
    return [_described(_measured(found.path), found)]


def _measured(path: Path) -> Recording:
    try:
        with soundfile.SoundFile(str(path)) as file:
            frames, rate, channels = int(file.frames), int(file.samplerate), int(file.channels)
            # A header alone proves nothing: the first samples must come out as well.
            heard = len(file.read(min(frames, 1024), dtype="float32"))
    except (soundfile.SoundFileError, OSError) as error:
        raise BadSound(f"{path} cannot be read as sound ({error}); it may be damaged.") from error
    if rate <= 0 or not heard or frames < _SHORTEST * rate:
        raise BadSound(f"{path} holds no sound; it is empty.")
    if channels > _MOST_CHANNELS:
        raise BadSound(f"{path} has {channels} channels; mix it down to stereo.")
    return Recording(path=path, words="", frames=frames, sample_rate=rate, channels=channels)


def _described(recording: Recording, found: ScannedFile) -> Recording:
    path = found.path
    listed = found.papers.about(path)
    paper = papers.first_of(papers.sidecar_paper(path), papers.inner_paper(path), listed)
    title, source = freesound(path.stem) or (path.stem, "")
    catalogued = ucs.parse(path.stem)
    folders = plain_words(" ".join(path.relative_to(found.root).parts[:-1])) or plain_words(found.root.name)
    name = parted(plain_words(catalogued.title if catalogued else title), _vocabulary())
    category = catalogued.category.words if catalogued else ""
    context = plain_words(f"{category} {folders} {paper.description}")
    return replace(
        recording,
        words=name or plain_words(paper.description) or folders or path.stem,
        context=context,
        licence=paper.licence or found.papers.licence or UNKNOWN,
        source=paper.source or source or (catalogued.source if catalogued else ""),
        ucs=catalogued.category.id if catalogued else None,
    )


@lru_cache(maxsize=1)
def _vocabulary() -> frozenset[str]:
    """Words that the knowledge base names sounds with."""
    names = (name for label in knowledge().labels.values() for name in names_of(label))
    return frozenset(word for name in names for word in name.split())


def _named_sample(recording: Recording, found: ScannedFile) -> Recording:
    return replace(
        recording,
        words=parted(plain_words(recording.part), _vocabulary()) or recording.part,
        licence=licence_in(recording.licence) or found.papers.licence or UNKNOWN,
    )


def _stamp(path: Path, folder: FolderPapers) -> str:
    try:
        stats = [each.stat() for each in (path, *papers.sidecars(path))]
    except OSError:
        return "unreadable"
    own = " ".join(f"{stat.st_size}:{stat.st_mtime_ns}" for stat in stats)
    return f"{own} {folder.stamp}"
