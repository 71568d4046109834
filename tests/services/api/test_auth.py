import httpx
import pytest

pytestmark = pytest.mark.anyio


async def test_a_good_key_is_let_in(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/jobs")

    assert answer.status_code == 200
    assert answer.headers["x-request-id"].startswith("req_")
