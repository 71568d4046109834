"""Webhook endpoints, messages and deliveries: an account's own, and the line of deliveries that are due."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, DateTime, Row, Select, delete, func, or_, select, update
from sqlalchemy.orm import Session

from services.backbone.errors import NotFound
from services.backbone.ids import first_id, is_id
from services.backbone.ledger.tables import Delivery, DeliveryState, Endpoint, EndpointState, Message

_NO_ENDPOINT = "There is no such webhook endpoint; list them with GET /v1/webhook-endpoints."
_NO_DELIVERY = "There is no such delivery; list them with GET /v1/webhook-endpoints/{id}/deliveries."


class Endpoints:
    """The endpoints of one account."""

    def __init__(self, session: Session, account_id: str) -> None:
        """Args: session: of the transaction that asks. account_id: whose."""
        self._session = session
        self._account_id = account_id

    def _all(self) -> Select[Endpoint]:
        return select(Endpoint).where(Endpoint.account_id == self._account_id)

    def add(self, endpoint: Endpoint) -> Endpoint:
        """Keep a new endpoint."""
        self._session.add(endpoint)
        self._session.flush()
        return endpoint

    def get(self, id: str, *, lock: bool = False) -> Endpoint:
        """One of them, a job's one-off endpoint too. Raises NotFound."""
        found = self._all().where(Endpoint.id == id)
        wanted = found.with_for_update(key_share=True) if lock else found
        endpoint = self._session.scalar(wanted) if is_id(id, "hook") else None
        if endpoint is None:
            raise NotFound(_NO_ENDPOINT)
        return endpoint

    def page(self, after: str | None, limit: int, job_id: str | None = None) -> Sequence[Endpoint]:
        """Standing endpoints, or those of a job, newest first, that were made before the one named."""
        standing = self._all().where(Endpoint.job_id.is_(None) if job_id is None else Endpoint.job_id == job_id)
        older = standing.where(Endpoint.id < after) if after else standing
        return self._session.scalars(older.order_by(Endpoint.id.desc()).limit(limit)).all()

    def count(self) -> int:
        """How many standing endpoints there are."""
        standing = self._all().where(Endpoint.job_id.is_(None)).subquery()
        return self._session.scalar(select(func.count()).select_from(standing)) or 0

    def called_for(self, job_ids: Collection[str]) -> Sequence[Endpoint]:
        """The enabled endpoints that may be told of some jobs: standing ones, and the jobs' own."""
        enabled = self._all().where(Endpoint.state == EndpointState.ENABLED)
        called = enabled.where(or_(Endpoint.job_id.is_(None), Endpoint.job_id.in_(job_ids)))
        return self._session.scalars(called.order_by(Endpoint.id)).all()

    def remove(self, id: str) -> None:
        """Forget one with its deliveries. Raises NotFound."""
        self._session.execute(delete(Endpoint).where(Endpoint.id == self.get(id).id))


class Deliveries:
    """The attempts made at, and waiting for, the endpoints of one account."""

    def __init__(self, session: Session, account_id: str) -> None:
        """Args: session: of the transaction that asks. account_id: whose."""
        self._session = session
        self._account_id = account_id

    def _all(self) -> Select[Delivery, Message]:
        return (
            select(Delivery, Message)
            .join(Message, Message.id == Delivery.message_id)
            .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
            .where(Endpoint.account_id == self._account_id)
        )

    def get(self, id: str) -> tuple[Delivery, Message]:
        """One attempt with its message. Raises NotFound."""
        row = self._session.execute(self._all().where(Delivery.id == id)).one_or_none() if is_id(id, "del") else None
        if row is None:
            raise NotFound(_NO_DELIVERY)
        return row[0], row[1]

    def page(
        self, endpoint_id: str, after: str | None, limit: int, state: DeliveryState | None = None
    ) -> Sequence[Row[Delivery, Message]]:
        """An endpoint's attempts with their messages, newest first, that were made before the one named."""
        rows = self._all().where(Delivery.endpoint_id == endpoint_id)
        rows = rows.where(Delivery.id < after) if after else rows
        rows = rows.where(Delivery.state == state) if state else rows
        return self._session.execute(rows.order_by(Delivery.id.desc()).limit(limit)).all()

    def is_pending(self, message_id: str, endpoint_id: str) -> bool:
        """Whether an attempt at the message is still to be made."""
        found = self._all().where(
            Delivery.message_id == message_id,
            Delivery.endpoint_id == endpoint_id,
            Delivery.state == DeliveryState.PENDING,
        )
        return self._session.execute(found.limit(1)).first() is not None


