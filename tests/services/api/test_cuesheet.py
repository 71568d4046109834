import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.backbone.ids import new_id
from services.backbone.ledger.repositories.talks import Talks
from services.backbone.ledger.tables import Account, Job, JobStatus, Sheet, Step, Turn
from soundstage import cuesheet
from soundstage.agents.record import Exchange
from tests import documents
from tests.services import rows
from tests.services.api.conftest import Ledger, Tenant

pytestmark = pytest.mark.anyio

SHEET = documents.sheet((documents.cue("rain-1", 0, 4),), (documents.cue("rain-2", 5, 9),))
EDITED = SHEET.with_cues(lambda cue: cue.model_copy(update={"level": -20.0}))


@pytest.fixture
def job(ledger: Ledger, account: Tenant) -> str:
    def write(session: Session) -> str:
        owner = session.get_one(Account, account.id)
        made = rows.job(session, owner, status=JobStatus.SUCCEEDED, source={"kind": "url", "url": "https://x.example/"})
        document = SHEET.model_dump(mode="json")
        session.add(Sheet(job_id=made.id, version=1, document=document, baseline=document, talk=""))
        for position, role in enumerate(("storyboarder", "scriptwriter", "designer")):
            text = f"turn {position}"
            session.add(Turn(id=new_id("turn"), job_id=made.id, step_id="s", position=position, role=role, text=text))
        return made.id

    return ledger(write)


@pytest.fixture
def path(job: str) -> str:
    return f"/v1/jobs/{job}/cuesheet"


def _put(api, path: str, body: object = None, **headers: str):
    text = body if isinstance(body, (str, bytes)) else json.dumps(body or EDITED.model_dump(mode="json"))
    return api.put(path, content=text, headers={"Content-Type": "application/json", **headers})


def _changed(**changes: object) -> dict[str, object]:
    """The document with its first cue changed."""
    document = EDITED.model_dump(mode="json")
    document["scenes"][0]["cues"][0].update(changes)
    return document


async def test_the_sheet_is_told_with_its_version(api, path):
    answer = await api.get(path)
    assert cuesheet.CueSheet.model_validate_json(answer.text) == SHEET
    assert answer.headers["etag"] == '"1"'
    assert list(answer.json()) == ["schema_version", "film", "duration", "overview", "scenes"]


async def test_a_sheet_that_is_known_is_not_sent_again(api, path):
    answer = await api.get(path, headers={"If-None-Match": '"1"'})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')
    assert (await api.get(path, headers={"If-None-Match": '"0"'})).status_code == 200


async def test_an_edit_makes_a_new_version(api, path, ledger, job):
    answer = await _put(api, path, **{"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["etag"], answer.content) == (204, '"2"', b"")
    read = await api.get(path)
    assert (read.headers["etag"], cuesheet.CueSheet.model_validate_json(read.text)) == ('"2"', EDITED)
    assert read.headers["last-modified"] == answer.headers["last-modified"]
    assert ledger(lambda s: s.get_one(Sheet, job).edited_at) is not None


async def test_an_edit_must_say_what_it_edits(api, path):
    answer = await _put(api, path)
    assert (answer.status_code, "If-Match" in answer.json()["detail"]) == (428, True)


async def test_an_edit_of_an_old_version_is_refused(api, path):
    await _put(api, path, **{"If-Match": '"1"'})
    assert (await _put(api, path, **{"If-Match": '"1"'})).status_code == 412
    assert (await _put(api, path, **{"If-Match": 'W/"2"'})).status_code == 412
    assert (await _put(api, path, **{"If-Match": '"1", "2"'})).status_code == 204
    assert (await _put(api, path, **{"If-Match": "*"})).status_code == 204


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        pytest.param(_changed(level=3), "/scenes/0/cues/0/level", id="too-loud"),
        pytest.param(_changed(end=0.0), "/scenes/0/cues/0", id="ends-before-it-starts"),
        pytest.param(_changed(label="no such sound at all"), "/scenes/0/cues/0/label", id="label"),
        pytest.param(_changed(colour="red"), "/scenes/0/cues/0/colour", id="unknown-member"),
        pytest.param(_changed(reason="a\0b"), "/scenes/0/cues/0/reason", id="nul"),
        pytest.param({**EDITED.model_dump(mode="json"), "film": "1" * 64}, "/film", id="other-film"),
        pytest.param(documents.sheet((documents.cue(),)).model_dump(mode="json"), "/duration", id="other-duration"),
        pytest.param({}, "/film", id="nothing"),
    ],
)
async def test_a_sheet_that_is_not_valid_is_refused_with_a_pointer(api, path, document, pointer):
    answer = await _put(api, path, json.dumps(document), **{"If-Match": '"1"'})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await api.get(path)).headers["etag"] == '"1"'


