import pytest

from soundstage.knowledge.base import knowledge

pytestmark = pytest.mark.anyio


async def test_a_name_finds_itself_first(api):
    name = next(iter(knowledge().labels))
    [best, *_] = (await api.get("/v1/labels", params={"q": name})).json()["data"]
    assert (best["name"], best["similarity"]) == (name, 1.0)


async def test_meaning_finds_what_is_near(api):
    found = (await api.get("/v1/labels", params={"q": "rain on a roof", "limit": 3})).json()["data"]
    assert len(found) == 3
    assert any("rain" in label["name"] for label in found)


async def test_without_words_all_are_listed(api):
    found = (await api.get("/v1/labels", params={"limit": 1000})).json()["data"]
    assert [label["name"] for label in found] == sorted(knowledge().labels)[:1000]


async def test_silence_finds_nothing(api):
    assert (await api.get("/v1/labels", params={"q": "none"})).json()["data"] == []


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": "x"}, {"q": "x" * 501}])
async def test_a_query_that_makes_no_sense_is_refused(api, query):
    assert (await api.get("/v1/labels", params=query)).status_code == 422


async def test_a_key_is_needed(client):
    async with client(None) as nobody:
        assert (await nobody.get("/v1/labels")).status_code == 401
