from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update

from services.backbone.clock import utc_now
from services.backbone.ledger.tables import Asset, Upload
from services.backbone.objects.store import ObjectStore
from services.backbone.settings import MIB, Settings
from tests.services.api.conftest import Client, Ledger, Tenant, Tenants
from tests.services.api.films import film, send, sha256_of, uploaded

pytestmark = pytest.mark.anyio

UPLOADS = "/v1/uploads"


async def _begin(api: httpx.AsyncClient, size: int, **declared: object) -> dict[str, object]:
    answer = await api.post(UPLOADS, json={"filename": "film.mp4", "size": size, **declared})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == answer.json()["status_url"]
    return answer.json()


async def test_a_film_sent_part_by_part_is_an_asset_once_it_is_completed(
    api: httpx.AsyncClient, ledger: Ledger, account: Tenant, service_settings: Settings
) -> None:
    data = film(11 * MIB)
    begun = await _begin(api, len(data), part_size=5 * MIB, sha256=sha256_of(data), content_type="video/mp4")
    assert [part["size"] for part in begun["parts"]] == [5 * MIB, 5 * MIB, MIB]
    assert begun["next_from"] is None

    await send(begun["parts"], data)
    done = await api.post(f"{UPLOADS}/{begun['id']}/complete")

    assert done.status_code == 200, done.text
    assert done.json()["state"] == "completed"
    asset = ledger(lambda s: s.scalars(select(Asset).where(Asset.account_id == account.id)).one())
    assert (asset.bytes, asset.sha256, asset.content_type) == (len(data), sha256_of(data), "video/mp4")
    assert ObjectStore.of(service_settings).digest(asset.object_key) == sha256_of(data)


async def test_an_upload_tells_which_parts_arrived_and_is_taken_up_again(api: httpx.AsyncClient) -> None:
    data = film(11 * MIB)
    begun = await _begin(api, len(data), part_size=5 * MIB)
    await send(begun["parts"][:1], data)

    status = (await api.get(f"{UPLOADS}/{begun['id']}")).json()
    early = await api.post(f"{UPLOADS}/{begun['id']}/complete")
    again = (await api.get(f"{UPLOADS}/{begun['id']}/parts", params={"from": 2})).json()
    await send(again["data"], data[5 * MIB :])
    done = await api.post(f"{UPLOADS}/{begun['id']}/complete")

    assert status["arrived"] == [{"number": 1, "size": 5 * MIB}]
    assert early.status_code == 409
    assert "2 of 3 parts have not arrived whole: 2, 3" in early.json()["detail"]
    assert [part["number"] for part in again["data"]] == [2, 3]
    assert done.status_code == 200


async def test_an_upload_that_the_store_forgot_begins_again_under_the_same_id(
    api: httpx.AsyncClient, ledger: Ledger, service_settings: Settings
) -> None:
    data = film(6 * MIB)
    begun = await _begin(api, len(data), part_size=5 * MIB)
    await send(begun["parts"][:1], data)
    upload = ledger(lambda s: s.scalars(select(Upload).where(Upload.id == begun["id"])).one())
    ObjectStore.of(service_settings).abort_upload(upload.object_key, upload.store_upload)

    status = (await api.get(f"{UPLOADS}/{begun['id']}")).json()
    early = await api.post(f"{UPLOADS}/{begun['id']}/complete")
    again = (await api.get(f"{UPLOADS}/{begun['id']}/parts")).json()
    await send(again["data"], data)
    done = await api.post(f"{UPLOADS}/{begun['id']}/complete")

    assert status["arrived"] == []
    assert early.status_code == 409
    assert "send all of them again" in early.json()["detail"]
    assert done.status_code == 200, done.text


