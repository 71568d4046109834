"""The service of the queue gpu."""

from importlib import import_module

from services.backbone.dispatch.queues import Lane
from services.backbone.dispatch.running import Handler
from services.backbone.dispatch.service import WorkerService

_BATCH = 4


def _warm() -> dict[str, Handler]:
    """The handler of all rounds, with the sound makers that this machine has."""
    from services.worker_gpu.synthesis import Synthesis
    from soundstage.knowledge.base import knowledge
    from soundstage.makers import house_makers
    from soundstage.soundmodels import SoundModels

    knowledge()
    import_module("scipy.signal")  # a second or two, else spent by each process of the pool
    rounds = ("synthesize", "synthesize-2", "synthesize-3", "synthesize-4")
    return dict.fromkeys(rounds, Synthesis(house_makers(), SoundModels()))


SERVICE = WorkerService("worker-gpu", __name__, (Lane.GPU,), _warm, _BATCH)
