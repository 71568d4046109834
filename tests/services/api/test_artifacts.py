import hashlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest

from services.backbone.ledger.tables import Account, JobStatus
from services.backbone.objects.keys import step_key
from services.backbone.objects.store import ObjectStore
from services.backbone.settings import Settings
from tests.services import rows
from tests.services.api.conftest import Ledger, Tenant

pytestmark = pytest.mark.anyio

MASTER = bytes(range(256)) * 4096  # 1 MiB: several pieces
NAMES = ("film", "master.flac", "keyframes/0001.jpg", "stems/ambience.flac", "captions.vtt")
DIGEST = hashlib.sha256(MASTER).hexdigest()


@pytest.fixture
def job(ledger: Ledger, account: Tenant, service_settings: Settings) -> str:
    """A job with artifacts, and something that is none."""

    def write(session) -> str:
        owner = session.get_one(Account, account.id)
        made = rows.job(session, owner, status=JobStatus.SUCCEEDED, source={"kind": "upload", "name": "Häfen.mov"})
        store = ObjectStore.of(service_settings)
        for name in NAMES:
            stored = store.put_bytes(MASTER, step_key(account.id, made.id, "step_x", 1, name), "audio/flac")
            rows.asset(
                session,
                made,
                name,
                object_key=stored.key,
                bytes=stored.bytes,
                sha256=stored.sha256,
                content_type="audio/flac",
            )
        rows.asset(session, made, "reading/motion.npz", public=False)
        return made.id

    return ledger(write)


@pytest.fixture
def master(job: str) -> str:
    return f"/v1/jobs/{job}/artifacts/master.flac"


async def test_artifacts_are_listed_with_those_in_folders_last(api, job):
    listed = (await api.get(f"/v1/jobs/{job}/artifacts")).json()
    expected = ["captions.vtt", "film", "master.flac", "keyframes/0001.jpg", "stems/ambience.flac"]
    assert [artifact["name"] for artifact in listed["data"]] == expected
    assert {(a["bytes"], a["sha256"], a["content_type"]) for a in listed["data"]} == {(1 << 20, DIGEST, "audio/flac")}


async def test_a_list_comes_in_pages(api, job):
    seen, cursor = [], None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await api.get(f"/v1/jobs/{job}/artifacts", params=query)).json()
        seen += [artifact["name"] for artifact in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["captions.vtt", "film", "master.flac", "keyframes/0001.jpg", "stems/ambience.flac"]


async def test_names_can_be_chosen_by_their_beginning(api, job):
    listed = (await api.get(f"/v1/jobs/{job}/artifacts", params={"prefix": "stems/"})).json()
    assert [artifact["name"] for artifact in listed["data"]] == ["stems/ambience.flac"]


async def test_a_presigned_url_needs_no_key_and_saves_under_a_telling_name(api, job):
    [film] = (await api.get(f"/v1/jobs/{job}/artifacts", params={"prefix": "film"})).json()["data"]
    async with httpx.AsyncClient() as anybody:
        fetched = await anybody.get(film["presigned_url"])
    assert fetched.content == MASTER
    assert "H%C3%A4fen.mp4" in fetched.headers["content-disposition"]
    assert datetime.fromisoformat(film["expires_at"]) > datetime.now(UTC)


async def test_our_own_url_serves_the_bytes(api, job):
    [stem] = (await api.get(f"/v1/jobs/{job}/artifacts", params={"prefix": "stems/"})).json()["data"]
    fetched = await api.get(stem["url"].removeprefix("http://127.0.0.1:8000"))
    assert fetched.content == MASTER
    assert fetched.headers["content-type"] == "audio/flac"
    assert fetched.headers["etag"] == f'"{DIGEST}"'
    assert fetched.headers["accept-ranges"] == "bytes"
    assert fetched.headers["content-length"] == str(len(MASTER))
    assert 'attachment; filename="H_fen-stems-ambience.flac"' in fetched.headers["content-disposition"]


async def test_head_tells_all_but_the_bytes(api, master):
    got, headed = await api.get(master), await api.head(master)
    assert headed.status_code == 200
    assert headed.content == b""
    assert {**headed.headers, "x-request-id": ""} | {"ratelimit": ""} == (
        {**got.headers, "x-request-id": ""} | {"ratelimit": ""}
    )


async def test_a_range_is_served_alone(api, master):
    answer = await api.get(master, headers={"Range": "bytes=1000-1999"})
    assert (answer.status_code, answer.content) == (206, MASTER[1000:2000])
    assert answer.headers["content-range"] == f"bytes 1000-1999/{len(MASTER)}"
    assert answer.headers["content-length"] == "1000"


async def test_the_last_bytes_are_served_alone(api, master):
    assert (await api.get(master, headers={"Range": "bytes=-10"})).content == MASTER[-10:]


async def test_a_range_beyond_the_end_is_not_satisfied(api, master):
    answer = await api.get(master, headers={"Range": f"bytes={len(MASTER)}-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(MASTER)}")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_range_of_another_version_is_answered_with_all(api, master):
    same = await api.get(master, headers={"Range": "bytes=0-9", "If-Range": f'"{DIGEST}"'})
    other = await api.get(master, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (same.status_code, other.status_code, len(other.content)) == (206, 200, len(MASTER))


async def test_what_is_known_is_not_sent_again(api, master):
    for headers in (
        {"If-None-Match": f'"{DIGEST}"'},
        {"If-Modified-Since": (await api.head(master)).headers["last-modified"]},
    ):
        answer = await api.get(master, headers=headers)
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", f'"{DIGEST}"')
    assert parsedate_to_datetime(answer.headers["last-modified"]).tzinfo


async def test_a_redirect_leads_to_the_store(api, master):
    answer = await api.get(master, params={"redirect": 1})
    assert answer.status_code == 307
    async with httpx.AsyncClient() as anybody:
        assert (await anybody.get(answer.headers["location"])).content == MASTER


@pytest.mark.parametrize("name", ["nothing", "reading/motion.npz", "../film", "a%00b", ""])
async def test_what_is_no_artifact_is_not_found(api, job, name):
    assert (await api.get(f"/v1/jobs/{job}/artifacts/{name}")).status_code == 404


async def test_an_object_that_vanished_is_not_found(api, job, master, service_settings):
    store = ObjectStore.of(service_settings)
    store.delete([found.key for found in store.list("accounts/")])
    answer = await api.get(master)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/master.flac"), ("HEAD", "/master.flac"), ("GET", "/master.flac?redirect=1")],
)
async def test_another_account_finds_nothing(client, accounts, job, method, path):
    async with client(accounts().key) as other:
        assert (await other.request(method, f"/v1/jobs/{job}/artifacts{path}")).status_code == 404
