"""`GET /v1/jobs/{id}`: what is asked for most, by everybody who polls.

The route is an ASGI app of its own under FastAPI's router: it stands in the OpenAPI document as any other does, and is
served without the machinery that costs most of so small a request's time.
"""

from typing import Annotated

from fastapi import FastAPI, Path, Security
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from services.api.auth import NOT_GOOD, Caller, bearer, key_in, require, require_room
from services.api.edge import Header
from services.api.problems import problems
from services.api.resources import resources_of
from services.api.schemas.jobs import JobView
from services.api.views import row_json
from services.backbone.errors import NotFound, Unauthorized
from services.backbone.ids import is_id
from services.backbone.keys import Scope as KeyScope
from services.backbone.keys import digest_of
from services.backbone.ledger.repositories.jobs import NO_JOB
from services.backbone.ledger.repositories.statuses import Row

_PATH = "/v1/jobs/{id}"
_UNCHANGED = {
    "description": "It is as `If-None-Match` says",
    "headers": {"ETag": {"schema": {"type": "string"}}},
}
_CACHE: Header = (b"cache-control", b"private, no-cache")


def install(app: FastAPI) -> None:
    """Add the route; before all others, so that it is found first."""
    app.router.add_api_route(
        _PATH,
        get_job,
        methods=["GET"],
        tags=["jobs"],
        response_model=JobView,
        responses={304: _UNCHANGED, **problems(404)},
        route_class_override=_LeanRoute,
        dependencies=[Security(bearer)],
    )


async def get_job(id: Annotated[str, Path(description="The job's id, `job_…`")]) -> None:
    """How a job stands. `If-None-Match` with the last `ETag` costs nothing while it has not changed."""
    raise NotImplementedError  # only the name and the words are used: see _serve


class _LeanRoute(APIRoute):
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            await super().handle(scope, receive, send)
            return
        await _serve(scope, send)


async def _serve(scope: Scope, send: Send) -> None:
    headers = dict(scope["headers"])
    row = await _asked(scope, headers)
    tag = f'"{row["version"]}"'.encode()
    answer: list[Header] = [(b"etag", tag), _CACHE]
    if tag in headers.get(b"if-none-match", b""):
        await send({"type": "http.response.start", "status": 304, "headers": answer})
        await send({"type": "http.response.body", "body": b""})
        return
    body = row_json(row).encode()
    answer += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": answer})
    await send({"type": "http.response.body", "body": body})


async def _asked(scope: Scope, headers: dict[bytes, bytes]) -> Row:
    """The job that is asked for; raises what `auth` raises, and NotFound."""
    job_id = scope["path_params"]["id"]
    digest = digest_of(key_in(headers.get(b"authorization", b"").decode("latin-1")))
    held = resources_of(scope["app"])
    # Postgres refuses to look for what cannot be text at all.
    row = await held.statuses.ask(digest, job_id if is_id(job_id, "job") else "")
    if row is None:
        raise Unauthorized(NOT_GOOD)
    caller = Caller(row["account_id"], row["key_id"], tuple(row["scopes"]), row["rate_per_minute"])
    require(caller, KeyScope.READ)
    held.uses.note(caller.key_id)
    require_room(scope, held.limits.read(caller.key_id, caller.rate_per_minute))
    if row["id"] is None:
        raise NotFound(NO_JOB)
    return row
