"""The outbox: messages are rows of the transaction that caused them, and are sent once it is committed.

A message says that a queue has something to claim, not what: so it does no harm when it comes twice, and what it
stood for is found by the next when it is lost. Its id is the Celery task's.
"""

from collections.abc import Sequence
from typing import NamedTuple

from kombu.exceptions import OperationalError as BrokerAway
from redis.exceptions import RedisError
from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from services.backbone.dispatch.broker import app
from services.backbone.errors import Unavailable
from services.backbone.ids import new_id
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Outbox

TASK = "soundstage.step"
_FIRST = (
    select(Outbox.id)
    .order_by(Outbox.created_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("first")
)
_TAKE = delete(Outbox).where(Outbox.id.in_(select(_FIRST.c.id))).returning(Outbox.id, Outbox.queue, Outbox.traceparent)


class _Letter(NamedTuple):
    id: str
    queue: str
    traceparent: str | None


def post(session: Session, queue: str, traceparent: str | None = None) -> None:
    """Write a message for a queue, to be sent after the commit."""
    session.add(Outbox(id=new_id("msg"), queue=queue, traceparent=traceparent))


def publish_pending(limit: int = 500) -> int:
    """Send what is committed and not sent yet; returns how much. Several may do so at once.

    A crash between sending and committing sends a message again, which does no harm.

    Raises:
        Unavailable: the broker is away; the messages stay for the next call.
    """
    with transaction() as session:
        rows = [_Letter._make(row) for row in session.execute(_TAKE, {"most": limit})]
        _send(rows)
    return len(rows)


def _send(rows: Sequence[_Letter]) -> None:
    try:
        with app().producer_or_acquire() as producer:
            for row in rows:
                app().send_task(
                    TASK,
                    args=(row.queue,),
                    task_id=row.id,
                    queue=row.queue,
                    headers={"traceparent": row.traceparent},
                    producer=producer,
                    ignore_result=True,
                )
    except (BrokerAway, RedisError, ConnectionError) as error:
        raise Unavailable("The message broker is away; what waits is sent when it is back.") from error
