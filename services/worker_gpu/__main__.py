"""`python -m services.worker_gpu [--processes N] [--spawn]`."""

import argparse

from services.worker_gpu.service import SERVICE


def main() -> None:
    """Serve the queue gpu, with the engine's own makers where there is no GPU."""
    parser = argparse.ArgumentParser(prog="python -m services.worker_gpu", description=main.__doc__)
    parser.add_argument("--processes", type=int, default=1, help="how many work side by side; one for each GPU")
    parser.add_argument("--spawn", action="store_true", help="start processes anew instead of forking, as CUDA needs")
    chosen = parser.parse_args()
    SERVICE.serve(chosen.processes, spawn=chosen.spawn)


if __name__ == "__main__":
    main()
