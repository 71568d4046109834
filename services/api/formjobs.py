"""A job and its film in one form: the film is streamed to the store, then all of it enters the ledger at once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from fastapi import Request
from sqlalchemy.orm import Session

from services.api import films, intake
from services.api.auth import Caller
from services.api.bodies import checked, from_json
from services.api.forms import FormFields, read_form
from services.api.idempotency import IN_FLIGHT, Answer, once
from services.api.relay import publish_after_commit
from services.api.resources import Resources
from services.api.schemas.jobs import JobTerms
from services.api.streaming import film_stream
from services.backbone.clock import utc_now
from services.backbone.errors import BadRequest, Conflict, TooLarge, Unprocessable
from services.backbone.ids import new_id
from services.backbone.ledger.repositories.accounts import Accounts
from services.backbone.ledger.repositories.idempotency import Answers
from services.backbone.ledger.tables import Upload, UploadState
from services.backbone.objects.keys import upload_key
from services.backbone.objects.writer import Stored
from services.backbone.settings import MIB
from soundstage.errors import SoundstageError

_DOCUMENTS = ("options", "webhook")
# Boundaries, headers and fields beside the film.
_FORM_ITSELF = 2 * MIB

log = structlog.get_logger()


@dataclass(frozen=True)
class Submission:
    """A form that arrived whole; `film` lies in the store under the key of `upload_id`."""

    upload_id: str
    terms: JobTerms
    film: Stored
    filename: str
    content_type: str

    @property
    def fingerprint(self) -> str:
        """What tells the request from another."""
        return intake.fingerprint_of(
            self.terms, "create_job", self.terms.client_id or "", self.filename, self.film.sha256
        )


async def job_of_form(request: Request, caller: Caller, held: Resources, key: str | None) -> Answer:
    """Take in a job by form.

    Args:
        request: whose body is the form.
        caller: whose job it is.
        held: the process's resources.
        key: the client's Idempotency-Key. A film that came with it before is compared, and not kept again.

    Raises:
        BadRequest: the form cannot be read, or has no film.
        BadFilm: what it has is plainly no film.
        Conflict: the same request is worked on just now.
        TooLarge, TooMany: there is no room for the film, or for the job.
    """
    with _flight(held, caller, key):
        async with held.transaction() as session:
            room, is_known = await session.run_sync(lambda sync: _prepare(sync, caller, key))
        _check_length(request, room)
        upload_id = new_id("up")
        object_key = None if is_known else upload_key(caller.account_id, upload_id)
        async with film_stream(held.store, object_key, room) as stream:
            fields = await read_form(request.headers["content-type"], request.stream(), stream.begin, stream.write)
            terms = terms_of(fields)
            submission = Submission(upload_id, terms, await stream.finish(), stream.filename, stream.content_type)
        return await _submit(held, caller, key, submission)


async def _submit(held: Resources, caller: Caller, key: str | None, submission: Submission) -> Answer:
    """Enter a form that arrived whole into the ledger; a film that comes to nothing is deleted again."""
    is_entered = False

    def work(session: Session) -> Answer:
        nonlocal is_entered
        is_entered = True
        return intake.answer_of(_enter(session, caller, submission))

    try:
        async with held.transaction() as session:
            publish_after_commit(session)
            answer = await session.run_sync(
                lambda sync: once(sync, caller.account_id, key, submission.fingerprint, lambda: work(sync))
            )
    except SoundstageError:  # after any other, the ledger may have it all the same; the sweeper of orphans knows
        await _delete(held, submission.film.key)
        raise
    if not is_entered:
        await _delete(held, submission.film.key)
    return answer


def terms_of(fields: FormFields) -> JobTerms:
    """What the fields ask for. Raises BadRequest, Unprocessable or ValidationError."""
    if fields.film is None:
        raise BadRequest("The form has no film; send it as the field file.")
    given: dict[str, object] = {name: value for name, value in fields.values.items() if value}  # as pages send blanks
    for name in _DOCUMENTS:
        if name in given:
            given[name] = _document(name, fields.values[name])
    return checked(given, JobTerms)


def _document(name: str, text: str) -> object:
    try:
        return from_json(text)
    except BadRequest as error:
        raise Unprocessable(f"The field {name} is no JSON; send a JSON object.", pointer=f"/{name}") from error


@contextmanager
def _flight(held: Resources, caller: Caller, key: str | None) -> Iterator[None]:
    """Refuse a second form with the same key while the first comes in; another process's is noticed at the end."""
    flight = (caller.account_id, key)
    if key is None:
        yield
        return
    if flight in held.flights:
        raise Conflict(IN_FLIGHT, wait=1.0)
    held.flights.add(flight)
    try:
        yield
    finally:
        held.flights.discard(flight)


def _prepare(session: Session, caller: Caller, key: str | None) -> tuple[int, bool]:
    """Before the film is read: how many bytes it may have, and whether the key was answered before."""
    is_known = key is not None and Answers(session, caller.account_id).find(key) is not None
    if not is_known:
        intake.check_quotas(session, Accounts(session).lock(caller.account_id))
    return films.room_for(session, caller.account_id), is_known


def _check_length(request: Request, room: int) -> None:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > room + _FORM_ITSELF:
        raise TooLarge(f"The form has {length[:20]} bytes, and there is room for {room}; send a smaller film.")


def _enter(session: Session, caller: Caller, submission: Submission) -> intake.Taken:
    account = Accounts(session).lock(caller.account_id)
    films.check_room(session, caller.account_id, submission.film.bytes)
    upload = Upload(
        id=submission.upload_id,
        account_id=caller.account_id,
        state=UploadState.WAITING,
        filename=submission.filename,
        content_type=submission.content_type,
        size=0,  # counted as an asset
        parts={},
        object_key=submission.film.key,
        store_upload="",
        created_at=utc_now(),
        expires_at=utc_now() + films.life_of_upload(),
    )
    session.add(upload)
    session.flush()
    film = submission.film
    films.keep(session, upload, films.Arrived(film.key, submission.content_type, film.bytes, film.sha256))
    return intake.begin(session, account, submission.terms, intake.film_of(upload))


async def _delete(held: Resources, key: str) -> None:
    if not key:
        return
    try:
        await asyncio.to_thread(held.store.delete, [key])
    except Exception as error:  # the sweeper of orphans finds it later
        log.warning("a film that is not needed is not deleted yet", key=key, error=str(error))
