"""Requests that may come twice: with an `Idempotency-Key`, the second is answered as the first, and does nothing.

The lock on a key and the answer under it belong to the transaction that does the work. So an answer is kept exactly
when the work is, and a process that dies leaves no key that would be in flight for ever. Errors are not kept. Answers
lie sealed in the ledger, for some tell the secret of a webhook.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Header
from sqlalchemy.orm import Session
from starlette.responses import Response

from services.backbone.errors import BadSetting, Conflict, Unprocessable
from services.backbone.ledger.repositories.idempotency import Answers
from services.backbone.ledger.tables import IdempotencyKey
from services.backbone.sealing import seal, unseal

REPLAYED = "Idempotent-Replayed"
_HEADER = "Idempotency-Key"
_WAIT = 1.0
IN_FLIGHT = "A request with this Idempotency-Key is worked on just now; repeat it in a moment."
_ANSWERED = "This request was answered before the service's secret changed; look for what it made in the list."

IdempotencyKeyHeader = Annotated[
    str | None,
    Header(
        alias=_HEADER,
        min_length=1,
        max_length=255,
        pattern=r"^[\x20-\x7e]+$",
        description="Makes the request safe to repeat for 24 hours: the same key with the same body does nothing more",
    ),
]


@dataclass(frozen=True)
class Answer:
    """What a request is answered; `body` is JSON."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """As it is sent."""
        return Response(self.body, self.status, self.headers, "application/json")


def once(session: Session, account_id: str, key: str | None, fingerprint: str, work: Callable[[], Answer]) -> Answer:
    """The answer to a request: of `work`, or the one that was given before.

    Args:
        session: of the transaction in which `work` is done.
        account_id: whose request it is.
        key: the client's; without one the work is simply done.
        fingerprint: what tells the request from another.
        work: does what is asked for.

    Raises:
        Conflict: the same request is worked on just now, or was answered under another secret of the service.
        Unprocessable: the key came with another request before.
    """
    if key is None:
        return work()
    answers = Answers(session, account_id)
    if not answers.hold(key):
        raise Conflict(IN_FLIGHT, wait=_WAIT)
    known = answers.find(key)
    if known is not None:
        return _again(known, fingerprint)
    answer = work()
    answers.keep(key, fingerprint, answer.status, seal(answer.body), answer.headers)
    return answer


def _again(known: IdempotencyKey, fingerprint: str) -> Answer:
    if known.fingerprint != fingerprint:
        raise Unprocessable("This Idempotency-Key came with another request before; use a new key for a new request.")
    try:
        body = unseal(known.body or "")
    except BadSetting as error:
        raise Conflict(_ANSWERED) from error
    return Answer(known.status or 200, body, {**(known.headers or {}), REPLAYED: "true"})
