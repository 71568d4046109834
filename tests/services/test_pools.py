"""Both ways in which a worker's processes begin."""

from collections.abc import Mapping
from pathlib import Path

from services.backbone.options import JobOptions
from services.backbone.settings import Settings
from tests.services.house import running_house, wait_until
from tests.services.jobs import small_film, status, submit


def test_processes_that_are_started_anew_work_too(
    service_environment: Mapping[str, str], service_settings: Settings, tmp_path: Path
):
    film = small_film(tmp_path, shots=(0,), pictures=50)
    with running_house(tmp_path, service_environment, "worker_llm", "worker_gpu_spawned", "keeper") as house:
        job = submit(film, service_settings, JobOptions())
        wait_until(lambda: status(job) not in ("queued", "running"), 120, house.logs)
    assert status(job) == "succeeded", house.logs()
