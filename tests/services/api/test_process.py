"""The API as a process of its own, over a socket."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from services.backbone.settings import MIB
from tests.services.api.conftest import Tenant
from tests.services.api.films import HEAD

pytestmark = pytest.mark.anyio

BOUNDARY = b"form-boundary"
_MEGABYTE = os.urandom(MIB)
KIND = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}


@contextmanager
def _running(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The process and where it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (folder / "api.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.api", "--port", str(port), *options], stdout=log, stderr=log
        )
    try:
        _wait(f"http://127.0.0.1:{port}/openapi.json", process)
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(40)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            httpx.get(url).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the process does not answer")


async def _film(megabytes: int) -> AsyncIterator[bytes]:
    yield b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n' + HEAD
    for _ in range(megabytes):
        yield _MEGABYTE
    yield b"\r\n--" + BOUNDARY + b"--\r\n"


def _peak(process: subprocess.Popen[bytes]) -> float:
    """Most memory that the process ever held, in MiB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


@pytest.mark.endurance
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
async def test_a_long_film_takes_no_more_memory_than_a_short_one(
    service_environment: object, account: Tenant, tmp_path: Path
) -> None:
    peaks = []
    with _running(tmp_path) as (process, address):
        headers = {"Authorization": f"Bearer {account.key}", **KIND}
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=120) as api:
            for megabytes in (1, 60, 300):
                answer = await api.post("/v1/jobs", content=_film(megabytes))
                assert answer.status_code == 202, answer.text
                peaks.append(_peak(process))

    # Two parts of 16 MiB and a block or two, and as much again that the allocator keeps.
    assert peaks[1] - peaks[0] < 80
    assert peaks[2] - peaks[1] < 80


async def test_what_is_under_way_is_finished_before_the_process_ends(
    service_environment: object, account: Tenant, tmp_path: Path
) -> None:
    async def slowly(process: subprocess.Popen[bytes]) -> AsyncIterator[bytes]:
        async for piece in _film(3):
            yield piece
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.3)

    with _running(tmp_path) as (process, address):
        headers = {"Authorization": f"Bearer {account.key}", **KIND}
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as api:
            answer = await api.post("/v1/jobs", content=slowly(process))

        assert answer.status_code == 202, answer.text
        await asyncio.to_thread(process.wait, 40)
        assert b"Traceback" not in (tmp_path / "api.log").read_bytes()


async def test_several_processes_may_serve_one_port(
    service_environment: object, account: Tenant, tmp_path: Path
) -> None:
    with _running(tmp_path, "--workers", "2") as (_, address):
        async with httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {account.key}"}) as api:
            answers = await asyncio.gather(*(api.get("/v1/jobs") for _ in range(20)))

    assert {answer.status_code for answer in answers} == {200}


def test_a_setting_that_is_missing_is_named_in_one_line(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SOUNDSTAGE_")}
    environment |= {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none", "REDIS_URL": "redis://127.0.0.1:9/0"}

    ended = subprocess.run(
        [sys.executable, "-m", "services.api"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode == 2
    assert ended.stderr.strip().splitlines() == ["SOUNDSTAGE_SECRET: Field required; set it in the environment."]
