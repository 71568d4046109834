"""The hub that most models lie on: where its files are, and what it says of them."""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from soundstage.errors import ModelAway, ModelRefused
from soundstage.weights.card import ModelCard, ModelFile, Repository
from soundstage.weights.catalogue import Within
from soundstage.weights.fetching import Fetcher
from soundstage.weights.settings import ModelSettings
from soundstage.weights.shelf import fits

HUB = "https://huggingface.co"
_MOST_PAGES = 100


class _Stored(BaseModel):
    oid: str
    size: int


class _Listed(BaseModel):
    type: str
    path: Within
    size: int = 0
    lfs: _Stored | None = None


_LISTING = TypeAdapter(list[_Listed])


class Hub:
    """The hub, or the mirror that the settings name in its place."""

    def __init__(self, settings: ModelSettings) -> None:
        """Args: settings: name a mirror and hold the token, if any."""
        self._base = (settings.model_mirror or HUB).rstrip("/")
        self._token = settings.token

    def headers(self, url: str) -> Mapping[str, str]:
        """What to send along to an address: the user's token to the hub, and to nobody else."""
        if self._token is None or urlsplit(url).netloc != urlsplit(self._base).netloc:
            return {}
        return {"Authorization": f"Bearer {self._token.get_secret_value()}"}

    def address(self, file: ModelFile) -> ModelFile:
        """A file with its address at the mirror, where it is the hub's and a mirror is named."""
        if not file.url.startswith(f"{HUB}/"):
            return file
        return ModelFile(file.path, self._base + file.url.removeprefix(HUB), file.size, file.md5, file.sha256)

    def files(self, card: ModelCard, fetcher: Fetcher) -> tuple[ModelFile, ...]:
        """The files of a card with their addresses; those of a repository as the hub lists them now.

        Raises:
            ModelRefused: the repository is not there, not for us, or lacks files that belong to the model.
            ModelAway: the hub cannot be reached.
        """
        own = tuple(self.address(file) for file in card.files)
        if card.repository is None:
            return own
        return (*own, *_chosen(card.repository, self._listing(card.repository, card.page, fetcher), card.page))

    def _listing(self, repository: Repository, page: str, fetcher: Fetcher) -> tuple[ModelFile, ...]:
        revision = quote(repository.revision, safe="")
        url: str | None = f"{self._base}/api/models/{repository.name}/tree/{revision}?recursive=true"
        listed: list[_Listed] = []
        for _ in range(_MOST_PAGES):
            if url is None:
                break
            answer = fetcher.get(url, page)
            listed += _read(answer)
            url = answer.links.get("next", {}).get("url")
        return tuple(self._file(repository, one) for one in listed if one.type == "file")

    def _file(self, repository: Repository, listed: _Listed) -> ModelFile:
        where = f"{quote(repository.revision, safe='')}/{quote(listed.path)}"
        size = listed.lfs.size if listed.lfs else listed.size
        # Only large files are stored under a digest of their bytes; that of small ones is git's own.
        digest = listed.lfs.oid if listed.lfs else None
        return ModelFile(listed.path, f"{self._base}/{repository.name}/resolve/{where}", size, sha256=digest)


def _chosen(repository: Repository, files: tuple[ModelFile, ...], page: str) -> tuple[ModelFile, ...]:
    for pattern in repository.patterns:
        if not any(fits(file.path, [pattern]) for file in files):
            raise ModelRefused(f"{repository.name} has no file {pattern} at {repository.revision}; see {page}.")
    return tuple(file for file in files if fits(file.path, (*repository.patterns, *repository.extras)))


def _read(answer: httpx.Response) -> list[_Listed]:
    try:
        return _LISTING.validate_json(answer.content)
    except ValidationError as error:
        host = answer.url.host
        raise ModelAway(f"{host} does not list files as the hub does; check SOUNDSTAGE_MODEL_MIRROR.") from error
