"""Webhook endpoints: registered, changed, given a new secret, tried out."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.backbone.errors import Conflict
from services.backbone.ids import new_id
from services.backbone.ledger.repositories.accounts import Accounts
from services.backbone.ledger.repositories.webhooks import Deliveries, Endpoints, Line
from services.backbone.ledger.tables import Delivery, Endpoint, EndpointState, Message
from services.backbone.sealing import seal
from services.backbone.webhooks.deliveries import LEASE, Parcel, pack, write_outcome
from services.backbone.webhooks.messages import first_delivery, test_message
from services.backbone.webhooks.sending import Outcome
from services.backbone.webhooks.signing import make_secret

MOST_ENDPOINTS = 50
OLD_SECRET_LIFE = timedelta(hours=24)


def register(
    session: Session,
    account_id: str,
    url: str,
    events: Sequence[str] = (),
    job_id: str | None = None,
    secret: str | None = None,
) -> tuple[Endpoint, str]:
    """A new endpoint, and its secret, which nothing can show again.

    Args:
        session: of the transaction.
        account_id: whose.
        url: checked by a Guard.
        events: what it is told of; the usual ones when there are none.
        job_id: the only job that it is told of.
        secret: the client's own, checked; one is made when None.

    Raises:
        Conflict: the account has as many as it may have.
    """
    secret = secret or make_secret()
    endpoint = Endpoint(
        id=new_id("hook"), account_id=account_id, job_id=job_id, url=url, events=list(events), secret=seal(secret)
    )
    endpoints = Endpoints(session, account_id)
    if job_id is None:
        Accounts(session).lock(account_id)  # so that two at once are counted one after the other
        _check_room(endpoints.count())
    return endpoints.add(endpoint), secret


def _check_room(count: int) -> None:
    if count >= MOST_ENDPOINTS:
        raise Conflict(f"The account has {MOST_ENDPOINTS} webhook endpoints, the most it may; delete one of them.")


def rotate(endpoint: Endpoint, now: datetime) -> str:
    """A new secret; for a day the old one signs too, so that the receiver can change over at its ease."""
    secret = make_secret()
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, now + OLD_SECRET_LIFE
    endpoint.secret = seal(secret)
    return secret


def enable(endpoint: Endpoint) -> None:
    """Call it again, and begin to count failures anew; what was dropped stays so until it is asked for."""
    endpoint.state = EndpointState.ENABLED
    endpoint.disabled_why = endpoint.failing_since = None


def redeliver(session: Session, account_id: str, delivery_id: str) -> tuple[Delivery, Message]:
    """Begin a new series of attempts at a message that was delivered, failed or dropped.

    Raises:
        NotFound: there is no such delivery.
        Conflict: an attempt waits already, or the endpoint is disabled.
    """
    deliveries = Deliveries(session, account_id)
    delivery, message = deliveries.get(delivery_id)
    endpoint = Endpoints(session, account_id).get(delivery.endpoint_id, lock=True)
    if endpoint.state is EndpointState.DISABLED:
        raise Conflict("The endpoint is disabled; enable it first.")
    if deliveries.is_pending(message.id, endpoint.id):
        raise Conflict("An attempt at this message waits already; look at its due_at.")
    again = first_delivery(message, endpoint)
    session.add(again)
    session.flush()
    session.refresh(again)
    return again, message


def begin_test(session: Session, endpoint: Endpoint) -> Parcel:
    """A test message and its delivery, leased to the caller: no courier takes it meanwhile.

    Raises:
        Conflict: the endpoint is disabled, or its secret was sealed with another service secret.
    """
    if endpoint.state is EndpointState.DISABLED:
        raise Conflict("The endpoint is disabled; enable it first.")
    message = test_message(endpoint)
    session.add(message)
    session.flush()
    line = Line(session)
    now = line.now()
    delivery = first_delivery(message, endpoint)
    delivery.lease_expires_at = now + LEASE
    session.add(delivery)
    session.flush()
    parcels = pack(line, [delivery.id], now)
    if not parcels:
        raise Conflict("The endpoint's secret cannot be read any more; rotate it.")
    return parcels[0]


def end_test(session: Session, account_id: str, parcel: Parcel, outcome: Outcome) -> tuple[Delivery, Message]:
    """Note what became of a test. It is not repeated, and does not count among the endpoint's failures."""
    held = Line(session).held(parcel.delivery_id, parcel.lease)
    if held is not None:
        write_outcome(held[0], outcome, Line(session).now())
    return Deliveries(session, account_id).get(parcel.delivery_id)
