"""Rows of the ledger as tests need them."""

from sqlalchemy.orm import Session

from services.backbone.ids import new_id
from services.backbone.ledger.tables import Account, Asset, Endpoint, Job, JobStatus
from services.backbone.sealing import seal
from services.backbone.webhooks.signing import make_secret


def account(session: Session, **columns: object) -> Account:
    id = new_id("acct")
    row = Account(id=id, name=id, **columns)
    session.add(row)
    session.flush()
    return row


def job(session: Session, owner: Account, **columns: object) -> Job:
    given = {"status": JobStatus.RUNNING, "rank": 1.0, "options": {}, "source": {"kind": "upload"}, **columns}
    row = Job(id=new_id("job"), account_id=owner.id, **given)
    session.add(row)
    session.flush()
    return row


def asset(session: Session, of: Job, name: str, **columns: object) -> Asset:
    given = {"object_key": f"key-of-{name}", "content_type": "text/plain", "bytes": 0, "sha256": "0" * 64, **columns}
    row = Asset(id=new_id("asset"), account_id=of.account_id, job_id=of.id, name=name, **{"public": True, **given})
    session.add(row)
    session.flush()
    return row


def endpoint(session: Session, owner: Account, url: str, *, secret: str | None = None, **columns: object) -> Endpoint:
    sealed = seal(secret or make_secret())
    row = Endpoint(id=new_id("hook"), account_id=owner.id, url=url, secret=sealed, **{"events": [], **columns})
    session.add(row)
    session.flush()
    return row
