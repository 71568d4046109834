"""The knowledge base's sound labels."""

from soundstage.client.core import Core
from soundstage.client.models import Label, Model
from soundstage.client.request import get


class Labels(Model):
    """Those that were found."""

    data: tuple[Label, ...]


async def labels(core: Core, query: str, *, limit: int = 8) -> tuple[Label, ...]:
    """Find sound labels by meaning, the best first."""
    return (await core.ask(get("/v1/labels", q=query, limit=limit), Labels)).data
