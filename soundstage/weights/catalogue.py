"""All models that Soundstage knows: `data/models.yaml`, and those that the user adds in `models.yaml` on the shelf."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, BaseModel, ByteSize, ConfigDict, Field, ValidationError

from soundstage.errors import BadOption, StorageError
from soundstage.weights.card import Does, Licence, ModelCard, ModelFile, Repository
from soundstage.weights.settings import model_settings

DATA = Path(__file__).parent / "data" / "models.yaml"
ADDED = "models.yaml"

_Web = Annotated[str, Field(pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])\S+$")]


def _stays_within(path: str) -> str:
    """Refuse a path that would lead out of the model's folder."""
    if not path or path.startswith("/") or "\\" in path or ".." in path.split("/"):
        raise ValueError("has to stay within the model's folder")
    return path


Within = Annotated[str, AfterValidator(_stays_within)]
"""A path below a model's folder."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _File(_Entry):
    path: Within
    url: _Web
    size: int | None = None
    md5: Annotated[str, Field(pattern="^[0-9a-f]{32}$")] | None = None
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class _Repository(_Entry):
    name: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    patterns: tuple[Within, ...]
    revision: str = "main"
    extras: tuple[Within, ...] = ()


class _Licence(_Entry):
    commercial: bool
    url: _Web | None = None
    terms: str = ""


class _Card(_Entry):
    family: str
    does: Does
    says: str
    licence: str
    page: _Web | None = None
    files: tuple[_File, ...] = ()
    repository: _Repository | None = None
    needs: tuple[str, ...] = ()
    sample_rate: Annotated[int, Field(gt=0)] | None = None
    channels: Annotated[int, Field(ge=1, le=2)] | None = None
    longest: Annotated[float, Field(gt=0)] | None = None
    memory: ByteSize | None = None
    download: ByteSize | None = None
    cost: Annotated[float, Field(gt=0)] | None = None
    languages: tuple[str, ...] = ()
    gated: bool = False


class _Book(_Entry):
    licences: dict[str, _Licence] = {}
    models: dict[Annotated[str, Field(pattern="^[a-z0-9][a-z0-9.-]*$")], _Card] = {}


class Catalogue:
    """Cards by name."""

    def __init__(self, cards: Iterable[ModelCard]) -> None:
        """Args: cards: each with a name of its own."""
        self._cards = {card.name: card for card in cards}

    def __iter__(self) -> Iterator[ModelCard]:
        return iter(self._cards.values())

    def card(self, name: str) -> ModelCard:
        """The card of a name.

        Raises:
            BadOption: there is none; lists those that there are, first those spelled alike.
        """
        if name not in self._cards:
            near = get_close_matches(name.lower(), self._cards, n=3, cutoff=0.5)
            meant = f"did you mean {' or '.join(near)}? There" if near else "there"
            raise BadOption(f"There is no model {name!r}; {meant} are {', '.join(sorted(self._cards))}.")
        return self._cards[name]

    def needed(self, card: ModelCard) -> tuple[ModelCard, ...]:
        """A model and all that it needs, each once, what is needed first."""
        found: dict[str, ModelCard] = {}
        for name in card.needs:
            found |= {each.name: each for each in self.needed(self.card(name))}
        return (*found.values(), card)

    def memory(self, card: ModelCard) -> int:
        """Bytes of the weights of a model and all that it needs, in half precision; unknown ones count as nothing."""
        return sum(each.memory or 0 for each in self.needed(card))

    def of_family(self, family: str) -> tuple[ModelCard, ...]:
        """The cards of a family, in the catalogue's order."""
        return tuple(card for card in self if card.family == family)


def catalogue() -> Catalogue:
    """The models that ship with Soundstage, and those in `models.yaml` on the user's shelf; each file read once.

    Raises:
        BadOption: the user's file is not valid.
        StorageError: it cannot be read.
    """
    added = model_settings().folder / ADDED
    return _read(added, added.stat().st_mtime_ns if added.is_file() else None)


def read_catalogue(*paths: Path) -> Catalogue:
    """Read catalogues; a later file's cards stand in for those of the same name.

    Raises:
        BadOption: one is not valid; names the first fault.
        StorageError: one cannot be read.
    """
    books = [_read_book(path) for path in paths]
    licences = {name: licence for book in books for name, licence in book.licences.items()}
    entries = {name: entry for book in books for name, entry in book.models.items()}
    for name, entry in entries.items():
        _check(name, entry, entries, licences)
    return Catalogue(_card(name, entry, entries, licences) for name, entry in entries.items())


@cache
def _read(added: Path, changed: int | None) -> Catalogue:
    return read_catalogue(DATA) if changed is None else read_catalogue(DATA, added)


def _read_book(path: Path) -> _Book:
    try:
        return _Book.model_validate(yaml.load(path.read_bytes(), yaml.CSafeLoader) or {})
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}); check its permissions.") from error
    except yaml.YAMLError as error:
        raise BadOption(f"{path} is not valid YAML ({' '.join(str(error).split())}); correct it.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadOption(f"{path} is not valid at {place}: {first['msg']}; correct it.") from error


def _check(name: str, entry: _Card, entries: dict[str, _Card], licences: dict[str, _Licence]) -> None:
    if entry.licence not in licences:
        raise BadOption(f"The licence {entry.licence!r} of the model {name} is not described; add it under licences.")
    if not entry.files and entry.repository is None:
        raise BadOption(f"The model {name} has no files; add files or a repository.")
    _walk(name, entries, ())


def _walk(name: str, entries: dict[str, _Card], above: tuple[str, ...]) -> None:
    if name not in entries:
        raise BadOption(f"The model {above[-1]} needs {name}, which is not in the catalogue; add it.")
    if name in above:
        raise BadOption(f"The model {name} needs itself ({' -> '.join((*above, name))}); correct its needs.")
    for need in entries[name].needs:
        _walk(need, entries, (*above, name))


def _card(name: str, entry: _Card, entries: dict[str, _Card], licences: dict[str, _Licence]) -> ModelCard:
    fields = entry.model_dump(exclude={"files", "repository", "licence", "page"})
    return ModelCard(
        name=name,
        licence=Licence(name=entry.licence, **licences[entry.licence].model_dump()),
        page=entry.page
        or (f"https://huggingface.co/{entry.repository.name}" if entry.repository else entry.files[0].url),
        commercial=_commercial(name, entries, licences),
        files=tuple(ModelFile(**file.model_dump()) for file in entry.files),
        repository=Repository(**entry.repository.model_dump()) if entry.repository else None,
        **fields,
    )


def _commercial(name: str, entries: dict[str, _Card], licences: dict[str, _Licence]) -> bool:
    entry = entries[name]
    return licences[entry.licence].commercial and all(_commercial(need, entries, licences) for need in entry.needs)
