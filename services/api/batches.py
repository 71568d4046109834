"""Takes many jobs in at once: what is wrong with one is told with it, and is no matter to the others.

A thousand jobs are a second's work, which is why it is done with few questions to the ledger, and in a thread.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy.orm import Session

from services.api import intake
from services.api.bodies import checked
from services.api.problems import pointer_to, title_of, type_of
from services.api.schemas.batches import BatchItems, ItemResult
from services.api.schemas.jobs import JobRequest
from services.api.schemas.problems import Fault, Problem
from services.api.views import url_of
from services.backbone.dispatch import flow
from services.backbone.dispatch.ranking import next_ranks
from services.backbone.errors import Conflict, ServiceError, TooMany
from services.backbone.ids import new_id
from services.backbone.ledger.repositories.accounts import Accounts
from services.backbone.ledger.repositories.batches import Batches
from services.backbone.ledger.repositories.jobs import Jobs
from services.backbone.ledger.repositories.uploads import Uploads
from services.backbone.ledger.tables import Account, Batch, Job
from services.backbone.ledger.tables.base import Document
from services.backbone.webhooks.messages import asked_once
from soundstage.errors import SoundstageError

_MOST_FAULTS = 5
_MOST_REFUSED = 1000
_QUOTA_WAIT = 30.0


@dataclass(frozen=True)
class _Item:
    """One item, as far as it has come: a request, then a job; or why it is refused."""

    index: int
    client_id: str | None
    request: JobRequest | None = None
    fingerprint: str = ""
    job: Job | None = None
    is_new: bool = False
    secret: str | None = None
    problem: Problem | None = None

    def result(self) -> ItemResult:
        """What is told of it."""
        done = "created" if self.is_new else "attached"
        return ItemResult(
            index=self.index,
            client_id=self.client_id,
            outcome=done if self.job else "refused",
            job_id=self.job.id if self.job else None,
            status_url=url_of(self.job.id) if self.job else None,
            webhook_secret=self.secret,
            problem=self.problem,
        )


def open_batch(session: Session, account_id: str, reference: str | None) -> Batch:
    """The batch of that name, or a new one.

    Raises:
        Conflict: it was canceled.
    """
    Accounts(session).lock(account_id)  # so that two at once make one batch
    batches = Batches(session, account_id)
    batch = batches.with_reference(reference, lock=True) if reference is not None else None
    if batch is None:
        return batches.add(Batch(id=new_id("batch"), account_id=account_id, reference=reference, errors={}))
    check_open(batch)
    return batch


def lock_account(session: Session, account_id: str) -> None:
    """Before a batch of it is locked: always in this order, so that no two wait for each other."""
    Accounts(session).lock(account_id)


def check_open(batch: Batch) -> None:
    """Raises Conflict when the batch was canceled."""
    if batch.canceled_at is not None:
        raise Conflict("The batch was canceled; begin another.")


def take_in(session: Session, batch: Batch, body: BatchItems) -> list[ItemResult]:
    """Make jobs of items. Those whose `client_id` is known are attached to, so that a call may be repeated.

    Args:
        session: of the transaction; the account's row is locked in it.
        batch: locked.
        body: the items, and what holds for all of them.
    """
    account = Accounts(session).lock(batch.account_id)
    read = [_read(index, item, body.defaults) for index, item in enumerate(body.items)]
    items = _Intake(session, account, batch, read).decide(read)
    done = _begin(session, account, items)
    _note_refused(batch, done)
    return [item.result() for item in done]


class _Intake:
    """Decides over each item, with answers that were fetched for all of them."""

    def __init__(self, session: Session, account: Account, batch: Batch, items: Sequence[_Item]) -> None:
        requests = [item.request for item in items if item.request]
        jobs = Jobs(session, account.id)
        self._account = account
        self._batch = batch
        self._known = jobs.with_client_ids([request.client_id for request in requests if request.client_id])
        self._uploads = Uploads(session, account.id).several([r.upload_id for r in requests if r.upload_id])
        self._room = _room(account, jobs)

    def decide(self, items: Sequence[_Item]) -> list[_Item]:
        """Each item with its job, new or known, or with a problem."""
        return [self._decided(item) if item.request else item for item in items]

    def _decided(self, item: _Item) -> _Item:
        assert item.request
        known = self._known.get(item.client_id or "")
        try:
            job = self._attached(item, known) if known else self._made(item, item.request)
        except SoundstageError as error:
            return replace(item, problem=_problem(error, f"/items/{item.index}"))
        return replace(item, job=job, is_new=known is None)

    def _attached(self, item: _Item, job: Job) -> Job:
        if job.fingerprint != item.fingerprint:
            raise Conflict(f"There is a job {job.client_id} already, of another request; choose another client_id.")
        if job.batch_id not in (None, self._batch.id):
            raise Conflict(f"The job {job.client_id} belongs to another batch; choose another client_id.")
        job.batch_id = self._batch.id
        return job

    def _made(self, item: _Item, request: JobRequest) -> Job:
        intake.check_terms(request)
        if request.upload_id is None:
            film = intake.foreign_film(request)
        else:
            film = intake.uploaded_film(*self._uploads.get(request.upload_id, (None, False)))
        self._take_room()
        job = intake.new_job(self._account, request, film, 0.0, client_id=request.client_id, batch_id=self._batch.id)
        if request.client_id:
            self._known[request.client_id] = job
        return job

    def _take_room(self) -> None:
        if self._room <= 0:
            raise TooMany("The account has as much under way as it may; send it again later.", wait=_QUOTA_WAIT)
        self._room -= 1


def _room(account: Account, jobs: Jobs) -> float:
    """How many more jobs the account may have under way."""
    if account.max_minutes is not None and jobs.active_minutes() >= account.max_minutes:
        return 0
    return float("inf") if account.max_jobs is None else account.max_jobs - jobs.active()


def _begin(session: Session, account: Account, items: Sequence[_Item]) -> list[_Item]:
    """Write the new jobs, and let them begin in the order in which they came."""
    new = [item.job for item in items if item.job and item.is_new]
    for job, rank in zip(new, next_ranks(session, account, len(new)), strict=True):
        job.rank = rank
    session.add_all(new)
    session.flush()
    called_back = [_with_endpoint(session, item) for item in items]
    with session.no_autoflush, asked_once(session, new):  # one question and one flush for all, not one for each
        for job in new:
            flow.start(session, job)
    session.flush()
    return called_back


def _with_endpoint(session: Session, item: _Item) -> _Item:
    if not (item.is_new and item.job and item.request and item.request.webhook):
        return item
    return replace(item, secret=intake.call_back(session, item.job, item.request.webhook))


def _read(index: int, item: object, defaults: Document) -> _Item:
    """An item with what holds for all."""
    given = item if isinstance(item, Mapping) else {}
    client_id = given.get("client_id")
    read = _Item(index, client_id if isinstance(client_id, str) else None)
    try:
        request = checked(_merged(item, defaults), JobRequest)
    except (ValidationError, ServiceError) as error:
        return replace(read, problem=_problem(error, f"/items/{index}", given, defaults))
    return replace(read, request=request, fingerprint=intake.fingerprint_of(request))


def _merged(item: object, defaults: Document) -> object:
    if not isinstance(item, Mapping):
        return item
    general, own = defaults.get("options"), item.get("options")
    options = {"options": {**general, **own}} if isinstance(general, Mapping) and isinstance(own, Mapping) else {}
    return {**defaults, **item, **options}


def _problem(
    error: ValidationError | SoundstageError,
    place: str,
    item: Mapping[str, Any] | None = None,
    defaults: Document | None = None,
) -> Problem:
    """A problem whose pointers lead into the body of the request."""
    found: list[tuple[str | None, str]]
    if isinstance(error, ValidationError):
        kind, status = "invalid", 422
        found = [(pointer_to(each["loc"]), each["msg"].removeprefix("Value error, ")) for each in error.errors()]
    else:
        kind, status = error.kind, error.status
        found = [(getattr(error, "pointer", None), str(error))]
    faults = [
        Fault(detail=detail, pointer=_base(pointer, place, item or {}, defaults or {}) + pointer)
        for pointer, detail in found[:_MOST_FAULTS]
        if pointer is not None
    ]
    return Problem(
        type=type_of(kind),
        title=title_of(kind, status),
        status=status,
        detail=f"{faults[0].pointer}: {found[0][1]}." if kind == "invalid" else str(error),
        instance=structlog.contextvars.get_contextvars().get("request_id", ""),
        errors=faults or None,
    )


def _base(pointer: str, place: str, item: Mapping[str, Any], defaults: Document) -> str:
    """Whether the member at fault stands in the item or in the defaults."""
    return "/defaults" if _has(defaults, pointer) and not _has(item, pointer) else place


def _has(value: object, pointer: str) -> bool:
    for name in pointer.split("/")[1:]:
        if not isinstance(value, Mapping) or name not in value:
            return False
        value = value[name]
    return pointer != ""


def _note_refused(batch: Batch, items: Sequence[_Item]) -> None:
    """Keep what was refused until it comes again, by the client's id."""
    errors = dict(batch.errors)
    for item in items:
        key = item.client_id or f"#{len(errors)}"
        if item.problem is None:
            errors.pop(key, None)
        elif len(errors) < _MOST_REFUSED or key in errors:
            kind = item.problem.type.rpartition("/")[2]
            errors[key] = {"client_id": item.client_id, "kind": kind, "detail": item.problem.detail}
    batch.errors = errors
