"""`python -m services.worker_llm [--only llm|media] [--processes N]`."""

import argparse

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
    return {
        "fetch": reading.fetch,
        "read": reading.read,
        "describe": talking.describe,
        "storyboard": talking.storyboard,
        "design": talking.design,
        "compose": talking.compose,
        "mix": mixing.mix,
    }


def main() -> None:
    """Serve the queues llm and media, or one of them."""
    parser = argparse.ArgumentParser(prog="python -m services.worker_llm", description=main.__doc__)
    parser.add_argument("--only", type=Lane, choices=[Lane.LLM, Lane.MEDIA], help="serve one of the two")
    parser.add_argument("--processes", type=int, default=2, help="how many work side by side")
    chosen = parser.parse_args()
    lanes = (chosen.only,) if chosen.only else (Lane.LLM, Lane.MEDIA)
    WorkerService("worker-llm", lanes, _warm, processes=chosen.processes).serve()


if __name__ == "__main__":
    main()
