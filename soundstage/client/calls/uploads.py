"""Films sent straight to the service's store, in parts side by side; one that broke off is gone on with."""

import mimetypes
from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from soundstage.client.core import Core
from soundstage.client.errors import Conflict, Forbidden, Gone, NotFound
from soundstage.client.models import Model, Part, Upload
from soundstage.client.plan import Plan, planned
from soundstage.client.progress import Count, Meter, OnProgress
from soundstage.client.request import FileSlice, Request, delete, get, post
from soundstage.client.resuming import FileState, Note, state_of
from soundstage.errors import StorageError

_UPLOADS = "/v1/uploads"
_WAITING = "waiting"
# The service reads the whole film once through before it says that it is complete.
_COMPLETION = 900.0
_LONGEST_NAME = 255


class PartsPage(Model):
    """Some parts of an upload."""

    data: tuple[Part, ...]
    next_from: int | None = None


async def upload(core: Core, path: Path, *, told: OnProgress | None = None) -> Upload:
    """Upload a film. When an earlier upload of the same file broke off, only what is missing is sent.

    Args:
        core: of the client.
        path: of the film.
        told: hears of the progress in bytes.

    Raises:
        StorageError: the file cannot be read, or changed meanwhile.
        TooMany: the account's quota of bytes is used up.
    """
    state = _state(path)
    note = Note(core.base_url, state)
    plan = await core.transport.work(lambda: planned(path, state.size))
    begun = await _resumed(core, note, plan) or await _begun(core, path, plan)
    note.write(begun.id)
    journey = _Journey(core, path, state, plan, told)
    try:
        done = await journey.go(begun)
    except (Conflict, NotFound):
        # A store that is started anew may forget what was under way: then all is sent once more.
        done = await journey.go(await find_upload(core, begun.id))
    except _Changed:
        note.forget()
        raise
    note.forget()
    return done


class _Changed(StorageError):
    """The film is not any more what it was when its digests were made."""


@dataclass(frozen=True)
class _Journey:
    """A film on its way: as it was when it was read, and how it is cut."""

    core: Core
    path: Path
    state: FileState
    plan: Plan
    told: OnProgress | None

    async def go(self, begun: Upload) -> Upload:
        """Send what is missing of an upload, and complete it."""
        meter = Meter(self.state.size, self.told)
        there = {part.number for part in begun.arrived}
        meter.add(sum(part.size for part in begun.arrived))
        await _send_missing(self.core, self.path, begun, self.plan, there, meter)
        if _state(self.path) != self.state:
            raise _Changed(f"{self.path} changed while it was sent; send it again.")
        return await self.core.ask(replace(_completion(begun.id), silence=_COMPLETION), Upload)


async def find_upload(core: Core, id: str) -> Upload:
    """How an upload stands, and which of its parts arrived."""
    return await core.ask(get(f"{_UPLOADS}/{id}"), Upload)


async def abort_upload(core: Core, id: str) -> None:
    """Give an upload up."""
    await core.send(delete(f"{_UPLOADS}/{id}"))


def _completion(id: str) -> Request:
    return post(f"{_UPLOADS}/{id}/complete", repeatable=True)


async def _resumed(core: Core, note: Note, plan: Plan) -> Upload | None:
    """The upload that was begun by an earlier run, if it still waits for parts like ours."""
    known = note.read()
    if known is None:
        return None
    try:
        found = await find_upload(core, known)
    except (NotFound, Gone):
        return None
    return found if found.state == _WAITING and found.part_count == len(plan.digests) else None


async def _begun(core: Core, path: Path, plan: Plan) -> Upload:
    body = {
        "filename": _shown_name(path),
        "size": plan.size,
        "content_type": mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        "sha256": plan.sha256,
        "parts": [{"size": plan.length(number), "sha256": plan.digests[number - 1]} for number in plan.numbers],
    }
    # One that is begun twice is given up by the service after a day.
    return await core.ask(post(_UPLOADS, body, repeatable=True), Upload)


def _shown_name(path: Path) -> str:
    name = "".join("_" if char in "/\\" or not char.isprintable() else char for char in path.name)
    return name[-_LONGEST_NAME:] or "film"


async def _send_missing(
    core: Core, path: Path, begun: Upload, plan: Plan, there: Collection[int], meter: Meter
) -> None:
    async for parts in _signed(core, begun, [number for number in plan.numbers if number not in there]):
        tasks = [partial(_send, core, path, begun.id, plan, part, Count(meter)) for part in parts]
        await core.transport.together(tasks, core.parallel)


async def _signed(core: Core, begun: Upload, missing: list[int]) -> AsyncGenerator[list[Part], None]:
    """The missing parts, with addresses that are fresh when they are needed."""
    wanted = set(missing)
    while wanted:
        page = await core.ask(get(f"{_UPLOADS}/{begun.id}/parts", **{"from": min(wanted)}), PartsPage)
        parts = [part for part in page.data if part.number in wanted]
        if not parts:
            raise Conflict("The service does not say where the rest of the film goes; submit it again.")
        yield parts
        wanted -= {part.number for part in parts}


async def _send(core: Core, path: Path, id: str, plan: Plan, part: Part, count: Count) -> None:
    try:
        await core.send(_sending(path, plan, part, count))
    except Forbidden:
        # The address has expired: a slow line, or a machine that slept.
        query = {"from": part.number, "limit": 1}
        page = await core.ask(get(f"{_UPLOADS}/{id}/parts", **query), PartsPage)
        await core.send(_sending(path, plan, page.data[0], count))


def _sending(path: Path, plan: Plan, part: Part, count: Count) -> Request:
    body = FileSlice(path, plan.start(part.number), part.size, count)
    return Request(part.method, part.url, headers=part.headers, body=body, repeatable=True)


def _state(path: Path) -> FileState:
    try:
        return state_of(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}); check the path.") from error
