"""What a job made: listed, and fetched from the store or from us."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import RedirectResponse, Response, StreamingResponse

from services.api.auth import Reader
from services.api.conditional import Version, byte_range
from services.api.problems import problems
from services.api.schemas.artifacts import ArtifactPage, ArtifactView
from services.api.schemas.base import NO_NUL
from services.api.schemas.pages import cut
from services.api.sessions import Held, Session
from services.api.views import url_of
from services.backbone.clock import utc_now
from services.backbone.ledger.repositories.artifacts import Artifacts
from services.backbone.ledger.repositories.jobs import Jobs
from services.backbone.ledger.tables import Asset, Job
from services.backbone.objects.disposition import attachment
from services.backbone.objects.store import ObjectStore

router = APIRouter(prefix="/v1/jobs/{id}/artifacts", tags=["artifacts"])

JobIdPath = Annotated[str, Path(description="The job's id, `job_…`")]
NamePath = Annotated[str, Path(description="The artifact's name; it may contain slashes")]
_FILM = "film"
_BYTES: dict[str, Any] = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "All of it", **_BYTES},
    206: {"description": "The range that was asked for", **_BYTES},
    304: {"description": "It is as the client has it"},
    307: {"description": "The store has it, at a presigned URL"},
}


@router.get("", responses=problems(404, 422))
async def list_artifacts(
    id: JobIdPath,
    caller: Reader,
    session: Session,
    held: Held,
    prefix: Annotated[str, Query(max_length=255, pattern=NO_NUL, description="How the names begin")] = "",
    cursor: Annotated[str | None, Query(max_length=255, pattern=NO_NUL, description="`next_cursor` before")] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="How many at most")] = 100,
) -> ArtifactPage:
    """All that the job made so far, with URLs to fetch it from; by name, and what lies in folders last."""
    job = await session.run_sync(lambda sync: Jobs(sync, caller.account_id).get(id))
    rows = await session.run_sync(lambda sync: Artifacts(sync, caller.account_id).page(id, prefix, cursor, limit + 1))
    shown, following = cut(rows, limit, lambda row: row.name)
    life = held.settings.presign_life
    until = utc_now() + timedelta(seconds=life)
    # Signing is arithmetic, but hundreds of URLs are some of it.
    views = await asyncio.to_thread(_views, job, shown, held.store, life, until)
    return ArtifactPage(data=views, next_cursor=following)


@router.api_route(
    "/{name:path}",
    methods=["GET"],
    response_class=Response,
    responses={**_ANSWERS, **problems(404, 416, 422)},
)
async def get_artifact(
    request: Request,
    id: JobIdPath,
    name: NamePath,
    caller: Reader,
    session: Session,
    held: Held,
    redirect: Annotated[bool, Query(description="Answer with the presigned URL instead of the bytes")] = False,
) -> Response:
    """One artifact. Conditional (`ETag` is its SHA-256) and range requests are answered; HEAD too."""
    job = await session.run_sync(lambda sync: Jobs(sync, caller.account_id).get(id))
    asset = await session.run_sync(lambda sync: Artifacts(sync, caller.account_id).get(id, name))
    if redirect:
        url = _presigned(job, asset, held.store, held.settings.presign_life)
        return RedirectResponse(url, 307, {"Cache-Control": "no-store"})
    return await _served(request, job, asset, held.store)


# Not in the OpenAPI document: its description is that of GET.
router.add_api_route("/{name:path}", get_artifact, methods=["HEAD"], include_in_schema=False, name="head_artifact")


async def _served(request: Request, job: Job, asset: Asset, store: ObjectStore) -> Response:
    version = Version(asset.sha256, asset.created_at)
    if version.is_known(request.headers):
        return Response(status_code=304, headers=version.headers)
    wanted = byte_range(request.headers.get("range"), asset.bytes) if version.continues(request.headers) else None
    first, last = wanted or (0, asset.bytes - 1)
    headers = {
        **version.headers,
        "Accept-Ranges": "bytes",
        "Content-Disposition": attachment(_filename(job, asset)),
        "Content-Length": str(last - first + 1),
        **({"Content-Range": f"bytes {first}-{last}/{asset.bytes}"} if wanted else {}),
    }
    status = 206 if wanted else 200
    if request.method == "HEAD":
        return Response(None, status, headers, asset.content_type)
    span = wanted or (None, None)
    # Asked for before the answer begins: what is not there any more can still be told as a problem.
    chunks = await asyncio.to_thread(store.read, asset.object_key, *span)
    return StreamingResponse(iterate_in_threadpool(chunks), status, headers, asset.content_type)


def _views(job: Job, assets: Sequence[Asset], store: ObjectStore, life: float, until: datetime) -> list[ArtifactView]:
    here = f"{url_of(job.id)}/artifacts"
    return [
        ArtifactView(
            name=asset.name,
            content_type=asset.content_type,
            bytes=asset.bytes,
            sha256=asset.sha256,
            revision=asset.revision,
            created_at=asset.created_at,
            url=f"{here}/{quote(asset.name)}",
            presigned_url=_presigned(job, asset, store, life),
            expires_at=until,
        )
        for asset in assets
    ]


def _presigned(job: Job, asset: Asset, store: ObjectStore, life: float) -> str:
    return store.presign_get(asset.object_key, _filename(job, asset), asset.content_type, life)


def _filename(job: Job, asset: Asset) -> str:
    """A name for people: after the film's, and no two of a job alike."""
    stem = PurePosixPath(str(job.source.get("name") or job.client_id or job.id)).stem
    if asset.name == _FILM:
        return f"{stem}.{job.options.get('format', 'mp4')}"
    return f"{stem}-{asset.name.replace('/', '-')}"