async def test_many_parts_come_in_pages(api: httpx.AsyncClient) -> None:
    begun = await _begin(api, 250 * 5 * MIB, part_size=5 * MIB)
    assert (len(begun["parts"]), begun["next_from"], begun["part_count"]) == (100, 101, 250)

    page = (await api.get(begun["parts_url"].replace("http://127.0.0.1:8000", ""), params={"from": 201})).json()

    assert [part["number"] for part in page["data"]] == list(range(201, 251))
    assert page["next_from"] is None


def _halves(data: bytes) -> list[dict[str, object]]:
    return [{"size": len(half), "sha256": sha256_of(half)} for half in (data[: 5 * MIB], data[5 * MIB :])]


async def test_parts_may_be_declared_one_by_one_with_their_digests(api: httpx.AsyncClient) -> None:
    data = film(6 * MIB)
    begun = await _begin(api, len(data), parts=_halves(data))

    await send(begun["parts"], data)

    assert (await api.post(f"{UPLOADS}/{begun['id']}/complete")).status_code == 200


async def test_a_part_with_another_digest_is_refused_by_the_store_or_when_the_whole_is_made(
    api: httpx.AsyncClient,
) -> None:
    data = film(6 * MIB)
    begun = await _begin(api, len(data), parts=_halves(data))

    try:
        await send(begun["parts"], data[:-1] + b"!")
    except httpx.HTTPStatusError:
        return
    done = await api.post(f"{UPLOADS}/{begun['id']}/complete")

    assert done.status_code == 422
    assert done.json()["errors"][0]["pointer"] == "/parts/1/sha256"


async def test_another_film_than_declared_is_refused_and_nothing_of_it_is_kept(
    api: httpx.AsyncClient, ledger: Ledger, service_settings: Settings
) -> None:
    begun = await _begin(api, 1000, sha256=sha256_of(film(1000)))
    await send(begun["parts"], bytes(1000))

    done = await api.post(f"{UPLOADS}/{begun['id']}/complete")

    assert done.status_code == 422
    assert done.json()["errors"][0]["pointer"] == "/sha256"
    assert (await api.post(f"{UPLOADS}/{begun['id']}/complete")).status_code == 410
    assert list(ObjectStore.of(service_settings).list("")) == []


async def test_completing_twice_changes_nothing(api: httpx.AsyncClient, ledger: Ledger, account: Tenant) -> None:
    id = await uploaded(api)

    again = await api.post(f"{UPLOADS}/{id}/complete")

    assert again.status_code == 200
    assert len(ledger(lambda s: s.scalars(select(Asset).where(Asset.account_id == account.id)).all())) == 1


async def test_completing_goes_on_where_a_killed_process_left_off(
    api: httpx.AsyncClient, ledger: Ledger, service_settings: Settings
) -> None:
    begun = await _begin(api, 1000)
    await send(begun["parts"], film(1000))
    row = ledger(lambda s: s.get_one(Upload, begun["id"]))
    ObjectStore.of(service_settings).complete_upload(row.object_key, row.store_upload)

    assert (await api.post(f"{UPLOADS}/{begun['id']}/complete")).status_code == 200


async def test_an_upload_that_is_given_up_is_forgotten_with_its_parts(api: httpx.AsyncClient) -> None:
    begun = await _begin(api, 1000)

    assert (await api.delete(f"{UPLOADS}/{begun['id']}")).status_code == 204
    assert (await api.get(f"{UPLOADS}/{begun['id']}")).status_code == 404
    with pytest.raises(httpx.HTTPStatusError):
        await send(begun["parts"], film(1000))


async def test_a_film_that_came_in_for_nothing_can_be_deleted(
    api: httpx.AsyncClient, ledger: Ledger, account: Tenant, service_settings: Settings
) -> None:
    upload = await uploaded(api)
    answer = await api.delete(f"{UPLOADS}/{upload}")

    assert answer.status_code == 204, answer.text
    assert (await api.get(f"{UPLOADS}/{upload}")).status_code == 404
    assert ledger(lambda s: s.scalars(select(Asset).where(Asset.account_id == account.id)).all()) == []
    assert list(ObjectStore.of(service_settings).list(f"accounts/{account.id}/")) == []


