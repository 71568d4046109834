from sqlalchemy import select

from services.backbone.dispatch import claims, products
from services.backbone.dispatch.products import NewAsset, NewTake, Product
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Asset, Cue, Job, Take
from tests.services.backbone.dispatch.conftest import SHEET, Desk


def test_what_a_step_makes_again_takes_the_place_of_what_was_there(desk: Desk):
    job = desk.job()
    held = desk.work_until("describe")
    old = tuple(_asset(name, "old") for name in ("a.jpg", "b.jpg"))
    new = tuple(_asset(name, "new") for name in ("b.jpg", "c.jpg"))
    with transaction() as session:
        for made_then in (old, new):
            products.store(session, session.get_one(Job, job), held.step_id, 1, Product(assets=made_then))
    with transaction() as session:
        rows = select(Asset.name, Asset.object_key).where(Asset.job_id == job).order_by(Asset.name)
        assert session.execute(rows).all() == [("a.jpg", "old/a.jpg"), ("b.jpg", "new/b.jpg"), ("c.jpg", "new/c.jpg")]


def _asset(name: str, attempt: str) -> NewAsset:
    return NewAsset(name, f"{attempt}/{name}", 1, "f" * 64, "image/jpeg")


def test_every_cue_gets_the_take_of_its_identity_or_why_it_is_silent(desk: Desk):
    desk.job()
    held = desk.work_until("synthesize")
    first, second, third = SHEET.cues()
    takes = tuple(NewTake(c.identity(), c.id, 1, "f" * 64, {"of": c.id}) for c in (first, second))
    claims.finish(held, Product(takes=takes, silent={third.identity(): "nothing can make it"}))
    with transaction() as session:
        rows = select(Cue.name, Take.record, Cue.silent).outerjoin(Take, Take.id == Cue.take_id).order_by(Cue.name)
        assert session.execute(rows).all() == [
            (first.id, {"of": first.id}, None),
            (second.id, {"of": second.id}, None),
            (third.id, None, "nothing can make it"),
        ]
