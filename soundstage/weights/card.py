"""What is known of one model before it is loaded: its licence, what it makes, what it takes, and its files."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Does(StrEnum):
    """What a model is for."""

    VIDEO_TO_AUDIO = "video-to-audio"
    TEXT_TO_AUDIO = "text-to-audio"
    SPEECH = "speech"
    LISTENING = "listening"
    MEASURING = "measuring"  # what evaluation scores soundtracks with; no job is served by it
    PART = "part"  # a network that others need


@dataclass(frozen=True)
class Licence:
    """Under which terms weights may be used.

    `name` is an SPDX identifier where there is one, "unknown" where the publisher states none; `url` is where the
    terms can be read; `commercial` is whether they allow commercial use, under the conditions that `terms` sums up.
    """

    name: str
    commercial: bool
    url: str | None = None
    terms: str = ""


@dataclass(frozen=True)
class ModelFile:
    """One file: its path below the model's folder, and where it is fetched from.

    `size` in bytes and the digests in hexadecimal digits, each None where it is not published.
    """

    path: str
    url: str
    size: int | None = None
    md5: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Repository:
    """A repository on the hub: which of its files belong to the model, by shell patterns on their paths.

    Every one of `patterns` has to fit a file; those of `extras` are fetched where there are any.
    """

    name: str
    patterns: tuple[str, ...]
    revision: str = "main"
    extras: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelCard:
    """One model.

    Its files are those of `files`, and those that `repository` lists. `needs` names the cards of other models
    without which it does not work. `commercial` is whether its licence and those of all it needs allow commercial
    use. `longest` is the longest sound in seconds that it makes in one go (None: any length). `memory` is bytes of
    its weights in half precision, without what it needs and without working memory; `download` is bytes to fetch,
    about. `cost` is an estimate to rank models by: seconds of a data-centre GPU per second of sound. Each is None
    where it is not known.
    """

    name: str
    family: str
    does: Does
    says: str
    licence: Licence
    page: str
    commercial: bool
    files: tuple[ModelFile, ...] = ()
    repository: Repository | None = None
    needs: tuple[str, ...] = ()
    sample_rate: int | None = None
    channels: int | None = None
    longest: float | None = None
    memory: int | None = None
    download: int | None = None
    cost: float | None = None
    languages: tuple[str, ...] = ()
    gated: bool = False

    def __str__(self) -> str:
        """Its name and licence, as a take names its sources."""
        return f"{self.name} ({self.licence.name})"


def licence_of(cards: Iterable[ModelCard]) -> str:
    """All the licences that bear on what these make together, as an SPDX expression."""
    return " AND ".join(sorted({card.licence.name for card in cards}))
