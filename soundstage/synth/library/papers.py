"""What is written about recordings: beside them, inside them, and in the folders above them."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path

import soundfile

from soundstage.cuesheet import digest
from soundstage.synth.library.licences import licence_in

_SIDECARS = (".json", ".txt")
_FOLDER_PAPERS = re.compile(r"^_?(licen[cs]e|copying|copyright|readme|_readme_and_license|attribution)", re.IGNORECASE)
_PAPER_KINDS = ("", ".txt", ".md", ".rst", ".html")
_LONGEST = 200_000
_FIELD = re.compile(r"^\s*[*-]?\s*([A-Za-z ]{3,20}):\s*(\S.*)$")
_TOOL_NOTES = re.compile(r"\b(sox|lavf\S*|audacity|encoded by|encoder|exported|ffmpeg|id3v\d)\b", re.IGNORECASE)
_LINK = re.compile(r"https?://\S+|(?:www\.)?freesound\.org/\S+")

_DESCRIPTIONS = ("title", "name", "description", "comment", "tags", "keywords", "category", "genre")
_LICENCES = ("license", "licence", "copyright", "rights")
_SOURCES = ("url", "source", "link", "author", "username", "artist", "creator")


@dataclass(frozen=True)
class Paper:
    """What a text says of one recording; empty where it says nothing."""

    description: str = ""
    licence: str = ""
    source: str = ""


@dataclass(frozen=True)
class FolderPapers:
    """The texts of a folder that speak for all recordings in it, and the folder above (None at the root)."""

    texts: tuple[str, ...]
    above: "FolderPapers | None" = None

    @cached_property
    def licence(self) -> str | None:
        """The licence that the nearest text names."""
        found = next((name for text in self.texts if (name := licence_in(text))), None)
        return found or (self.above.licence if self.above else None)

    @cached_property
    def stamp(self) -> str:
        """Changes whenever one of the texts here or above changes."""
        return digest([*self.texts, self.above.stamp if self.above else ""])

    def about(self, path: Path) -> Paper:
        """What a list of files (such as a freesound pack's readme) says of one recording."""
        for text in self.texts:
            lines = text.splitlines()
            for number, line in enumerate(lines):
                if path.name in line or re.search(rf"[\s:`*]{re.escape(path.stem)}[`\s:]", f" {line} "):
                    return _entry(lines[number : number + 8])
        return Paper()


def folder_papers(folder: Path, above: FolderPapers | None) -> FolderPapers:
    """Read the licence and readme files of one folder; unreadable ones count for nothing."""
    names = [each for each in _files(folder) if _FOLDER_PAPERS.match(each.name) and each.suffix.lower() in _PAPER_KINDS]
    return FolderPapers(texts=tuple(_text(path) for path in names), above=above)


def sidecars(path: Path) -> list[Path]:
    """Texts beside a recording that are about it alone: knock.txt, knock.json or knock.wav.txt."""
    candidates = [path.with_suffix(kind) for kind in _SIDECARS] + [Path(f"{path}{kind}") for kind in _SIDECARS]
    return [each for each in candidates if each.is_file()]


def sidecar_paper(path: Path) -> Paper:
    """What the texts beside a recording say, together."""
    papers = [_from_json(each) if each.suffix == ".json" else _from_text(_text(each)) for each in sidecars(path)]
    return first_of(*papers)


def inner_paper(path: Path) -> Paper:
    """What the tags inside a sound file say."""
    with contextlib.suppress(soundfile.SoundFileError, OSError), soundfile.SoundFile(str(path)) as file:
        return _from_fields(file.copy_metadata())
    return Paper()


def first_of(*papers: Paper) -> Paper:
    """Licence and source of the first paper that has them; descriptions are joined."""
    return Paper(
        description=" ".join(dict.fromkeys(paper.description for paper in papers if paper.description)),
        licence=next((paper.licence for paper in papers if paper.licence), ""),
        source=next((paper.source for paper in papers if paper.source), ""),
    )


def _from_json(path: Path) -> Paper:
    try:
        content = json.loads(_text(path))
    except ValueError:
        return Paper()
    if not isinstance(content, dict):
        return Paper()
    return _from_fields({str(key).lower(): _flat(value) for key, value in content.items()})


def _from_text(text: str) -> Paper:
    fields: dict[str, str] = {}
    prose = []
    for line in text.splitlines():
        field = _FIELD.match(line)
        if field and field.group(1).strip().lower() in (*_DESCRIPTIONS, *_LICENCES, *_SOURCES):
            fields.setdefault(field.group(1).strip().lower(), field.group(2).strip())
        else:
            prose.append(line)
    said = _from_fields(fields)
    plain = " ".join(" ".join(prose).split())
    return Paper(
        description=said.description or plain[:300],
        licence=said.licence or licence_in(plain) or "",
        source=said.source or _link(plain),
    )


def _from_fields(fields: Mapping[str, str]) -> Paper:
    stated = " ".join(_chosen(fields, _LICENCES))
    return Paper(
        description=" ".join(said for said in _chosen(fields, _DESCRIPTIONS) if not _TOOL_NOTES.search(said))[:300],
        licence=licence_in(stated) or "",
        source=", ".join(_chosen(fields, _SOURCES))[:200],
    )


def _entry(lines: list[str]) -> Paper:
    """One entry of a list of files: its own line, and the lines below it that are indented further."""
    deeper = takewhile(lambda line: _indent(line) > _indent(lines[0]), lines[1:])
    own = [lines[0], *deeper]
    fields = {
        found.group(1).strip().lower(): found.group(2).strip() for line in own[1:] if (found := _FIELD.match(line))
    }
    said = _from_fields(fields)
    whole = " ".join(own)
    return Paper(description=said.description, licence=said.licence or licence_in(whole) or "", source=_link(whole))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _chosen(fields: Mapping[str, str], keys: tuple[str, ...]) -> Iterator[str]:
    return (fields[key].strip() for key in keys if fields.get(key, "").strip())


def _flat(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def _link(text: str) -> str:
    found = _LINK.search(text)
    return found.group(0).rstrip(".,;)") if found else ""


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST).decode("utf-8", errors="replace")
    except OSError:
        return ""


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError:
        return []
