import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import func, select

from services.backbone.ledger.tables import Asset, Job, Upload
from services.backbone.objects.store import ObjectStore
from services.backbone.settings import MIB, Settings
from tests.services.api.conftest import Client, Ledger, Tenant, Tenants
from tests.services.api.films import HEAD, film, sha256_of
from tests.services.api.serving import over_socket

pytestmark = pytest.mark.anyio

JOBS = "/v1/jobs"
BOUNDARY = "form-boundary"
KIND = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def _part(name: str, value: bytes, more: str = "") -> bytes:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


def _form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


FILE = _part("file", film(), '; filename="film.mp4"')


def _kept(ledger: Ledger, account: Tenant) -> list[int]:
    counted = [select(func.count()).where(table.account_id == account.id) for table in (Job, Asset, Upload)]
    return ledger(lambda s: [s.scalar(each) or 0 for each in counted])


async def test_a_job_comes_with_its_film_in_one_form(
    api: httpx.AsyncClient, ledger: Ledger, account: Tenant, service_settings: Settings
) -> None:
    data = film(3 * MIB)

    answer = await api.post(
        JOBS,
        data={"options": json.dumps({"hint": "a harbour"}), "reference": "episode 7", "expires_in": "3600"},
        files={"file": ("Hafen – früh.mp4", data, "video/mp4")},
    )

    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert (job["reference"], job["options"]["hint"]) == ("episode 7", "a harbour")
    assert job["source"]["name"] == "Hafen – früh.mp4"
    asset = ledger(lambda s: s.scalars(select(Asset).where(Asset.account_id == account.id)).one())
    assert (asset.bytes, asset.sha256, asset.content_type) == (len(data), sha256_of(data), "video/mp4")
    assert ObjectStore.of(service_settings).digest(asset.object_key) == sha256_of(data)
    assert (await api.get(f"/v1/uploads/{job['source']['upload_id']}")).json()["state"] == "completed"


@pytest.mark.parametrize("place", [0, 1])
async def test_fields_may_stand_before_or_after_the_film(api: httpx.AsyncClient, place: int) -> None:
    parts = [_part("reference", b"x")]
    parts.insert(place, FILE)

    answer = await api.post(JOBS, content=_form(*parts), headers=KIND)

    assert answer.status_code == 202, answer.text
    assert answer.json()["reference"] == "x"


async def test_fields_that_are_left_blank_are_not_given(api: httpx.AsyncClient) -> None:
    answer = await api.post(JOBS, content=_form(_part("deadline", b""), _part("options", b""), FILE), headers=KIND)

    assert answer.status_code == 202, answer.text


@pytest.mark.parametrize("size", [1, 7, 1000, 65536])
async def test_it_does_not_matter_how_the_form_is_cut_into_pieces(
    api: httpx.AsyncClient, ledger: Ledger, account: Tenant, size: int
) -> None:
    data = HEAD + b"\r\n--" + BOUNDARY[:-1].encode() + b"\r\n\r\n--\r" * 40
    body = _form(_part("reference", b"x"), _part("file", data), _part("client_id", b"film-1"))

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    answer = await api.post(JOBS, content=pieces(), headers=KIND)

    assert answer.status_code == 202, answer.text
    assert ledger(lambda s: s.scalar(select(Asset.sha256).where(Asset.account_id == account.id))) == sha256_of(data)


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        pytest.param(b"", 400, "ends before", id="empty"),
        pytest.param(_form(FILE)[:-30], 400, "ends before", id="cut-short"),
        pytest.param(b"no form at all", 400, "cannot be read", id="no-form"),
        pytest.param(_form(_part("reference", b"x")), 400, "has no film", id="no-film"),
        pytest.param(_form(_part("file", b"")), 400, "has no film", id="empty-film"),
        pytest.param(_form(FILE, FILE), 400, "comes twice", id="two-films"),
        pytest.param(_form(_part("reference", b"x"), _part("reference", b"y"), FILE), 400, "twice", id="twice"),
        pytest.param(_form(*(_part(f"f{n}", b"") for n in range(31)), FILE), 400, "more than 30", id="many-fields"),
        pytest.param(_form(_part("", b"x"), FILE), 400, "no name", id="no-name"),
        pytest.param(_form(_part("options", bytes(MIB + 1)), FILE), 413, "1 MiB", id="long-field"),
        pytest.param(_form(_part("file", b"\x89PNG\r\n" + bytes(99))), 422, "a picture", id="picture"),
        pytest.param(_form(_part("file", b"#EXTM3U\nfile:///etc/passwd")), 422, "a playlist", id="playlist"),
        pytest.param(_form(FILE, _part("options", b"{")), 422, "options is no JSON", id="options"),
        pytest.param(_form(FILE, _part("options", b'{"seed": -1}')), 422, "/options/seed", id="seed"),
        pytest.param(_form(FILE, _part("colour", b"red")), 422, "/colour", id="unknown-field"),
        pytest.param(_form(FILE, _part("reference", b"a\0b")), 422, "NUL", id="nul"),
        pytest.param(_form(FILE, _part("url", b"https://films.example/a")), 422, "/url", id="two-sources"),
    ],
)
async def test_a_form_that_makes_no_job_leaves_nothing(
    api: httpx.AsyncClient,
    ledger: Ledger,
    account: Tenant,
    service_settings: Settings,
    body: bytes,
    status: int,
    detail: str,
) -> None:
    answer = await api.post(JOBS, content=body, headers=KIND)

    assert answer.status_code == status, answer.text
    assert detail in answer.json()["detail"]
    assert _kept(ledger, account) == [0, 0, 0]
    assert list(ObjectStore.of(service_settings).list("")) == []


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/mixed; boundary=x", "multipart/form-data; boundary="]
)
async def test_a_form_says_where_its_parts_end(api: httpx.AsyncClient, kind: str) -> None:
    answer = await api.post(JOBS, content=_form(FILE), headers={"Content-Type": kind})

    assert answer.status_code == 400


