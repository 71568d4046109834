"""Films on their way through the pipeline."""

from fastapi import APIRouter

from services.api.auth import Reader
from services.api.problems import problems

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.get("", responses=problems(422))
async def list_jobs(caller: Reader) -> list[str]:
    """The account's jobs."""
    return [caller.account_id]
