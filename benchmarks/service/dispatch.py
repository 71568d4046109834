"""How long it takes from POST /v1/jobs to the first step running in an idle house, beside a message of Celery's.

One film after the other, each once the house is at rest. The time is read off the ledger, which is asked every two
milliseconds whether a worker's claim is committed; Celery alone is timed from sending an empty task to its running.
"""

import argparse
import time
from collections.abc import Callable

from sqlalchemy import select

from benchmarks.service.calls import Calls
from benchmarks.service.footage import tiny_film
from benchmarks.service.house import house, until
from benchmarks.service.rows import all_ended, customer, share, uploaded
from benchmarks.service.tasks import celery_alone
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Step, StepState

_WORKERS = (("services.worker_llm", "--processes", "2"), ("services.worker_gpu", "--processes", "1"))
_LOOK = 0.002
_GOAL = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    asked = parser.parse_args()
    with house() as home, home.web("services.api") as api, celery_alone(home) as tasks, home.workers(*_WORKERS):
        account, key = customer("dispatch")
        upload = uploaded(account, tiny_film(home.folder))
        calls, at_rest = Calls(api.port, key), all_ended(account)
        first_step(calls, upload, at_rest)
        pairs = [(tasks.latency(), first_step(calls, upload, at_rest)) for _ in range(asked.rounds)]
    bare, ours = zip(*pairs, strict=True)
    for what, taken in (("a message of Celery's alone", bare), ("POST to first step running", ours)):
        p50, p99 = (1000 * share(taken, part) for part in (0.5, 0.99))
        print(f"{what}: p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    print(f"POST over message: {share(ours, 0.5) / share(bare, 0.5):.1f} (p50 must be <= {_GOAL} ms)")


def first_step(calls: Calls, upload: str, at_rest: Callable[[], bool]) -> float:
    """Seconds until a new job's first step runs; the job is then canceled and the house at rest again."""
    sent = time.perf_counter()
    job_id = str(calls.post("/v1/jobs", {"upload_id": upload})["id"])
    until(lambda: _runs(job_id), "no step runs", every=_LOOK)
    taken = time.perf_counter() - sent
    calls.post(f"/v1/jobs/{job_id}/cancel")
    until(lambda: not _runs(job_id) and at_rest(), "the house is not at rest")
    return taken


def _runs(job_id: str) -> bool:
    with transaction() as session:
        running = select(Step.id).where(Step.job_id == job_id, Step.state == StepState.RUNNING)
        return session.scalar(running) is not None


if __name__ == "__main__":
    main()
