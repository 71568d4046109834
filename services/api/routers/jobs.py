"""Films on their way through the pipeline."""

import asyncio
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Path, Query, Request
from sqlalchemy.orm import Session as SyncSession
from starlette.responses import Response

from services.api import documentation, intake
from services.api.auth import Caller, Reader, Writer
from services.api.bodies import json_body
from services.api.formjobs import job_of_form
from services.api.idempotency import Answer, IdempotencyKeyHeader, once
from services.api.problems import problems
from services.api.relay import publish_after_commit
from services.api.schemas.base import NO_NUL, Moment
from services.api.schemas.jobs import ClientId, JobCreated, JobForm, JobPage, JobRequest, JobView, RetryTerms
from services.api.schemas.pages import USUAL_LIMIT, Cursor, Limit
from services.api.sessions import Held, Session
from services.api.views import job_json, url_of
from services.backbone.dispatch import flow
from services.backbone.errors import Conflict, Unprocessable
from services.backbone.housekeeping import Leftovers, forget
from services.backbone.ledger.repositories.accounts import Accounts
from services.backbone.ledger.repositories.jobs import JobFilter, Jobs
from services.backbone.ledger.tables import ACTIVE, Job, JobStatus
from services.backbone.objects.store import ObjectStore

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
documentation.describe(JobRequest, JobForm, RetryTerms)

JobIdPath = Annotated[str, Path(description="The job's id, `job_…`")]

_TAKEN: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "The job is taken in",
        "model": JobCreated,
        "headers": {
            "Location": {"description": "The job's `status_url`", "schema": {"type": "string"}},
            "Idempotent-Replayed": {
                "description": "`true` when this answer was given before",
                "schema": {"type": "string"},
            },
        },
    }
}
_JSON_OR_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": documentation.reference(JobRequest)},
            "multipart/form-data": {"schema": documentation.reference(JobForm)},
        },
    }
}
_JSON: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": documentation.reference(JobRequest)}},
    }
}

_RETRY: dict[str, Any] = {
    "requestBody": {"required": False, "content": {"application/json": {"schema": documentation.reference(RetryTerms)}}}
}

log = structlog.get_logger()


@router.post(
    "",
    status_code=202,
    response_model=None,
    responses={**_TAKEN, **problems(400, 404, 409, 413, 415, 422)},
    openapi_extra=_JSON_OR_FORM,
)
async def create_job(
    request: Request, caller: Writer, held: Held, idempotency_key: IdempotencyKeyHeader = None
) -> Response:
    """Give a film its sound.

    As JSON, the film is named by `upload_id`, `url` or `s3`. As a multipart form it comes along as `file`; it is
    streamed on as it arrives, and a connection that breaks leaves nothing behind.
    """
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        return (await job_of_form(request, caller, held, idempotency_key)).response()
    terms = await json_body(request, JobRequest)
    fingerprint = intake.fingerprint_of(terms, "create_job", terms.client_id or "")

    def work(sync: SyncSession) -> Answer:
        return intake.answer_of(intake.take_in(sync, caller.account_id, terms))

    async with held.transaction() as session:
        publish_after_commit(session)
        answer = await session.run_sync(
            lambda sync: once(sync, caller.account_id, idempotency_key, fingerprint, lambda: work(sync))
        )
    return answer.response()


@router.put(
    "/{id}",
    status_code=202,
    response_model=None,
    responses={
        200: {"description": "The job is there already; this is how it stands", "model": JobView},
        **_TAKEN,
        **problems(400, 404, 409, 413, 415, 422),
    },
    openapi_extra=_JSON,
)
async def create_or_attach_job(
    request: Request,
    id: Annotated[ClientId, Path(description="An id of your own")],
    caller: Writer,
    session: Session,
) -> Response:
    """Create a job under your own id, or attach to it when it is there: as often as you like, there is one job."""
    terms = await json_body(request, JobRequest)
    if terms.client_id not in (None, id):
        raise Unprocessable("The client_id is not the one in the path; leave it out.", pointer="/client_id")
    publish_after_commit(session)
    answer = await session.run_sync(lambda sync: _create_or_attach(sync, caller, id, terms))
    return answer.response()


