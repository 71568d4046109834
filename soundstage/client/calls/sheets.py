"""The cue sheet of a job: read, edited, put back."""

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from soundstage.client.core import Core
from soundstage.client.models import Model, Sheet, Turn
from soundstage.client.request import get, put
from soundstage.cuesheet import CueSheet


class Conversation(Model):
    """A part of it."""

    data: tuple[Turn, ...]
    has_more: bool = False


async def cuesheet(core: Core, id: str) -> Sheet:
    """A job's cue sheet as it stands."""
    answer = await core.send(get(_at(id)))
    return Sheet(etag=answer.headers.get("etag", ""), document=json.loads(answer.body))


async def put_cuesheet(core: Core, id: str, sheet: CueSheet | Mapping[str, Any], etag: str) -> Sheet:
    """Put an edited cue sheet in place of the one that was read; `render` then makes it heard.

    Args:
        core: of the client.
        id: of the job.
        sheet: as it shall be.
        etag: of the sheet that was edited.

    Raises:
        PreconditionFailed: the sheet changed since.
        Invalid: it is not a valid cue sheet of this film.
    """
    document = sheet.model_dump(mode="json") if isinstance(sheet, CueSheet) else dict(sheet)
    # Never repeated blindly: after a first time that was not heard of, the version is another.
    answer = await core.send(replace(put(_at(id), document, **{"If-Match": etag}), repeatable=False))
    return Sheet(etag=answer.headers.get("etag", ""), document=document)


async def conversation(core: Core, id: str) -> AsyncGenerator[Turn, None]:
    """What the agents said over a film, in order."""
    after: int | None = None
    while True:
        page = await core.ask(get(f"/v1/jobs/{quote(id, safe='')}/conversation", after=after), Conversation)
        for turn in page.data:
            yield turn
        if not page.has_more or not page.data:
            return
        after = page.data[-1].position


def _at(id: str) -> str:
    return f"/v1/jobs/{quote(id, safe='')}/cuesheet"