class Line:
    """All accounts' pending deliveries, as the courier sees them."""

    def __init__(self, session: Session) -> None:
        """Args: session: of the transaction that asks."""
        self._session = session

    def now(self) -> datetime:
        """The ledger's own time: hosts that deliver need not agree on theirs."""
        now = self._session.scalars(select(func.clock_timestamp(type_=DateTime(timezone=True)))).one()
        assert isinstance(now, datetime)
        return now

    def claim(self, now: datetime, lease: timedelta, limit: int, per_endpoint: int) -> Sequence[Delivery]:
        """Lease what is due and free, the longest due first; an endpoint gets only so many at once.

        Without that limit, one slow endpoint with a long line would have all others wait.
        """
        rows = self._session.scalars(
            select(Delivery)
            .where(Delivery.id.in_(_turn(now, limit, per_endpoint)))
            .where(Delivery.state == DeliveryState.PENDING, _is_free(now))  # looked at again once it is locked
            .with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            row.lease_expires_at = now + lease
        self._session.flush()
        return rows

    def with_endpoint(self, ids: Sequence[str]) -> Sequence[Row[Delivery, Message, Endpoint]]:
        """Deliveries with all that is needed to make them."""
        return self._session.execute(
            select(Delivery, Message, Endpoint)
            .join(Message, Message.id == Delivery.message_id)
            .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
            .where(Delivery.id.in_(ids))
        ).all()

    def held(self, id: str, lease: datetime) -> tuple[Delivery, Endpoint] | None:
        """A delivery that is still leased to the caller, locked with its endpoint; None when it is not.

        The endpoint is locked first, always: two outcomes of one endpoint must not wait for each other.
        """
        endpoint_id = select(Delivery.endpoint_id).where(Delivery.id == id).scalar_subquery()
        endpoint = self._session.scalar(
            select(Endpoint).where(Endpoint.id == endpoint_id).with_for_update(key_share=True)
        )
        row = self._session.scalar(select(Delivery).where(Delivery.id == id).with_for_update())
        if endpoint is None or row is None or row.state is not DeliveryState.PENDING or row.lease_expires_at != lease:
            return None
        return row, endpoint

    def drop(self, endpoint_id: str, why: str, now: datetime) -> None:
        """Give up what waits for an endpoint that was disabled; what is under way right now may still arrive."""
        self._session.execute(
            update(Delivery)
            .where(Delivery.endpoint_id == endpoint_id, Delivery.state == DeliveryState.PENDING, _is_free(now))
            .values(state=DeliveryState.DROPPED, error=why)
        )

    def forget(self, before: datetime, limit: int = 1000) -> int:
        """Remove old messages that nobody waits for any more, with their deliveries; returns how many."""
        waiting = select(Delivery.id).where(Delivery.message_id == Message.id, Delivery.state == DeliveryState.PENDING)
        old = select(Message.id).where(Message.id < first_id("msg", before), ~waiting.exists()).limit(limit)
        result = self._session.execute(delete(Message).where(Message.id.in_(old)).returning(Message.id))
        return len(result.all())


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(Delivery.lease_expires_at.is_(None), Delivery.lease_expires_at <= now)


def _turn(now: datetime, limit: int, per_endpoint: int) -> Select[str]:
    """Whose turn it is. Those under way are counted too, for they keep their endpoint busy."""
    place = func.row_number().over(partition_by=Delivery.endpoint_id, order_by=(_is_free(now), Delivery.due_at))
    due = (
        select(Delivery.id, Delivery.due_at, _is_free(now).label("free"), place.label("place"))
        .where(Delivery.state == DeliveryState.PENDING, Delivery.due_at <= now)
        .subquery()
    )
    return select(due.c.id).where(due.c.place <= per_endpoint, due.c.free).order_by(due.c.due_at).limit(limit)
