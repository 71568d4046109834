"""What is known of one model before it is loaded: its licence, what it makes, what it takes, and its files."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Does(StrEnum):
    """What a model is for."""

    VIDEO_TO_AUDIO = "video-to-audio"
    TEXT_TO_AUDIO = "text-to-audio"
    SPEECH = "speech"
    LISTENING = "listening"
    PART = "part"  # a network that others need


@dataclass(frozen=True)
class Licence:
    """Under which terms the weights may be used.

    `name` is an SPDX identifier where there is one; `url` is where the terms can be read; `commercial` is whether
    they allow commercial use (under their conditions, if any). Where the publisher states no licence, `name` is
    "unknown" and `commercial` is false.
    """

    name: str
    url: str | None
    commercial: bool


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
    """A repository on the hub: which of its files belong to the model, by shell patterns on their paths."""

    name: str
    revision: str
    patterns: tuple[str, ...]

    @property
    def page(self) -> str:
        """Where a person reads about it, and accepts its terms."""
        return f"https://huggingface.co/{self.name}"


@dataclass(frozen=True)
class ModelCard:
    """One model.

    Its files are those of `files`, and those that `repository` lists. `needs` names the cards of other models without
    which it does not work. `longest` is the longest sound in seconds that it makes in one go (None: any length).
    `memory` is bytes in half precision, working memory included; `download` is bytes in all, about. `cost` is an
    estimate: seconds of a data-centre GPU per second of sound; it ranks models, no more. None where it is not known.
    """

    name: str
    family: str
    does: Does
    says: str
    licence: Licence
    page: str
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

    @property
    def commercial(self) -> bool:
        """Whether the licence allows commercial use."""
        return self.licence.commercial

    def paths(self) -> Iterator[str]:
        """The paths of the files that are known without asking the hub."""
        return (file.path for file in self.files)
