"""Films on their way: whole, in parts, broken off, gone on with."""

import hashlib
import os
from pathlib import Path

import pytest

from services.backbone.objects.store import ObjectStore
from services.backbone.settings import settings
from soundstage.client import AsyncClient, Client, NotReached
from soundstage.client.plan import planned
from soundstage.errors import BadFilm
from tests.client.conftest import HASTY, Service
from tests.client.proxy import Wire

MIB = 1 << 20
PART = 16 * MIB


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Three parts, the last of them short; the service looks at their content only when a job begins."""
    path = tmp_path / "a film.mp4"
    path.write_bytes(os.urandom(2 * PART + 12345))
    return path


def test_a_film_arrives_whole(client: Client, film: Path):
    heard: list[tuple[int, int]] = []
    upload = client.upload(film, told=lambda done, total: heard.append((done, total)))
    assert upload.state == "completed"
    assert upload.filename == "a film.mp4"
    size = film.stat().st_size
    assert heard[-1] == (size, size)
    assert client.submit(upload_id=upload.id).status == "queued"


@pytest.mark.anyio
async def test_the_asynchronous_client_does_the_same(service: Service, film: Path):
    async with AsyncClient(service.url, service.key, patience=HASTY) as client:
        upload = await client.upload(film)
        assert upload.state == "completed"
        job = await client.submit(upload_id=upload.id)
        assert [found.id async for found in client.jobs()] == [job.id]


def test_a_connection_that_breaks_is_made_again(client: Client, film: Path, store_wire: Wire):
    store_wire.cut_after(3 * MIB)
    assert client.upload(film).state == "completed"


def test_an_upload_that_broke_off_is_gone_on_with(service: Service, film: Path, store_wire: Wire):
    store_wire.cut_after(PART + MIB, times=1000)
    with Client(service.url, service.key, patience=HASTY, parallel=1) as first, pytest.raises(NotReached):
        first.upload(film)
    store_wire.mend()
    before = store_wire.sent
    with Client(service.url, service.key, patience=HASTY) as second:
        upload = second.upload(film)
    assert upload.state == "completed"
    assert store_wire.sent - before < PART + MIB


def test_a_store_that_forgets_what_was_sent_is_sent_all_once_more(service: Service, film: Path):
    store, forgot = ObjectStore.of(settings()), []

    def forget(done: int, total: int) -> None:
        if done >= PART and not forgot:
            forgot.extend(store.unfinished(f"accounts/{service.account_id}/"))
            store.abort_upload(forgot[0].key, forgot[0].store_upload)

    with Client(service.url, service.key, patience=HASTY, parallel=1) as client:
        upload = client.upload(film, told=forget)
    assert forgot
    assert (upload.state, upload.sha256) == ("completed", hashlib.sha256(film.read_bytes()).hexdigest())


def test_another_film_of_that_name_is_another_upload(service: Service, film: Path, store_wire: Wire):
    store_wire.cut_after(PART + MIB, times=1000)
    with Client(service.url, service.key, patience=HASTY, parallel=1) as client:
        with pytest.raises(NotReached):
            client.upload(film)
        store_wire.mend()
        film.write_bytes(os.urandom(5000))
        upload = client.upload(film)
    assert (upload.state, upload.size) == ("completed", 5000)


@pytest.mark.parametrize(
    ("size", "lengths"),
    [(1, [1]), (PART, [PART]), (PART + 1, [PART, 1]), (3 * PART - 1, [PART, PART, PART - 1])],
    ids=["a byte", "a part", "a part and a byte", "three parts less a byte"],
)
def test_a_plan_covers_the_file(tmp_path: Path, size: int, lengths: list[int]):
    path = tmp_path / "film"
    path.write_bytes(bytes(size))
    plan = planned(path, size)
    assert [plan.length(number) for number in plan.numbers] == lengths
    assert sum(lengths) == size


def test_an_empty_film_is_refused_before_it_is_sent(client: Client, tmp_path: Path):
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(BadFilm, match=r"empty\.mp4 is empty"):
        client.upload(empty)
