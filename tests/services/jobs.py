"""Films and jobs for tests that run the whole service."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import select

from services.backbone.dispatch import claims, flow, outbox
from services.backbone.dispatch.queues import ALL_QUEUES
from services.backbone.dispatch.ranking import next_rank
from services.backbone.dispatch.running import Handler
from services.backbone.ids import new_id
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Account, Asset, Job
from services.backbone.objects.keys import upload_key
from services.backbone.objects.store import ObjectStore
from services.backbone.options import JobOptions
from services.backbone.settings import Settings
from tests import footage


def small_film(folder: Path, shots: tuple[int, ...] = (0, 3), pictures: int = 75) -> Path:
    """A few shots with sound, some seconds."""
    frames = [picture for shot in shots for picture in footage.piece(shot, pictures, size=(320, 180))]
    seconds = len(frames) / 25
    return footage.write_film(folder / "film.mp4", frames, fps=25, sound=footage.tone(seconds=seconds))


def submit(film: Path, settings: Settings, options: JobOptions) -> str:
    store = ObjectStore.of(settings)
    with transaction() as session:
        account = Account(id=new_id("acc"), name=new_id("name"))
        session.add(account)
        session.flush()
        stored = store.put_file(film, upload_key(account.id, new_id("up")), "video/mp4")
        asset = Asset(
            id=new_id("asset"),
            account_id=account.id,
            name="source",
            object_key=stored.key,
            content_type="video/mp4",
            bytes=stored.bytes,
            sha256=stored.sha256,
        )
        session.add(asset)
        session.flush()
        job = Job(
            id=new_id("job"),
            account_id=account.id,
            rank=next_rank(session, account),
            options=options.model_dump(mode="json"),
            source={"kind": "upload", "name": film.name},
            asset_id=asset.id,
            event_seq=0,
            revision=0,
            progress=0.0,
        )
        session.add(job)
        session.flush()
        flow.start(session, job)
    outbox.publish_pending()
    return job.id


def status(job_id: str) -> str:
    with transaction() as session:
        return session.get(Job, job_id).status.value


def artifacts(job_id: str) -> dict[str, str]:
    """SHA-256 by name of all that a job made."""
    with transaction() as session:
        return {a.name: a.sha256 for a in session.scalars(select(Asset).where(Asset.job_id == job_id))}


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def work_all(handlers: Mapping[str, Handler]) -> None:
    """Play all workers, in this process."""
    while held := next((c for queue in ALL_QUEUES for c in claims.claim(queue, "test")), None):
        try:
            product = handlers[held.kind](held, lambda fraction: None)
        except Exception as error:
            claims.fail(held, error)
        else:
            claims.finish(held, product)
