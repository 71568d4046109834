"""Films sent straight to the store, part by part."""

import asyncio
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session as SyncSession

from services.api import films
from services.api.auth import Caller, Reader, Writer
from services.api.bodies import check_kind
from services.api.plans import PartPlan
from services.api.problems import problems
from services.api.schemas.uploads import (
    ArrivedPart,
    PartsPage,
    PartView,
    UploadCreated,
    UploadRequest,
    UploadStatus,
    UploadView,
)
from services.api.sessions import Held, Session
from services.api.wholes import made_whole
from services.backbone.clock import utc_now
from services.backbone.errors import Conflict, NotFound, Unprocessable
from services.backbone.housekeeping import forget_upload, unused_film
from services.backbone.ids import new_id
from services.backbone.ledger.repositories.uploads import Uploads
from services.backbone.ledger.tables import Upload, UploadState
from services.backbone.objects.keys import upload_key
from services.backbone.objects.parts import MOST_PARTS, Part
from services.backbone.objects.store import ObjectStore
from services.backbone.settings import settings

router = APIRouter(prefix="/v1/uploads", tags=["uploads"])

UploadId = Annotated[str, Path(description="The upload's id, `up_…`")]
_AT_ONCE = 100


@router.post("", status_code=201, responses=problems(400, 413, 415, 422), dependencies=[Depends(check_kind)])
async def create_upload(
    body: UploadRequest, caller: Writer, session: Session, held: Held, response: Response
) -> UploadCreated:
    """Begin an upload: the answer says where to PUT which part. Parts may be sent side by side, in any order."""
    plan = PartPlan.of_request(body)
    await session.run_sync(lambda sync: films.check_room(sync, caller.account_id, body.size))
    upload = Upload(
        id=new_id("up"),
        account_id=caller.account_id,
        state=UploadState.WAITING,
        filename=body.filename,
        content_type=body.content_type,
        size=body.size,
        sha256=body.sha256,
        parts=plan.document,
        created_at=utc_now(),
        expires_at=utc_now() + films.life_of_upload(),
    )
    upload.object_key = upload_key(caller.account_id, upload.id)
    upload.store_upload = await asyncio.to_thread(_begun, held.store, upload)
    session.add(upload)
    page = await asyncio.to_thread(_signed, held.store, upload, 1, _AT_ONCE)
    response.headers["Location"] = _url(upload)
    return UploadCreated(**_told(upload), parts=page.data, next_from=page.next_from)


@router.get("/{id}", responses=problems(404))
async def get_upload(id: UploadId, caller: Reader, session: Session, held: Held) -> UploadStatus:
    """How an upload stands, and which parts arrived: so that it can be taken up again."""
    upload = await session.run_sync(lambda sync: Uploads(sync, caller.account_id).get(id))
    arrived = await asyncio.to_thread(_arrived, held.store, upload) if upload.state is UploadState.WAITING else []
    parts = [ArrivedPart(number=part.number, size=part.bytes) for part in arrived]
    return UploadStatus(**_told(upload), arrived=parts)


@router.get("/{id}/parts", responses=problems(404, 409, 410, 422))
async def list_upload_parts(
    id: UploadId,
    caller: Writer,
    session: Session,
    held: Held,
    first: Annotated[int, Query(alias="from", ge=1, le=MOST_PARTS, description="Number of the first part")] = 1,
    limit: Annotated[int, Query(ge=1, le=_AT_ONCE, description="How many at most")] = _AT_ONCE,
) -> PartsPage:
    """Where to send parts: more of them, or the same again when their URLs have expired."""
    upload = await session.run_sync(lambda sync: Uploads(sync, caller.account_id).get(id, lock=True))
    films.check_waiting(upload)
    if await asyncio.to_thread(held.store.is_lost, upload.object_key, upload.store_upload):
        # The store of one machine forgets what is under way when it ends; all parts are to be sent again.
        upload.store_upload = await asyncio.to_thread(_begun, held.store, upload)
    return await asyncio.to_thread(_signed, held.store, upload, first, limit)