def _create_or_attach(session: SyncSession, caller: Caller, client_id: str, terms: JobRequest) -> Answer:
    Accounts(session).lock(caller.account_id)  # so that two at once are one after the other
    job = Jobs(session, caller.account_id).with_client_id(client_id)
    if job is None:
        return intake.answer_of(intake.take_in(session, caller.account_id, terms, client_id=client_id))
    if job.fingerprint != intake.fingerprint_of(terms):
        raise Conflict(f"There is a job {client_id} already, of another request; choose another id, or delete it.")
    return Answer(200, job_json(job), {"Location": url_of(job.id)})


@router.get("", response_model=JobPage, responses=problems(422))
async def list_jobs(
    caller: Reader,
    session: Session,
    status: Annotated[list[JobStatus] | None, Query(description="Any of these", max_length=6)] = None,
    batch_id: Annotated[str | None, Query(max_length=48, pattern=NO_NUL)] = None,
    reference: Annotated[str | None, Query(max_length=500, pattern=NO_NUL)] = None,
    client_id: Annotated[str | None, Query(max_length=128, pattern=NO_NUL)] = None,
    created_after: Annotated[Moment | None, Query()] = None,
    created_before: Annotated[Moment | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = USUAL_LIMIT,
) -> Response:
    """The account's jobs, newest first."""
    wanted = JobFilter(status or (), batch_id, reference, client_id, created_after, created_before)
    jobs = await session.run_sync(lambda sync: Jobs(sync, caller.account_id).page(wanted, cursor, limit + 1))
    shown = jobs[:limit]
    following = f'"{shown[-1].id}"' if len(jobs) > limit else "null"
    page = f'{{"data":[{",".join(map(job_json, shown))}],"next_cursor":{following}}}'
    return Response(page, media_type="application/json")


@router.post("/{id}/cancel", response_model=JobView, responses=problems(404, 409))
async def cancel_job(id: JobIdPath, caller: Writer, session: Session) -> Response:
    """Stop a job now; workers leave it within seconds. A job that is canceled already stays so."""
    return await session.run_sync(lambda sync: _cancel(sync, caller, id))


def _cancel(session: SyncSession, caller: Caller, job_id: str) -> Response:
    job = Jobs(session, caller.account_id).get(job_id, lock=True)
    if job.status is not JobStatus.CANCELED:
        flow.cancel(session, job)
    return _shown(session, job)


@router.post(
    "/{id}/retry",
    status_code=202,
    response_model=JobView,
    responses=problems(400, 404, 409, 415, 422),
    openapi_extra=_RETRY,
)
async def retry_job(request: Request, id: JobIdPath, caller: Writer, session: Session) -> Response:
    """Go on with a job that failed, was canceled or expired, from what is done.

    One that has spent its budget goes on with a larger one, given in the body. What was spent before counts.
    """
    terms = await json_body(request, RetryTerms) if await request.body() else RetryTerms()
    publish_after_commit(session)
    return await session.run_sync(lambda sync: _retry(sync, caller, id, terms))


def _retry(session: SyncSession, caller: Caller, job_id: str, terms: RetryTerms) -> Response:
    job = intake.take_up_again(session, caller.account_id, job_id, flow.retry)
    job.options = {**job.options, **terms.model_dump(exclude_none=True)}
    return _shown(session, job, 202)


@router.delete("/{id}", status_code=204, responses=problems(404))
async def delete_job(id: JobIdPath, caller: Writer, held: Held) -> None:
    """Forget a job with all that belongs to it, its film too unless another job is of it; one under way is canceled."""
    async with held.transaction() as session:
        left = await session.run_sync(lambda sync: _forget(sync, caller, id))
    await asyncio.to_thread(_clear, left, held.store)


def _forget(session: SyncSession, caller: Caller, job_id: str) -> Leftovers:
    job = Jobs(session, caller.account_id).get(job_id, lock=True)
    if job.status in ACTIVE:
        flow.cancel(session, job)
    return forget(session, job)


def _clear(left: Leftovers, store: ObjectStore) -> None:
    try:
        left.clear(store)
    except Exception as error:  # the sweeper of orphans finds them later
        log.warning("objects of a forgotten job not deleted yet", error=str(error))


def _shown(session: SyncSession, job: Job, status: int = 200) -> Response:
    session.flush()
    session.refresh(job)
    return Response(job_json(job), status, {"Location": url_of(job.id)}, "application/json")
