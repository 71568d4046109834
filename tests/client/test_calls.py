"""All the other calls before the real API."""

import pytest

from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Sheet
from soundstage.client import Client
from soundstage.client.errors import Conflict, Forbidden, NotFound, PreconditionFailed, Unauthorized
from tests.client.conftest import HASTY, Service
from tests.documents import cue
from tests.documents import sheet as document

URL = "https://127.0.0.1:9/film.mp4"


def test_a_job_is_found_by_what_its_user_calls_it(client: Client):
    made = [client.submit(url=URL, client_id=f"film-{n}", reference="season 1") for n in range(3)]
    assert [job.id for job in client.jobs(reference="season 1")] == [job.id for job in reversed(made)]
    assert [job.id for job in client.jobs(client_id="film-2")] == [made[2].id]
    assert list(client.jobs(status=("failed",))) == []
    client.forget(made[0].id)
    with pytest.raises(NotFound):
        client.job(made[0].id)


def test_a_job_is_canceled_once_and_tried_again(client: Client):
    job = client.submit(url=URL)
    assert client.cancel(job.id).status == "canceled"
    assert client.cancel(job.id).status == "canceled"
    assert client.retry(job.id).status == "queued"
    with pytest.raises(Conflict):
        client.retry(job.id)


def test_a_job_that_spent_its_budget_is_tried_again_with_a_larger_one(client: Client):
    job = client.submit(url=URL, options={"most_tokens": 1000, "most_dollars": 0.5})
    client.cancel(job.id)
    options = client.retry(job.id, most_tokens=5000).options
    assert (options["most_tokens"], options["most_dollars"]) == (5000, 0.5)


def test_a_batch_tells_what_became_of_each_item(client: Client):
    items = [{"client_id": "a", "url": URL}, {"client_id": "b", "url": URL, "options": {"seed": -1}}]
    taken = client.create_batch(items, reference="season 2", defaults={"priority": "bulk"})
    assert [item.outcome for item in taken.items] == ["created", "refused"]
    problem = taken.items[1].problem
    assert problem is not None
    assert problem.errors is not None
    assert problem.errors[0].pointer == "/items/1/options/seed"
    again = client.add_to_batch(taken.batch.id, items[:1], defaults={"priority": "bulk"})
    assert again.items[0].outcome == "attached"
    assert [batch.id for batch in client.batches(reference="season 2")] == [taken.batch.id]
    assert client.cancel_batch(taken.batch.id).canceled_at is not None
    assert client.batch(taken.batch.id).counts["canceled"] == 1


def test_an_endpoint_from_its_beginning_to_its_end(client: Client):
    made = client.create_endpoint("https://127.0.0.1:9/hook", ["job.succeeded"])
    assert made.secret is not None
    assert client.endpoint(made.id).secret is None
    assert client.change_endpoint(made.id, events=["job.failed"]).events == ("job.failed",)
    assert client.rotate_secret(made.id).secret != made.secret
    tried = client.try_endpoint(made.id)
    assert tried.error is not None
    assert [delivery.id for delivery in client.deliveries(made.id)] == [tried.id]
    assert client.redeliver(tried.id).message_id == tried.message_id
    assert client.enable_endpoint(made.id).state == "enabled"
    assert [endpoint.id for endpoint in client.endpoints()] == [made.id]
    client.forget_endpoint(made.id)
    assert list(client.endpoints()) == []


def test_a_key_from_its_making_to_its_end(client: Client, service: Service):
    made = client.create_key("the player", ["read"], expires_in=3600)
    assert made.key is not None
    with Client(service.url, made.key, patience=HASTY) as player:
        assert list(player.jobs()) == []
        with pytest.raises(Forbidden, match="admin"):
            list(player.keys())
        client.revoke_key(made.id)
        with pytest.raises(Unauthorized):
            list(player.jobs())
    newest, own = client.keys()
    assert (newest.id, newest.key, newest.scopes) == (made.id, None, ("read",))
    assert newest.revoked_at is not None
    with pytest.raises(Conflict):
        client.revoke_key(own.id)


def test_labels_are_found_by_meaning(client: Client):
    assert client.labels("a dog barks", limit=3)[0].name == "dog barking"


def test_uploads_are_given_up(client: Client, service: Service):
    del service
    with pytest.raises(NotFound):
        client.find_upload("up_00000000000000000000000000")


def test_a_sheet_is_edited_under_its_version(client: Client):
    job = client.submit(url=URL)
    with pytest.raises(NotFound):
        client.cuesheet(job.id)
    client.cancel(job.id)
    studio = document((cue(),)).model_dump(mode="json")
    with transaction() as session:
        session.add(Sheet(job_id=job.id, version=1, document=studio, baseline=studio))
    read = client.cuesheet(job.id)
    assert read.cuesheet == document((cue(),))
    edited = document((cue(level=-40.0),))
    put = client.put_cuesheet(job.id, edited, read.etag)
    assert put.etag != read.etag
    assert client.cuesheet(job.id).cuesheet == edited
    with pytest.raises(PreconditionFailed):
        client.put_cuesheet(job.id, edited, read.etag)
    assert client.render(job.id).status == "queued"
    with pytest.raises(Conflict):
        client.render(job.id)
    assert list(client.conversation(job.id)) == []
