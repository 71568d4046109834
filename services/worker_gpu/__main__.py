"""`python -m services.worker_gpu [--processes N] [--batch N]`."""

import argparse

from services.backbone.dispatch.queues import Lane
from services.backbone.dispatch.running import Handler
from services.backbone.dispatch.service import WorkerService


def _warm() -> dict[str, Handler]:
    """The handler, with the sound makers that this machine has."""
    from services.worker_gpu.synthesis import Synthesis
    from soundstage.knowledge.base import knowledge
    from soundstage.makers import house_makers

    knowledge()
    return {"synthesize": Synthesis(house_makers())}


def main() -> None:
    """Serve the queue gpu, with the engine's own makers where there is no GPU."""
    parser = argparse.ArgumentParser(prog="python -m services.worker_gpu", description=main.__doc__)
    parser.add_argument("--processes", type=int, default=1, help="how many work side by side; one for each GPU")
    parser.add_argument("--batch", type=int, default=4, help="how many steps are claimed at once")
    parser.add_argument("--spawn", action="store_true", help="start processes anew instead of forking, as CUDA needs")
    chosen = parser.parse_args()
    WorkerService("worker-gpu", (Lane.GPU,), _warm, chosen.processes, chosen.batch, chosen.spawn).serve()


if __name__ == "__main__":
    main()
