"""Many films under one reference."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Query
from sqlalchemy.orm import Session as SyncSession
from starlette.responses import Response

from services.api import batches, documentation
from services.api.auth import Reader, Writer
from services.api.bodies import WholeBody, from_json
from services.api.idempotency import Answer, IdempotencyKeyHeader, once
from services.api.problems import problems
from services.api.schemas.base import NO_NUL
from services.api.schemas.batches import (
    BatchCounts,
    BatchDetail,
    BatchError,
    BatchItems,
    BatchPage,
    BatchRequest,
    BatchTaken,
    BatchView,
)
from services.api.schemas.pages import USUAL_LIMIT, Cursor, Limit, cut
from services.api.sessions import Held, Session
from services.backbone import batches as whole
from services.backbone.ledger.repositories.batches import Batches, Counts
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Batch, Job, JobStatus
from services.backbone.settings import settings

router = APIRouter(prefix="/v1/batches", tags=["batches"])
documentation.describe(BatchRequest, BatchItems)

T = TypeVar("T")

BatchIdPath = Annotated[str, Path(description="The batch's id, `batch_…`")]
_MOST_ERRORS = 100
# So many jobs are canceled before the answer; the keeper cancels the others within seconds.
_CANCELED_AT_ONCE = 200


def _body(model: type[BatchItems]) -> dict[str, Any]:
    content = {"application/json": {"schema": documentation.reference(model)}}
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "",
    status_code=202,
    response_model=BatchTaken,
    responses=problems(400, 409, 413, 415, 422),
    openapi_extra=_body(BatchRequest),
)
async def create_batch(
    body: WholeBody, caller: Writer, held: Held, idempotency_key: IdempotencyKeyHeader = None
) -> Response:
    """Give up to 1,000 films their sound. A batch of the same reference that is there already is added to.

    Each item becomes a job, is attached to the job of its `client_id`, or is refused with a problem of its own;
    whatever is wrong with one is no matter to the others. So a call whose answer was lost is simply repeated.
    """

    def work(session: SyncSession) -> BatchTaken:
        asked = BatchRequest.model_validate(from_json(body))
        return _taken(session, batches.open_batch(session, caller.account_id, asked.reference), asked)

    return await _once(held, caller.account_id, idempotency_key, body, work)


@router.post(
    "/{id}/items",
    status_code=202,
    response_model=BatchTaken,
    responses=problems(400, 404, 409, 413, 415, 422),
    openapi_extra=_body(BatchItems),
)
async def add_batch_items(
    body: WholeBody, id: BatchIdPath, caller: Writer, held: Held, idempotency_key: IdempotencyKeyHeader = None
) -> Response:
    """Add up to 1,000 films to a batch; each as when the batch is created."""

    def work(session: SyncSession) -> BatchTaken:
        asked = BatchItems.model_validate(from_json(body))
        batches.lock_account(session, caller.account_id)
        batch = Batches(session, caller.account_id).get(id, lock=True)
        batches.check_open(batch)
        return _taken(session, batch, asked)

    return await _once(held, caller.account_id, idempotency_key, body + id.encode(errors="replace"), work)


@router.get("", responses=problems(422))
async def list_batches(
    caller: Reader,
    session: Session,
    reference: Annotated[str | None, Query(max_length=500, pattern=NO_NUL, description="Of this name alone")] = None,
    cursor: Cursor = None,
    limit: Limit = USUAL_LIMIT,
) -> BatchPage:
    """The account's batches, newest first."""

    def ask(sync: SyncSession) -> BatchPage:
        found = Batches(sync, caller.account_id)
        shown, following = cut(found.page(reference, cursor, limit + 1), limit, lambda row: row.id)
        counts = found.counts([batch.id for batch in shown])
        return BatchPage(data=[_view(batch, counts[batch.id]) for batch in shown], next_cursor=following)

    return await session.run_sync(ask)


@router.get("/{id}", responses=problems(404))
async def get_batch(id: BatchIdPath, caller: Reader, session: Session) -> BatchDetail:
    """How a batch stands: its jobs counted by status, and what went wrong."""

    def ask(sync: SyncSession) -> BatchDetail:
        found = Batches(sync, caller.account_id)
        batch = found.get(id)
        view = _view(batch, found.counts([id])[id])
        return BatchDetail(**view.model_dump(), errors=_errors(batch, found.failures(id, _MOST_ERRORS)))

    return await session.run_sync(ask)


@router.post("/{id}/cancel", status_code=202, responses=problems(404))
async def cancel_batch(id: BatchIdPath, caller: Writer, session: Session) -> BatchView:
    """Stop all its jobs, and take in no more. Of very many jobs the last are stopped within seconds."""

    def mark(sync: SyncSession) -> None:
        whole.mark_canceled(sync, Batches(sync, caller.account_id).get(id, lock=True))

    def look(sync: SyncSession) -> BatchView:
        found = Batches(sync, caller.account_id)
        return _view(found.get(id), found.counts([id])[id])

    await session.run_sync(mark)
    await session.commit()  # from here on the keeper does it, if this process cannot
    return await asyncio.to_thread(_in_transaction, lambda: whole.cancel_marked(_CANCELED_AT_ONCE, id), look)


def _in_transaction(first: Callable[[], object], ask: Callable[[SyncSession], T]) -> T:
    first()
    with transaction() as session:
        return ask(session)


async def _once(
    held: Held, account_id: str, key: str | None, body: bytes, work: Callable[[SyncSession], BatchTaken]
) -> Response:
    """Do it in a thread, for it is long; and once, however often a request with that key comes."""
    fingerprint = hashlib.sha256(body).hexdigest()

    def run() -> Answer:
        with transaction() as session:
            return once(session, account_id, key, fingerprint, lambda: _answer(work(session)))

    answer = await asyncio.to_thread(run)
    held.relay.wake()
    return answer.response()


def _answer(taken: BatchTaken) -> Answer:
    return Answer(202, taken.model_dump_json(), {"Location": taken.batch.status_url})


def _taken(session: SyncSession, batch: Batch, asked: BatchItems) -> BatchTaken:
    items = batches.take_in(session, batch, asked)
    session.flush()
    counts = Batches(session, batch.account_id).counts([batch.id])[batch.id]
    return BatchTaken(batch=_view(batch, counts), items=items)


def _view(batch: Batch, counts: Counts) -> BatchView:
    here = f"{settings().public_url.rstrip('/')}/v1"
    by_status = {status.value: counts.get(status, 0) for status in JobStatus}
    return BatchView(
        id=batch.id,
        reference=batch.reference,
        created_at=batch.created_at,
        canceled_at=batch.canceled_at,
        counts=BatchCounts(total=sum(by_status.values()), **by_status),
        refused=len(batch.errors),
        status_url=f"{here}/batches/{batch.id}",
        jobs_url=f"{here}/jobs?batch_id={batch.id}",
    )


def _errors(batch: Batch, failed: Sequence[Job]) -> list[BatchError]:
    refused = [BatchError(job_id=None, stage=None, **error) for error in batch.errors.values()]
    return [*(_error_of(job) for job in failed), *refused][:_MOST_ERRORS]


def _error_of(job: Job) -> BatchError:
    told = job.error or {}
    return BatchError(
        client_id=job.client_id,
        job_id=job.id,
        kind=str(told.get("kind", "internal")),
        detail=str(told.get("detail", "")),
        stage=told.get("stage"),
    )
