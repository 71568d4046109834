"""What the types of problems mean: the pages that their URIs lead to."""

from fastapi import APIRouter
from pydantic import BaseModel

from services.api import problems
from services.backbone.errors import NotFound

router = APIRouter(prefix="/problems", tags=["operations"])


class ProblemKind(BaseModel):
    """A kind of problem."""

    type: str
    title: str


@router.get("/{kind}", responses=problems.open_problems(404))
async def get_problem_kind(kind: str) -> ProblemKind:
    """What a type of problem means."""
    if kind not in problems.kinds():
        raise NotFound(f"There is no kind of problem of that name; there are {', '.join(problems.kinds())}.")
    return ProblemKind(type=problems.type_of(kind), title=problems.kinds()[kind])