async def test_a_film_that_a_job_is_of_is_not_deleted(api: httpx.AsyncClient) -> None:
    upload = await uploaded(api)
    assert (await api.post("/v1/jobs", json={"upload_id": upload})).status_code == 202

    answer = await api.delete(f"{UPLOADS}/{upload}")

    assert answer.status_code == 409
    assert (await api.post("/v1/jobs", json={"upload_id": upload})).status_code == 202


async def test_an_upload_expires(api: httpx.AsyncClient, ledger: Ledger) -> None:
    begun = await _begin(api, 1000)
    ledger(lambda s: s.execute(update(Upload).values(expires_at=utc_now() - timedelta(seconds=1))))

    answer = await api.post(f"{UPLOADS}/{begun['id']}/complete")

    assert answer.status_code == 410
    assert "expired" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        pytest.param({"size": 1}, 422, "/filename", id="no-name"),
        pytest.param({"filename": "a/b", "size": 1}, 422, "/filename", id="path"),
        pytest.param({"filename": "a\0b", "size": 1}, 422, "/filename", id="nul"),
        pytest.param({"filename": "f", "size": 0}, 422, "/size", id="empty"),
        pytest.param({"filename": "f", "size": 10**40}, 422, "/size", id="huge"),
        pytest.param({"filename": "f", "size": 65 << 30}, 422, "/size", id="over-the-limit"),
        pytest.param({"filename": "f", "size": 1, "sha256": "F" * 64}, 422, "/sha256", id="digest"),
        pytest.param({"filename": "f", "size": 9, "part_size": 5 * MIB - 1}, 422, "/part_size", id="small-parts"),
        pytest.param({"filename": "f", "size": 9, "part_size": 6 << 30}, 422, "/part_size", id="large-parts"),
        pytest.param({"filename": "f", "size": 60 << 30, "part_size": 5 * MIB}, 422, "/part_size", id="many-parts"),
        pytest.param(
            {"filename": "f", "size": 9, "parts": [{"size": 4}, {"size": 5}]}, 422, "/parts/0/size", id="first"
        ),
        pytest.param({"filename": "f", "size": 9, "parts": [{"size": 4}]}, 422, "/parts", id="sum"),
        pytest.param({"filename": "f", "size": 9, "parts": [{"size": 1}] * 10_001}, 422, "/parts", id="10001-parts"),
        pytest.param({"filename": "f", "size": 9, "part_size": 5 * MIB, "parts": [{"size": 9}]}, 422, "", id="both"),
        pytest.param({"filename": "f", "size": 9, "colour": "red"}, 422, "/colour", id="unknown-member"),
    ],
)
async def test_what_cannot_be_uploaded_is_refused_with_a_pointer(
    api: httpx.AsyncClient, body: dict[str, object], status: int, pointer: str
) -> None:
    answer = await api.post(UPLOADS, json=body)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_bytes_are_limited_by_account(client: Client, accounts: Tenants) -> None:
    async with client(accounts(max_bytes=1500).key) as small:
        await uploaded(small, film(1000))
        answer = await small.post(UPLOADS, json={"filename": "film.mp4", "size": 501})

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "room for 500" in answer.json()["detail"]


async def test_uploads_of_others_are_not_found(
    client: Client, api: httpx.AsyncClient, accounts: Tenants, account: Tenant
) -> None:
    begun = await _begin(api, 1000)
    here = f"{UPLOADS}/{begun['id']}"

    async with client(accounts().key) as stranger:
        answers = [
            await stranger.get(here),
            await stranger.get(f"{here}/parts"),
            await stranger.post(f"{here}/complete"),
            await stranger.delete(here),
            await stranger.get(f"{UPLOADS}/up_%00"),
        ]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert (await api.get(here)).json()["state"] == "waiting"
