import redis
from sqlalchemy import delete

from services.backbone.dispatch import outbox, sweeper
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Outbox
from services.backbone.settings import settings
from tests.services.backbone.dispatch.conftest import Desk, messages


def waiting(queue: str) -> int:
    with redis.Redis.from_url(settings().redis_url) as broker:
        return int(broker.llen(queue))


def test_what_is_committed_is_sent_once(desk: Desk):
    desk.job()
    assert outbox.publish_pending() == 1
    assert outbox.publish_pending() == 0
    assert waiting("media") == 1


def test_lost_messages_are_replaced(desk: Desk):
    for _ in range(3):
        desk.job()
    with transaction() as session:
        session.execute(delete(Outbox))
    assert sweeper.top_up() == 3
    assert messages("media") == 3


def test_a_queue_with_messages_gets_no_more(desk: Desk):
    desk.job()
    outbox.publish_pending()
    assert sweeper.top_up() == 0


def test_an_empty_house_gets_no_messages(desk: Desk):
    assert sweeper.top_up() == 0


def test_who_may_run_no_more_gets_no_messages(desk: Desk):
    account = desk.account(concurrency=1)
    desk.job(account)
    desk.job(account)
    with transaction() as session:
        session.execute(delete(Outbox))
    desk.claim("media")
    assert sweeper.top_up() == 0
