"""A film through every stage of the real service, and the same film through the engine alone."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import select

from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Event
from services.backbone.options import JobOptions
from services.backbone.settings import Settings
from tests.services.house import WORKING, running_house, wait_until
from tests.services.jobs import artifacts, sha256_of, small_film, status, submit

SAME = ("master.flac", "film.mp4", "stems/ambience.flac", "stems/original.flac", "captions.vtt")


def test_a_film_comes_out_as_from_the_engine_alone(
    service_environment: Mapping[str, str], service_settings: Settings, tmp_path: Path
):
    film = small_film(tmp_path)
    with running_house(tmp_path, service_environment, *WORKING) as house:
        job = submit(film, service_settings, JobOptions(seed=7))
        wait_until(lambda: status(job) not in ("queued", "running"), 120, house.logs)
    assert status(job) == "succeeded", house.logs()
    made, alone = artifacts(job), engine_alone(film, tmp_path, seed=7)
    for name in SAME:
        assert made[name] == sha256_of(alone[name]), f"{name} differs from the engine's"
    assert events(job)[-1] == "job.succeeded"
    assert list(service_settings.scratch.iterdir()) == []


def events(job_id: str) -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(Event.type).where(Event.job_id == job_id).order_by(Event.seq)))


def engine_alone(film: Path, folder: Path, seed: int) -> dict[str, Path]:
    """The same film through the command line of the engine."""
    output = folder / "alone" / "film.mp4"
    output.parent.mkdir()
    command = [sys.executable, "-m", "soundstage", "dub", str(film), "-o", str(output), "--seed", str(seed)]
    subprocess.run(command, check=True, capture_output=True)
    work = output.with_name("film.soundstage")
    files = {str(path.relative_to(work)): path for path in work.rglob("*") if path.is_file()}
    return {**files, "film.mp4": output}
