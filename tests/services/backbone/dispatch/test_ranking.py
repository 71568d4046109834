from services.backbone.ledger.tables import Priority
from tests.services.backbone.dispatch.conftest import Desk


def order(desk: Desk, queue: str, count: int) -> list[str]:
    found = [desk.claim(queue) for _ in range(count)]
    return [claim.account_id for claim in found if claim]


def test_a_single_film_does_not_wait_for_a_batch(desk: Desk):
    many, one = desk.account(), desk.account()
    for _ in range(50):
        desk.job(many)
    desk.job(one)
    assert one in order(desk, "media", 2)


def test_accounts_take_turns(desk: Desk):
    first, second = desk.account(), desk.account()
    for account in (first, first, first, second, second, second):
        desk.job(account)
    assert sorted(order(desk, "media", 2)) == sorted([first, second])
    assert sorted(order(desk, "media", 2)) == sorted([first, second])


def test_a_heavier_account_gets_a_larger_share(desk: Desk):
    heavy, light = desk.account(weight=3.0), desk.account()
    for _ in range(12):
        desk.job(heavy)
        desk.job(light)
    assert order(desk, "media", 8).count(heavy) == 6


def test_who_comes_late_does_not_get_what_others_had_before(desk: Desk):
    early, late = desk.account(), desk.account()
    for _ in range(6):
        desk.job(early)
    order(desk, "media", 3)
    for _ in range(6):
        desk.job(late)
    assert order(desk, "media", 6).count(early) >= 2


def test_a_job_that_began_first_ends_first(desk: Desk):
    account = desk.account()
    jobs = [desk.job(account) for _ in range(3)]
    desk.work_all()
    ended = [job for job, kind in desk.worked if kind == "mix"]
    assert ended == jobs


def test_bulk_has_queues_of_its_own(desk: Desk):
    desk.job(priority=Priority.BULK)
    assert desk.claim("media") is None
    assert desk.claim("media-bulk") is not None