async def test_a_number_beyond_all_numbers_is_refused(api, path):
    text = json.dumps(_changed(parameters={"rate": 12345})).replace("12345", "1e999")
    answer = await _put(api, path, text, **{"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/scenes/0/cues/0/parameters")


@pytest.mark.parametrize("text", ["", "{", '{"film": NaN}', b"\xff\xfe"])
async def test_what_is_no_json_is_refused(api, path, text):
    answer = await _put(api, path, text, **{"If-Match": '"1"'})
    assert answer.status_code == 400


async def test_an_edit_of_a_running_job_is_refused(api, path, ledger, job):
    ledger(lambda s: setattr(s.get_one(Job, job), "status", JobStatus.RUNNING))
    answer = await _put(api, path, **{"If-Match": '"1"'})
    assert (answer.status_code, "running" in answer.json()["detail"]) == (409, True)


async def test_a_job_without_a_sheet_says_so(api, ledger, account):
    job = ledger(lambda s: rows.job(s, s.get_one(Account, account.id)).id)
    for answer in (
        await api.get(f"/v1/jobs/{job}/cuesheet"),
        await _put(api, f"/v1/jobs/{job}/cuesheet", **{"If-Match": "*"}),
    ):
        assert (answer.status_code, "cue sheet" in answer.json()["detail"]) == (404, True)


async def test_the_schema_is_the_engines(api, path):
    assert (await api.get(f"{path}/schema")).json() == json.loads(json.dumps(cuesheet.schema()))


async def test_an_edited_sheet_is_rendered(api, path, ledger, job):
    await _put(api, path, **{"If-Match": '"1"'})
    answer = await api.post(f"/v1/jobs/{job}/render")
    assert (answer.status_code, answer.json()["status"], answer.json()["revision"]) == (202, "queued", 1)
    steps = ledger(lambda s: s.execute(select(Step.kind, Step.revision).where(Step.job_id == job)).all())
    assert [tuple(step) for step in steps] == [("compose", 1)]
    assert (await api.post(f"/v1/jobs/{job}/render")).status_code == 409


async def test_the_conversation_is_told_in_order(api, job):
    told = (await api.get(f"/v1/jobs/{job}/conversation")).json()
    assert [(turn["role"], turn["text"]) for turn in told["data"]] == [
        ("storyboarder", "turn 0"),
        ("scriptwriter", "turn 1"),
        ("designer", "turn 2"),
    ]
    rest = (await api.get(f"/v1/jobs/{job}/conversation", params={"after": 0, "limit": 1})).json()
    assert ([turn["position"] for turn in rest["data"]], rest["has_more"]) == ([1], True)


async def test_the_conversation_is_told_as_text(api, job):
    answer = await api.get(f"/v1/jobs/{job}/conversation", headers={"Accept": "text/plain"})
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text == "storyboarder: turn 0\nscriptwriter: turn 1\ndesigner: turn 2\n"


async def test_what_models_were_asked_is_told_with_its_cost(api, job, ledger):
    told = {"role": "designer", "model": "m", "tokens_in": 9, "tokens_out": 2, "cost": 0.5, "seconds": 3}
    asked = Exchange(**told, prompt="designer_draft@1", answer="{}")
    ledger(lambda s: Talks(s, job).add("step_1", [asked]))
    turn = (await api.get(f"/v1/jobs/{job}/conversation")).json()["data"][-1]
    del turn["at"]
    assert turn == {**told, "position": 3, "text": "{}", "prompt_version": "designer_draft@1"}
    as_text = await api.get(f"/v1/jobs/{job}/conversation", headers={"Accept": "text/plain"})
    assert "{}" not in as_text.text


@pytest.mark.parametrize(
    ("method", "part"),
    [("GET", "cuesheet"), ("PUT", "cuesheet"), ("GET", "cuesheet/schema"), ("POST", "render"), ("GET", "conversation")],
)
async def test_another_account_finds_nothing(client, accounts, api, job, method, part):
    async with client(accounts().key) as other:
        given = {"content": EDITED.model_dump_json(), "headers": {"If-Match": "*"}} if method == "PUT" else {}
        assert (await other.request(method, f"/v1/jobs/{job}/{part}", **given)).status_code == 404
    assert (await api.get(f"/v1/jobs/{job}/cuesheet")).headers["etag"] == '"1"'


async def test_a_key_that_may_only_read_edits_nothing(client, accounts):
    async with client(accounts(scopes=("read",)).key) as reader:
        for method, part in (("PUT", "cuesheet"), ("POST", "render")):
            assert (await reader.request(method, f"/v1/jobs/{new_id('job')}/{part}")).status_code == 403
