"""How the service is, as it is told."""

from typing import Literal

from pydantic import Field

from services.api.schemas.base import View


class Alive(View):
    """The process lives."""

    status: Literal["alive"] = "alive"


class Check(View):
    """One thing that the service stands on."""

    ok: bool
    detail: str | None = Field(None, description="What is wrong")


class Readiness(View):
    """Whether the service can do its work, and what is missing."""

    status: Literal["ready", "not ready"]
    checks: dict[str, Check] = Field(description="By name: database, migrations, redis, store, workers")