@router.post("/{id}/complete", responses=problems(404, 409, 410, 422))
async def complete_upload(id: UploadId, caller: Writer, held: Held) -> UploadView:
    """Finish an upload once all parts are there. Size and digest of the whole are checked, which reads it once through.

    It may be called again, also while it works; then ask `GET /v1/uploads/{id}` whether it is completed.
    """
    async with held.transaction() as session:
        upload = await session.run_sync(lambda sync: Uploads(sync, caller.account_id).get(id))
    if upload.state is UploadState.COMPLETED:
        return UploadView(**_told(upload))
    films.check_waiting(upload)
    # Nothing of the ledger is held meanwhile: this may take minutes.
    try:
        film = await asyncio.to_thread(made_whole, held.store, upload)
    except Unprocessable:
        async with held.transaction() as session:
            await session.run_sync(lambda sync: _give_up(sync, caller, id))
        raise
    async with held.transaction() as session:
        kept = await session.run_sync(lambda sync: _keep(sync, caller, id, film))
    return UploadView(**_told(kept))


@router.delete("/{id}", status_code=204, responses=problems(404, 409))
async def abort_upload(id: UploadId, caller: Writer, held: Held) -> None:
    """Give an upload up, and forget it with its parts, or its film; a film that jobs are of goes with the last."""
    async with held.transaction() as session:
        upload, film = await session.run_sync(lambda sync: _forget(sync, caller, id))
    await asyncio.to_thread(_clear, held.store, upload, film)


def _forget(session: SyncSession, caller: Caller, upload_id: str) -> tuple[Upload, str | None]:
    upload = Uploads(session, caller.account_id).get(upload_id, lock=True)
    if upload.asset_id is not None and unused_film(session, upload.asset_id) is None:
        raise Conflict("Jobs are of this film; delete them, and it goes with the last.")
    return upload, forget_upload(session, upload)


def _clear(store: ObjectStore, upload: Upload, film: str | None) -> None:
    if film is not None:
        store.delete([film])
    elif upload.store_upload:
        store.abort_upload(upload.object_key, upload.store_upload)


def _give_up(session: SyncSession, caller: Caller, upload_id: str) -> None:
    upload = Uploads(session, caller.account_id).get(upload_id, lock=True)
    if upload.state is UploadState.WAITING:
        upload.state = UploadState.ABORTED


def _keep(session: SyncSession, caller: Caller, upload_id: str, film: films.Arrived) -> Upload:
    upload = Uploads(session, caller.account_id).get(upload_id, lock=True)
    if upload.state is not UploadState.COMPLETED:  # another call was faster
        films.check_waiting(upload)
        films.keep(session, upload, film)
    return upload


def _begun(store: ObjectStore, upload: Upload) -> str:
    digests = PartPlan.of_upload(upload).has_digests
    return store.create_upload(upload.object_key, upload.content_type, digests=digests)


def _arrived(store: ObjectStore, upload: Upload) -> list[Part]:
    try:
        return store.arrived_parts(upload.object_key, upload.store_upload)
    except NotFound:
        return []


def _signed(store: ObjectStore, upload: Upload, first: int, limit: int) -> PartsPage:
    plan = PartPlan.of_upload(upload)
    end = min(first + limit, plan.count + 1)
    parts = [_signed_part(store, upload, plan, number) for number in range(first, end)]
    return PartsPage(data=parts, next_from=end if end <= plan.count else None)


def _signed_part(store: ObjectStore, upload: Upload, plan: PartPlan, number: int) -> PartView:
    size, sha256 = plan.part(number)
    life = settings().presign_life
    signed = store.presign_part(upload.object_key, upload.store_upload, number, size, sha256, life)
    return PartView(
        number=number,
        size=size,
        method="PUT",
        url=signed.url,
        headers=dict(signed.headers),
        expires_at=utc_now() + timedelta(seconds=life),
    )


def _told(upload: Upload) -> dict[str, object]:
    here = _url(upload)
    return {
        "id": upload.id,
        "state": upload.state,
        "filename": upload.filename,
        "content_type": upload.content_type,
        "size": upload.size,
        "sha256": upload.sha256,
        "part_count": PartPlan.of_upload(upload).count,
        "created_at": upload.created_at,
        "expires_at": upload.expires_at,
        "completed_at": upload.completed_at,
        "status_url": here,
        "parts_url": f"{here}/parts",
        "complete_url": f"{here}/complete",
    }


def _url(upload: Upload) -> str:
    return f"{settings().public_url.rstrip('/')}/v1/uploads/{upload.id}"
