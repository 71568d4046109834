"""`python -m services.worker_llm [--only llm|media] [--processes N]`."""

import argparse

from services.backbone.dispatch.queues import Lane
from services.worker_llm.service import SERVICE


def main() -> None:
    """Serve the queues llm and media, or one of them."""
    parser = argparse.ArgumentParser(prog="python -m services.worker_llm", description=main.__doc__)
    parser.add_argument("--only", type=Lane, choices=SERVICE.lanes, help="serve one of the two")
    parser.add_argument("--processes", type=int, default=2, help="how many work side by side")
    chosen = parser.parse_args()
    SERVICE.serve(chosen.processes, only=chosen.only)


if __name__ == "__main__":
    main()
