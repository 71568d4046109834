"""The service of the queue gpu."""

from services.backbone.dispatch.queues import Lane
from services.backbone.dispatch.running import Handler
from services.backbone.dispatch.service import WorkerService

_BATCH = 4


def _warm() -> dict[str, Handler]:
    """The handler, with the sound makers that this machine has."""
    from services.worker_gpu.synthesis import Synthesis
    from soundstage.knowledge.base import knowledge
    from soundstage.makers import house_makers

    knowledge()
    return {"synthesize": Synthesis(house_makers())}


SERVICE = WorkerService("worker-gpu", __name__, (Lane.GPU,), _warm, _BATCH)
