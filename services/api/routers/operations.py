"""For those who run the service; these calls need no key and belong inside."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from services.api import readiness
from services.api.problems import open_problems
from services.api.schemas.operations import Alive, Readiness
from services.api.sessions import Held
from services.backbone import metrics

router = APIRouter(tags=["operations"])

_Name = Literal["database", "migrations", "redis", "store", "workers"]
_METRICS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Prometheus' text format", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


@router.get("/healthz", responses=open_problems())
async def check_health() -> Alive:
    """Whether the process lives; it asks nobody else."""
    return Alive()


@router.get(
    "/readyz",
    response_model=Readiness,
    responses={503: {"description": "Something is down", "model": Readiness}, **open_problems(422)},
)
async def check_readiness(
    held: Held, exclude: Annotated[list[_Name] | None, Query(max_length=5, description="What does not matter")] = None
) -> Response:
    """Whether the service can do its work, and which part is down."""
    checks = await readiness.look(held, exclude or ())
    ready = all(check.ok for check in checks.values())
    told = Readiness(status="ready" if ready else "not ready", checks=checks)
    return JSONResponse(told.model_dump(exclude_none=True), 200 if ready else 503)


@router.get("/metrics", response_class=Response, responses={**_METRICS, **open_problems(503)})
async def tell_metrics() -> Response:
    """Metrics of this process and of the ledger, for Prometheus."""
    return Response(await asyncio.to_thread(metrics.exposition), media_type=metrics.CONTENT_TYPE)
