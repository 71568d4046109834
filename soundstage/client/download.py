"""One file brought from the service: gone on with where it broke off, checked, in place only when it is whole."""

from contextlib import aclosing
from dataclasses import replace
from pathlib import Path, PurePosixPath

from soundstage.client.core import Core
from soundstage.client.errors import ApiError, Damaged, TooMany, Unavailable
from soundstage.client.models import Artifact
from soundstage.client.partfile import PartFile, is_same
from soundstage.client.progress import Meter
from soundstage.client.request import get
from soundstage.client.transport import Lost

_PARTIAL, _NOT_SATISFIABLE = 206, 416


def place_of(artifact: Artifact, folder: Path) -> Path:
    """Where an artifact goes. Raises Damaged for a name that would lead out of the folder."""
    name = PurePosixPath(artifact.name)
    if name.is_absolute() or not name.parts or any(part == ".." or "\\" in part for part in name.parts):
        raise Damaged(f"The service names a file {artifact.name!r}, which has no place in {folder}; it is not fetched.")
    return folder.joinpath(*name.parts)


async def download(core: Core, artifact: Artifact, url: str, target: Path, meter: Meter) -> None:
    """Bring an artifact to a file; nothing travels when the file is there already and is the same.

    Raises:
        Damaged: what came is not what the service has, twice.
        StorageError: the file cannot be written.
        ApiError, NotReached: the store says no, or does not answer.
    """
    if await core.transport.work(lambda: is_same(artifact, target)):
        meter.add(artifact.bytes)
        return
    part = PartFile(artifact, target)
    await core.transport.work(part.open)
    try:
        meter.add(part.size)
        await _complete(core, artifact, url, part, meter)
        await core.transport.work(part.settle)
    except BaseException:
        meter.add(-part.size)
        raise
    finally:
        part.close()


async def _complete(core: Core, artifact: Artifact, url: str, part: PartFile, meter: Meter) -> None:
    for _ in range(2):
        await _fill(core, artifact, url, part, meter)
        if await core.transport.work(lambda: part.is_whole(artifact)):
            return
        # What was there from an earlier run may have been at fault: once more from the start.
        meter.add(-part.restart())
    part.discard()
    raise Damaged(f"{artifact.name} arrived damaged, twice; fetch it again.")


async def _fill(core: Core, artifact: Artifact, url: str, part: PartFile, meter: Meter) -> None:
    """Bring what is missing, however often the connection breaks."""
    failures = 0
    while part.size < artifact.bytes:
        before = part.size
        try:
            await _stream(core, artifact, url, part, meter)
        except (Lost, Unavailable, TooMany) as error:
            failures = 1 if part.size > before else failures + 1
            await core.transport.pause(core.pause_after(error, get(url), failures))


async def _stream(core: Core, artifact: Artifact, url: str, part: PartFile, meter: Meter) -> None:
    """One connection's worth of it."""
    span = {"Range": f"bytes={part.size}-"} if part.size else {}
    request = replace(get(url), headers={"Accept-Encoding": "identity", **span})
    try:
        async with core.opened(request) as reply, aclosing(reply.chunks()) as chunks:
            if span and reply.status != _PARTIAL:
                meter.add(-part.restart())
            async for chunk in chunks:
                meter.add(len(chunk))
                if part.take(chunk):
                    await core.transport.work(part.write)
                if part.size > artifact.bytes:
                    return
    except ApiError as error:
        if error.status != _NOT_SATISFIABLE:
            raise
        meter.add(-part.restart())
    finally:
        part.write()
    if part.size < artifact.bytes:
        raise Lost("it ended early")
