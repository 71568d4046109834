"""What webhooks are told: one message an event, one pending delivery for each endpoint that wants it.

A message is thin (a summary and where to ask for more) and stays under 20 kB, as Standard Webhooks asks for.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import func
from sqlalchemy.orm import Session

from services.backbone.clock import utc_now
from services.backbone.ids import new_id
from services.backbone.ledger.repositories.webhooks import Endpoints
from services.backbone.ledger.tables import Delivery, Endpoint, Job, Message
from services.backbone.ledger.tables.base import Document
from services.backbone.settings import settings

# What an endpoint that names no events is told.
USUAL = ("job.running", "job.succeeded", "job.failed", "job.canceled", "job.expired")
OFFERED = (*USUAL, "job.stage")
TEST = "webhook.test"

_MOST_BYTES = 20_000
_LONGEST_TEXT = 2000
_KNOWN = "endpoints"


def announce(session: Session, job: Job, type: str, data: Document) -> None:
    """Write the message about an event of a job, for the endpoints that want it; nothing when none does."""
    if type not in OFFERED:
        return
    wanting = [endpoint for endpoint in _called_for(session, job) if type in (endpoint.events or USUAL)]
    if not wanting:
        return
    message = Message(
        id=new_id("msg"),
        account_id=job.account_id,
        job_id=job.id,
        type=type,
        payload=_payload(type, _summary(job), data),
    )
    session.add(message)
    session.flush()  # without a relationship, nothing else says that the message comes first
    for endpoint in wanting:
        session.add(first_delivery(message, endpoint))


@contextmanager
def asked_once(session: Session, jobs: Sequence[Job]) -> Iterator[None]:
    """Within it, endpoints are not asked for with every event of these jobs of one account, and none are added."""
    account_id = jobs[0].account_id if jobs else ""
    session.info[_KNOWN] = Endpoints(session, account_id).called_for([job.id for job in jobs]) if jobs else ()
    try:
        yield
    finally:
        del session.info[_KNOWN]


def _called_for(session: Session, job: Job) -> Sequence[Endpoint]:
    known: Sequence[Endpoint] | None = session.info.get(_KNOWN)
    if known is None:
        return Endpoints(session, job.account_id).called_for([job.id])
    return [endpoint for endpoint in known if endpoint.job_id in (None, job.id)]


def first_delivery(message: Message, endpoint: Endpoint) -> Delivery:
    """The first attempt of a series, due now; each failure brings the next."""
    return Delivery(id=new_id("del"), message_id=message.id, endpoint_id=endpoint.id, number=1, due_at=func.now())


def test_message(endpoint: Endpoint) -> Message:
    """A message that only says that the endpoint is reached."""
    payload = _payload(TEST, {"endpoint_id": endpoint.id, "url": endpoint.url}, {})
    return Message(id=new_id("msg"), account_id=endpoint.account_id, job_id=None, type=TEST, payload=payload)


def body_of(message: Message) -> bytes:
    """The bytes that are signed and sent; the same at every attempt."""
    return json.dumps(message.payload, separators=(",", ":"), ensure_ascii=False).encode()


def _payload(type: str, summary: Mapping[str, object], event: Document) -> Document:
    payload: Document = {"type": type, "timestamp": utc_now().isoformat(), "data": {**summary}}
    if event and _size({**payload, "event": event}) <= _MOST_BYTES:
        payload["data"]["event"] = event
    return payload


def _size(payload: Document) -> int:
    return len(json.dumps(payload, ensure_ascii=False).encode())


def _summary(job: Job) -> Mapping[str, object]:
    here = f"{settings().public_url.rstrip('/')}/v1/jobs/{job.id}"
    return {
        "id": job.id,
        "client_id": job.client_id,
        "reference": job.reference,
        "batch_id": job.batch_id,
        "status": job.status,
        "stage": job.stage,
        "error": {key: _short(value) for key, value in job.error.items()} if job.error else None,
        "urls": {"status": here, "events": f"{here}/events", "artifacts": f"{here}/artifacts"},
    }


def _short(value: object) -> object:
    if isinstance(value, str):
        return value[:_LONGEST_TEXT]
    return value if len(json.dumps(value)) <= _LONGEST_TEXT else None
