"""The cue sheet of a job: read, edited, rendered again; and what the agents said over it."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from sqlalchemy.orm import Session as SyncSession
from starlette.responses import JSONResponse, PlainTextResponse, Response

from services.api import documentation, intake, sheets
from services.api.auth import Caller, Reader, Writer
from services.api.bodies import WholeBody
from services.api.problems import problems
from services.api.relay import publish_after_commit
from services.api.schemas.cuesheet import Conversation, TurnView
from services.api.schemas.jobs import JobView
from services.api.sessions import Session
from services.api.views import job_json, url_of
from services.backbone.dispatch import flow
from services.backbone.ledger.repositories.jobs import Jobs
from services.backbone.ledger.repositories.sheets import Sheets
from services.backbone.ledger.tables import Turn
from soundstage.cuesheet import CueSheet, schema

router = APIRouter(prefix="/v1/jobs/{id}", tags=["cue sheet"])
documentation.describe(CueSheet, Conversation)

JobIdPath = Annotated[str, Path(description="The job's id, `job_…`")]
_ETAG = {"ETag": {"description": "Which version it is; give it as If-Match", "schema": {"type": "string"}}}
_SHEET: dict[str, Any] = {"application/json": {"schema": documentation.reference(CueSheet)}}
_TEXT, _JSON = "text/plain", "application/json"
_TALK: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "What was said",
        "content": {
            _JSON: {"schema": documentation.reference(Conversation)},
            _TEXT: {"schema": {"type": "string"}},
        },
    }
}


@router.get(
    "/cuesheet",
    response_model=None,
    responses={
        200: {"description": "The cue sheet as it stands", "headers": _ETAG, "content": _SHEET},
        304: {"description": "It is as the client has it"},
        **problems(404),
    },
)
async def get_cuesheet(request: Request, id: JobIdPath, caller: Reader, session: Session) -> Response:
    """The cue sheet as it stands: all scenes and cues, to be edited."""
    await session.run_sync(lambda sync: Jobs(sync, caller.account_id).get(id))
    version = sheets.version_of(await session.run_sync(lambda sync: Sheets(sync, caller.account_id).version(id)))
    if version.is_known(request.headers):
        return Response(status_code=304, headers=version.headers)
    sheet = await session.run_sync(lambda sync: Sheets(sync, caller.account_id).get(id))
    text = await asyncio.to_thread(sheets.as_text, sheet)
    return Response(text, headers=sheets.version_of_row(sheet).headers, media_type=_JSON)


@router.put(
    "/cuesheet",
    status_code=204,
    response_model=None,
    responses={
        204: {"description": "It is the job's cue sheet now; POST …/render makes what it asks for", "headers": _ETAG},
        **problems(400, 404, 409, 412, 413, 415, 422, 428),
    },
    openapi_extra={"requestBody": {"required": True, "content": _SHEET}},
)
async def replace_cuesheet(
    body: WholeBody,
    id: JobIdPath,
    caller: Writer,
    session: Session,
    if_match: Annotated[str | None, Header(description="The ETag of the version that was edited; required")] = None,
) -> Response:
    """Put an edited cue sheet in the place of the present one. The job must have ended."""
    await session.run_sync(lambda sync: Jobs(sync, caller.account_id).get(id))
    edited = await asyncio.to_thread(sheets.read_sheet, body)
    version = await session.run_sync(lambda sync: sheets.replace(sync, caller.account_id, id, edited, if_match))
    return Response(status_code=204, headers=version.headers)


@router.get("/cuesheet/schema", responses=problems(404))
async def get_cuesheet_schema(id: JobIdPath, caller: Reader, session: Session) -> dict[str, Any]:
    """The JSON Schema of the job's cue sheet, for editors."""
    await session.run_sync(lambda sync: Jobs(sync, caller.account_id).get(id))
    return schema()


@router.post("/render", status_code=202, response_model=JobView, responses=problems(404, 409))
async def render_job(id: JobIdPath, caller: Writer, session: Session) -> Response:
    """Make again what edits of the cue sheet made stale, and mix anew; what did not change is not worked again."""
    publish_after_commit(session)
    return await session.run_sync(lambda sync: _rendered(sync, caller, id))


def _rendered(session: SyncSession, caller: Caller, job_id: str) -> Response:
    job = intake.take_up_again(session, caller.account_id, job_id, flow.render)
    session.flush()
    session.refresh(job)
    return Response(job_json(job), 202, {"Location": url_of(job.id)}, _JSON)


@router.get("/conversation", response_model=None, responses={**_TALK, **problems(404, 422)})
async def get_conversation(
    request: Request,
    id: JobIdPath,
    caller: Reader,
    session: Session,
    after: Annotated[int, Query(ge=-1, le=2**31 - 1, description="Position of the last turn that is known")] = -1,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most")] = 200,
) -> Response:
    """What the agents said to one another over the film, and every question that models were asked, with its cost.

    With `Accept: text/plain` it is what was said alone, one line a turn.
    """
    await session.run_sync(lambda sync: Jobs(sync, caller.account_id).get(id))
    as_text = _wants_text(request.headers.get("accept", ""))
    rows = await session.run_sync(
        lambda sync: Sheets(sync, caller.account_id).turns(id, after, limit + 1, asked=not as_text)
    )
    shown = rows[:limit]
    if as_text:
        return PlainTextResponse(_lines(shown))
    told = Conversation(data=[TurnView.of(row) for row in shown], has_more=len(rows) > limit)
    return JSONResponse(told.model_dump(mode="json"))


def _wants_text(accept: str) -> bool:
    return _TEXT in accept and _JSON not in accept


def _lines(turns: Sequence[Turn]) -> str:
    return "".join(f"{turn.role}: {turn.text}\n" for turn in turns)
