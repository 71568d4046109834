"""A film through every stage of the real service, and the same film through the engine alone."""

import hashlib
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import select

from services.backbone.dispatch import flow, outbox
from services.backbone.dispatch.ranking import next_rank
from services.backbone.ids import new_id
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Account, Asset, Event, Job
from services.backbone.objects.keys import upload_key
from services.backbone.objects.store import ObjectStore
from services.backbone.options import JobOptions
from services.backbone.settings import Settings
from tests import footage
from tests.services.house import WORKING, running_house, wait_until


@pytest.fixture
def film(tmp_path: Path) -> Path:
    shots = [picture for shot in (0, 3) for picture in footage.piece(shot, 75, size=(320, 180))]
    return footage.write_film(tmp_path / "film.mp4", shots, fps=25, sound=footage.tone(seconds=6))


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


def test_a_film_goes_through_all_stages(
    film: Path, service_environment: Mapping[str, str], service_settings: Settings, tmp_path: Path
):
    with running_house(tmp_path, service_environment, *WORKING) as house:
        job = submit(film, service_settings, JobOptions(seed=7))
        wait_until(lambda: status(job) not in ("queued", "running"), 120, house.logs)
    with transaction() as session:
        row = session.get(Job, job)
        assert row.status == "succeeded", f"{row.error}\n{house.logs()}"
        names = {asset.name: asset for asset in session.scalars(select(Asset).where(Asset.job_id == job))}
        events = session.scalars(select(Event.type).where(Event.job_id == job).order_by(Event.seq)).all()
    alone = engine_alone(film, tmp_path, seed=7)
    for name in ("master.flac", "film.mp4", "stems/ambience.flac", "stems/original.flac", "captions.vtt"):
        assert names[name].sha256 == sha256_of(alone[name]), f"{name} differs from the engine's"
    assert [event for event in events if event != "job.progress"][-1] == "job.succeeded"
    assert scratch_of(service_settings) == []


def engine_alone(film: Path, folder: Path, seed: int) -> dict[str, Path]:
    """The same film through the command line of the engine."""
    output = folder / "alone" / "film.mp4"
    output.parent.mkdir()
    command = [sys.executable, "-m", "soundstage", "dub", str(film), "-o", str(output), "--seed", str(seed)]
    subprocess.run(command, check=True, capture_output=True)
    work = output.with_name("film.soundstage")
    files = {str(path.relative_to(work)): path for path in work.rglob("*") if path.is_file()}
    return {**files, "film.mp4": output}


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def scratch_of(settings: Settings) -> list[Path]:
    return list(settings.scratch.iterdir())
