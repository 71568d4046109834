import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soundstage.weights.card import Does, Licence, ModelCard, ModelFile, Repository
from soundstage.weights.shelf import Shelf
from tests.weights.publisher import Publisher, publishing

CONTENT = bytes(range(256)) * 1200  # 300 KB
Card = Callable[..., ModelCard]


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing() as publisher:
        yield publisher


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


@pytest.fixture
def card(publisher: Publisher) -> Card:
    """Cards of small models that the publisher has."""

    def card(
        name: str = "whisperer",
        content: bytes = CONTENT,
        published: bytes | None = None,
        licence: str = "CC-BY-NC-4.0",
        digest: bool = True,
        repository: Repository | None = None,
    ) -> ModelCard:
        files: tuple[ModelFile, ...] = ()
        if repository is None:
            url = publisher.publish(f"/{name}.pth", content if published is None else published)
            md5 = hashlib.md5(content).hexdigest() if digest else None
            files = (ModelFile(f"{name}.pth", url, len(content) if digest else None, md5=md5),)
        return ModelCard(
            name=name,
            family="tiny",
            does=Does.TEXT_TO_AUDIO,
            says="tiny",
            licence=Licence(licence, commercial=False),
            page=f"{publisher.url}/page",
            commercial=False,
            files=files,
            repository=repository,
        )

    return card