async def test_a_film_that_the_account_has_no_room_for_is_refused(
    client: Client, accounts: Tenants, ledger: Ledger, service_settings: Settings
) -> None:
    small = accounts(max_bytes=2 * MIB)

    async def pieces() -> AsyncIterator[bytes]:
        yield FILE[:-2]
        for _ in range(40):
            yield bytes(MIB)

    async with client(small.key) as api:
        told = await api.post(JOBS, content=_form(_part("file", film(5 * MIB))), headers=KIND)
        found = await api.post(JOBS, content=pieces(), headers=KIND)

    assert (told.status_code, found.status_code) == (413, 413)
    assert _kept(ledger, small) == [0, 0, 0]
    assert list(ObjectStore.of(service_settings).list("")) == []


async def test_a_form_that_comes_again_with_its_key_is_answered_as_before(
    api: httpx.AsyncClient, ledger: Ledger, account: Tenant, service_settings: Settings
) -> None:
    key = {"Idempotency-Key": "once", **KIND}

    first = await api.post(JOBS, content=_form(FILE), headers=key)
    again = await api.post(JOBS, content=_form(FILE), headers=key)
    other = await api.post(JOBS, content=_form(_part("file", film(999), '; filename="film.mp4"')), headers=key)

    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 422)
    assert again.text == first.text
    assert again.headers["idempotent-replayed"] == "true"
    assert _kept(ledger, account) == [1, 1, 1]
    assert len(list(ObjectStore.of(service_settings).list(""))) == 1


async def test_two_forms_with_one_key_make_one_job(api: httpx.AsyncClient, ledger: Ledger, account: Tenant) -> None:
    key = {"Idempotency-Key": "once", **KIND}

    answers = await asyncio.gather(*(api.post(JOBS, content=_form(FILE), headers=key) for _ in range(2)))

    assert sorted(answer.status_code for answer in answers) == [202, 409]
    assert _kept(ledger, account) == [1, 1, 1]


async def test_a_connection_that_breaks_leaves_nothing(
    app: object, ledger: Ledger, account: Tenant, service_settings: Settings
) -> None:
    store = ObjectStore.of(service_settings)
    with over_socket(app) as address:
        _, writer = await asyncio.open_connection(urlsplit(address).hostname, urlsplit(address).port)
        head = (
            f"POST {JOBS} HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {account.key}\r\n"
            f"Content-Type: {KIND['Content-Type']}\r\nContent-Length: {100 * MIB}\r\n\r\n"
        )
        writer.write(head.encode() + FILE[:-2])
        for _ in range(40):
            writer.write(bytes(MIB))
            await writer.drain()
        await _until(lambda: _begun(store))
        writer.transport.abort()
        await _until(lambda: not _begun(store))

    assert _kept(ledger, account) == [0, 0, 0]
    assert list(store.list("")) == []


async def test_who_sends_no_film_is_told_so_without_having_to_send_the_rest(app: object, account: Tenant) -> None:
    with over_socket(app) as address:
        reader, writer = await asyncio.open_connection(urlsplit(address).hostname, urlsplit(address).port)
        head = (
            f"POST {JOBS} HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {account.key}\r\n"
            f"Content-Type: {KIND['Content-Type']}\r\nContent-Length: {1 << 34}\r\n\r\n"
        )
        writer.write(head.encode() + _part("file", b"\x89PNG" + bytes(5000)))
        answer = await asyncio.wait_for(reader.read(), 20)

    assert answer.startswith(b"HTTP/1.1 422")
    assert re.search(rb"connection: close", answer, re.IGNORECASE)


def _begun(store: ObjectStore) -> bool:
    return next(iter(store.unfinished("")), None) is not None


async def _until(holds: Callable[[], bool], patience: float = 20.0) -> None:
    for _ in range(int(patience / 0.1)):
        if await asyncio.to_thread(holds):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it did not come about in time")
