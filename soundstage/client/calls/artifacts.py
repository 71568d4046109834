"""What a job made: listed, and brought to a folder."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from urllib.parse import quote

from soundstage.client.core import Core
from soundstage.client.download import download, place_of
from soundstage.client.errors import Forbidden, NotFound, NotReached
from soundstage.client.models import Artifact
from soundstage.client.pages import walk
from soundstage.client.progress import Meter, OnProgress
from soundstage.errors import BadOption


@dataclass(frozen=True)
class Fetched:
    """An artifact that lies here now."""

    name: str
    path: Path
    bytes: int
    sha256: str


def artifacts(core: Core, id: str) -> AsyncGenerator[Artifact, None]:
    """What a job made so far, with addresses that are good for a while."""
    return walk(core, _at(id), Artifact)


async def fetch(
    core: Core, id: str, folder: Path, *, only: Sequence[str] = (), told: OnProgress | None = None
) -> list[Fetched]:
    """Bring what a job made to a folder, several files at a time; what is there already stays.

    Args:
        core: of the client.
        id: of the job.
        folder: where to; it is made.
        only: what is wanted, as `film`, `master.flac`, `stems`, `reading/*`; all when empty.
        told: hears of the progress in bytes.

    Raises:
        BadOption: `only` names what the job has not.
        Damaged: a file did not arrive as it is there.
        StorageError: the folder cannot be written.
    """
    wanted = chosen([each async for each in artifacts(core, id)], only)
    meter = Meter(sum(each.bytes for each in wanted), told)
    places = [place_of(each, folder) for each in wanted]
    tasks = [partial(_bring, core, id, each, place, meter) for each, place in zip(wanted, places, strict=True)]
    await core.transport.together(tasks, core.parallel)
    return [Fetched(each.name, place, each.bytes, each.sha256) for each, place in zip(wanted, places, strict=True)]


def chosen(found: Sequence[Artifact], only: Sequence[str]) -> list[Artifact]:
    """Those that the names and patterns mean. Raises BadOption for one that means none."""
    for pattern in only:
        if not any(_means(pattern, each) for each in found):
            names = ", ".join(each.name for each in found) or "none"
            raise BadOption(f"The job has no {pattern}; it has {names}.")
    return [each for each in found if not only or any(_means(pattern, each) for pattern in only)]


def _means(pattern: str, artifact: Artifact) -> bool:
    """Whether a pattern means an artifact: by its name, its name without the suffix, or the folder it is in."""
    name = artifact.name
    return (
        fnmatchcase(name, pattern) or name.rpartition(".")[0] == pattern or name.startswith(f"{pattern.rstrip('/')}/")
    )


async def _bring(core: Core, id: str, artifact: Artifact, place: Path, meter: Meter) -> None:
    try:
        await download(core, artifact, artifact.presigned_url, place, meter)
    except (Forbidden, NotFound, NotReached):
        # The address has expired, or the store cannot be reached from here: the service itself has it too.
        await download(core, artifact, f"{_at(id)}/{quote(artifact.name)}", place, meter)


def _at(id: str) -> str:
    return f"/v1/jobs/{quote(id, safe='')}/artifacts"
