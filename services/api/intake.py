"""Takes jobs in: checks the account's quotas, finds the film, and lets the first step begin.

Used by the routes for single jobs and for batches; all of it happens in the request's transaction.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from services.api.idempotency import Answer
from services.api.schemas.jobs import JobRequest, JobTerms, JobWebhook
from services.api.views import created_json, url_of
from services.backbone import tracing
from services.backbone.clock import utc_now
from services.backbone.dispatch import flow
from services.backbone.dispatch.ranking import next_rank
from services.backbone.errors import BadRequest, Conflict, NotFound, TooMany, Unprocessable
from services.backbone.ids import new_id
from services.backbone.ledger.repositories.accounts import Accounts
from services.backbone.ledger.repositories.jobs import Jobs
from services.backbone.ledger.repositories.uploads import NO_UPLOAD, Uploads
from services.backbone.ledger.tables import Account, Job, Upload, UploadState
from services.backbone.ledger.tables.base import Document
from services.backbone.net.guard import Guard
from services.backbone.options import JobOptions
from services.backbone.settings import settings
from services.backbone.webhooks import endpoints, signing
from soundstage.agents.llm.settings import agent_settings
from soundstage.agents.names import CastName

_JOBS_WAIT = 30.0


@dataclass(frozen=True)
class Film:
    """Where a film comes from; one that lies in the store is an asset."""

    source: Document
    asset_id: str | None = None


@dataclass(frozen=True)
class Taken:
    """A job that was taken in. `webhook_secret` is told once, when it was made here."""

    job: Job
    webhook_secret: str | None = None


def take_in(
    session: Session, account_id: str, request: JobRequest, *, client_id: str | None = None, batch_id: str | None = None
) -> Taken:
    """Make a job of a request.

    Args:
        session: of the transaction; the account's row is locked in it.
        account_id: whose job it is.
        request: what is asked for.
        client_id: the client's own id, where it does not stand in the request.
        batch_id: the batch it belongs to.

    Raises:
        Conflict: the client's id is taken, or the upload is not complete.
        NotFound: there is no such upload.
        TooMany: a quota is used up.
        Refused: an address that we do not connect to.
        Unprocessable: the deadline has passed, or the bucket is none that is read from.
    """
    account = Accounts(session).lock(account_id)
    film = find_film(session, account_id, request)
    return begin(session, account, request, film, client_id=client_id, batch_id=batch_id)


def begin(
    session: Session,
    account: Account,
    terms: JobTerms,
    film: Film,
    *,
    client_id: str | None = None,
    batch_id: str | None = None,
) -> Taken:
    """As `take_in`, for an account that is locked and a film that was found."""
    client_id = client_id or terms.client_id
    _check(session, account, terms, client_id)
    job = new_job(account, terms, film, next_rank(session, account), client_id=client_id, batch_id=batch_id)
    session.add(job)
    session.flush()
    secret = call_back(session, job, terms.webhook) if terms.webhook else None
    flow.start(session, job)
    session.flush()
    session.refresh(job)
    return Taken(job, secret)


def new_job(
    account: Account, terms: JobTerms, film: Film, rank: float, *, client_id: str | None, batch_id: str | None
) -> Job:
    """The row of a job whose terms were checked."""
    return Job(
        id=new_id("job"),
        account_id=account.id,
        client_id=client_id,
        batch_id=batch_id,
        reference=terms.reference,
        priority=terms.priority,
        rank=rank,
        options=terms.options.model_dump(mode="json"),
        source=film.source,
        asset_id=film.asset_id,
        fingerprint=fingerprint_of(terms),
        traceparent=tracing.current_traceparent(),
        deadline_at=terms.deadline,
        keep=terms.expires_in,
    )


def answer_of(taken: Taken) -> Answer:
    """What a client is told of a job that was taken in."""
    structlog.contextvars.bind_contextvars(job=taken.job.id)
    return Answer(202, created_json(taken.job, taken.webhook_secret), {"Location": url_of(taken.job.id)})


def fingerprint_of(terms: JobTerms, *more: str) -> str:
    """What tells one request from another: a hash over all that is asked for, in whatever order and words.

    A default that is spelled out asks for nothing else than one that is left out, and `client_id` is the name of a
    request, which stands in the path of some.
    """
    given = terms.model_dump(mode="json", exclude_defaults=True, exclude={"client_id"})
    return hashlib.sha256(json.dumps([given, *more], sort_keys=True).encode()).hexdigest()


def find_film(session: Session, account_id: str, request: JobRequest) -> Film:
    """Where the film of a request comes from. Raises as `take_in`."""
    if request.upload_id is None:
        return foreign_film(request)
    uploads = Uploads(session, account_id)
    upload = uploads.find(request.upload_id)
    held = upload is not None and upload.asset_id is not None and uploads.holds_film(upload.asset_id)
    return uploaded_film(upload, held)


def foreign_film(request: JobRequest) -> Film:
    """The film of a request that names no upload. Raises as `take_in`."""
    if request.url is not None:
        Guard(settings().allow_loopback).check(request.url, pointer="/url")
        return Film({"kind": "url", "url": request.url})
    bucket, _, key = (request.s3 or "").removeprefix("s3://").partition("/")
    if bucket not in settings().source_buckets:
        raise Unprocessable(f"The bucket {bucket} is not one that films are read from; upload the film.", pointer="/s3")
    return Film({"kind": "s3", "bucket": bucket, "key": key})


def uploaded_film(upload: Upload | None, held: bool) -> Film:
    """The film of an upload; `held` says whether its asset is there, and stays. Raises as `take_in`."""
    if upload is None:
        raise NotFound(NO_UPLOAD, pointer="/upload_id")
    if upload.state is not UploadState.COMPLETED:
        raise Conflict(f"The upload is {upload.state.value}; complete it first.", pointer="/upload_id")
    if not held:
        raise Conflict("The film of this upload is gone, with the jobs that used it; upload it again.")
    return film_of(upload)


def film_of(upload: Upload) -> Film:
    """The film of an upload that is complete."""
    return Film({"kind": "upload", "upload_id": upload.id, "name": upload.filename}, upload.asset_id)


def _check(session: Session, account: Account, terms: JobTerms, client_id: str | None) -> None:
    check_terms(terms)
    if client_id is not None and Jobs(session, account.id).with_client_id(client_id) is not None:
        raise Conflict(f"There is a job {client_id} already; PUT /v1/jobs/{client_id} attaches to it.")
    check_quotas(session, account)


def check_terms(terms: JobTerms) -> None:
    """Look at what the ledger need not be asked about.

    Raises:
        Unprocessable: the deadline has passed, the webhook's secret is none, or nobody here can do what is asked.
        Refused: the webhook's address is not one that we connect to.
    """
    _check_cast(terms.options)
    if terms.deadline is not None and terms.deadline <= utc_now():
        raise Unprocessable("The deadline has passed already; give a time that lies ahead.", pointer="/deadline")
    if terms.webhook is not None:
        _check_webhook(terms.webhook)


def _check_cast(options: JobOptions) -> None:
    if options.narrate and options.cast is CastName.HOUSE:
        raise Unprocessable(
            "The house cast writes no lines for a narrator; choose the cast llm, or give the lines as speech.",
            pointer="/options/narrate",
        )
    if options.cast is CastName.LLM and not agent_settings().is_complete:
        raise Unprocessable(
            "The cast llm asks models, and this service has none; choose the cast house, or have its operator set "
            "SOUNDSTAGE_AGENTS__MODEL.",
            pointer="/options/cast",
        )


def _check_webhook(webhook: JobWebhook) -> None:
    Guard(settings().allow_loopback).check(webhook.url, pointer="/webhook/url")
    if webhook.secret is not None:
        _check_secret(webhook.secret)


def check_quotas(session: Session, account: Account) -> None:
    """Raises TooMany when the account, whose row is locked, has as much under way as it may."""
    jobs = Jobs(session, account.id)
    quotas: tuple[tuple[str, float | None, Callable[[], float]], ...] = (
        ("jobs under way", account.max_jobs, jobs.active),
        ("minutes of film under way", account.max_minutes, jobs.active_minutes),
    )
    for what, most, count in quotas:
        if most is not None and count() >= most:
            raise TooMany(f"The account may have {most:g} {what}; wait until some have ended.", wait=_JOBS_WAIT)


def call_back(session: Session, job: Job, webhook: JobWebhook) -> str | None:
    """Make the job's own endpoint, which was checked; returns its secret if it was made here."""
    _, secret = endpoints.register(session, job.account_id, webhook.url, webhook.events, job.id, webhook.secret)
    return None if webhook.secret else secret


def _check_secret(secret: str) -> None:
    try:
        signing.check_secret(secret)
    except BadRequest as error:
        raise Unprocessable(str(error), pointer="/webhook/secret") from error


def take_up_again(session: Session, account_id: str, job_id: str, begin: Callable[[Session, Job], None]) -> Job:
    """Let a job that has ended begin another round, as far as the account's quotas allow.

    Args:
        session: of the transaction; the account's row and the job's are locked in it, in this order.
        account_id: whose job it is.
        job_id: which.
        begin: of the flow: how it begins.

    Raises:
        NotFound: the account has no such job.
        TooMany: a quota is used up.
        Conflict: the job does not stand so that it could.
    """
    account = Accounts(session).lock(account_id)
    job = Jobs(session, account_id).get(job_id, lock=True)
    check_quotas(session, account)
    begin(session, job)
    return job
