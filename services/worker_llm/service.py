"""The service of the queues llm and media."""

from importlib import import_module

from services.backbone.dispatch.queues import Lane
from services.backbone.dispatch.running import Handler
from services.backbone.dispatch.service import WorkerService


def _warm() -> dict[str, Handler]:
    """All handlers, with what they need loaded."""
    from services.worker_llm import mixing, reading, talking
    from soundstage.agents import house
    from soundstage.knowledge.base import knowledge

    house.warm_up()
    knowledge()
    import_module("scipy.signal")  # a second or two, else spent by each process of the pool
    return {
        "fetch": reading.fetch,
        "read": reading.read,
        "overview": talking.overview,
        "describe": talking.describe,
        "storyboard": talking.storyboard,
        "design": talking.design,
        "compose": talking.compose,
        **dict.fromkeys(("listen", "listen-2", "listen-3"), talking.listen),
        "mix": mixing.mix,
    }


SERVICE = WorkerService("worker-llm", __name__, (Lane.LLM, Lane.MEDIA), _warm)
