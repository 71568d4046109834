"""Jobs: begun, looked at, waited for, stopped."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from soundstage.client.calls.events import follow
from soundstage.client.core import Core
from soundstage.client.errors import JobFailed
from soundstage.client.models import Job
from soundstage.client.pages import walk
from soundstage.client.request import delete, get, post, put

_JOBS = "/v1/jobs"


async def submit(
    core: Core,
    *,
    upload_id: str | None = None,
    url: str | None = None,
    s3: str | None = None,
    options: Mapping[str, Any] | None = None,
    client_id: str | None = None,
    reference: str | None = None,
    priority: str | None = None,
    deadline: datetime | None = None,
    expires_in: int | None = None,
    webhook: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> Job:
    """Begin a job. Interrupted connections make no second one: the request carries an Idempotency-Key.

    Args:
        core: of the client.
        upload_id: a completed upload.
        url: an https address that the service fetches the film from.
        s3: `s3://bucket/key` in a bucket that the service's operator allows.
        options: how the film is to be dubbed, as `JobOptions` in the service's documentation.
        client_id: an id of your own; a job that has it already is returned, if it was of the same request.
        reference: any text of yours.
        priority: "normal" or "bulk".
        deadline: when the result is of no use any more.
        expires_in: seconds for which the result is kept.
        webhook: whom to call about this job alone: `{"url": ..., "events": [...], "secret": ...}`.
        idempotency_key: of your own; one is made when left out.

    Raises:
        Invalid: an option or the source is not acceptable.
        Conflict: the client id is taken by another request, or the upload is not complete.
        TooMany: a quota is used up.
    """
    body: dict[str, Any] = {
        "upload_id": upload_id,
        "url": url,
        "s3": s3,
        "options": dict(options) if options else None,
        "reference": reference,
        "priority": priority,
        "deadline": deadline.isoformat() if deadline else None,
        "expires_in": expires_in,
        "webhook": dict(webhook) if webhook else None,
    }
    given = {name: value for name, value in body.items() if value is not None}
    if client_id is not None:
        return await core.ask(put(f"{_JOBS}/{quote(client_id, safe='')}", given), Job)
    headers = {"Idempotency-Key": idempotency_key or uuid4().hex}
    return await core.ask(post(_JOBS, given, repeatable=True, headers=headers), Job)


async def job(core: Core, id: str) -> Job:
    """How a job stands."""
    return await core.ask(get(_at(id)), Job)


def jobs(
    core: Core,
    *,
    status: Sequence[str] = (),
    batch_id: str | None = None,
    reference: str | None = None,
    client_id: str | None = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
    most: int | None = None,
) -> AsyncGenerator[Job, None]:
    """The account's jobs, newest first; all of them, or the first `most`."""
    query = {
        "status": list(status) or None,
        "batch_id": batch_id,
        "reference": reference,
        "client_id": client_id,
        "created_after": created_after.isoformat() if created_after else None,
        "created_before": created_before.isoformat() if created_before else None,
    }
    return walk(core, _JOBS, Job, most, **query)


async def cancel(core: Core, id: str) -> Job:
    """Stop a job now. Raises Conflict when it has ended otherwise."""
    return await core.ask(post(f"{_at(id)}/cancel", repeatable=True), Job)


async def retry(core: Core, id: str, *, most_tokens: int | None = None, most_dollars: float | None = None) -> Job:
    """Go on with a job that failed, was canceled or expired, from what is done. Raises Conflict otherwise.

    Args:
        core: of the client.
        id: of the job.
        most_tokens: what it may spend on models from now on, with what it has spent; None leaves it as it was.
        most_dollars: the same in US dollars.
    """
    given = {"most_tokens": most_tokens, "most_dollars": most_dollars}
    stated = {name: value for name, value in given.items() if value is not None}
    return await core.ask(post(f"{_at(id)}/retry", stated or None), Job)


async def forget(core: Core, id: str) -> None:
    """Delete a job with all that belongs to it."""
    await core.send(delete(_at(id)))


async def render(core: Core, id: str) -> Job:
    """Make anew what edits of the cue sheet made stale. Raises Conflict when there is nothing to do."""
    return await core.ask(post(f"{_at(id)}/render"), Job)


async def wait(core: Core, id: str, *, check: bool = True) -> Job:
    """Wait until a job is over.

    Args:
        core: of the client.
        id: of the job.
        check: False returns a job that did not succeed like any other.

    Raises:
        JobFailed: it did not succeed; the error has the kind that the job has.
    """
    async with aclosing(follow(core, id)) as events:
        async for _ in events:
            pass
    ended = await job(core, id)
    if check and ended.status != "succeeded":
        raise failure(ended)
    return ended


def failure(ended: Job) -> JobFailed:
    """The error of a job that did not succeed."""
    kind = str((ended.error or {}).get("kind") or ended.status)
    return JobFailed(ended.why, kind=kind, status=409)


def _at(id: str) -> str:
    return f"{_JOBS}/{quote(id, safe='')}"
