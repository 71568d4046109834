"""What carrying steps costs: steps a second beside Celery's own empty tasks, and the share of it in a film's time.

Both are carried by pools of two processes on the same servers, in turn. The steps are those of films of nine steps each
whose handlers return at once: what is left is claims, heartbeats, ends, the next steps and their messages.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from sqlalchemy import select

from benchmarks.service.footage import film_of
from benchmarks.service.hollow import STEPS_A_JOB
from benchmarks.service.house import House, busy, house, until
from benchmarks.service.rows import all_ended, begin_jobs, customer, uploaded
from benchmarks.service.tasks import celery_alone
from services.backbone.dispatch import outbox
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Job, Step

_WORKERS = (("services.worker_llm", "--processes", "2"), ("services.worker_gpu", "--processes", "2"))

_GOAL = "must be <= 2 %"
_UNLIKE = "the service also draws inspection pages and keeps all in the store, the engine also loads its models"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=40, help="films of nine steps in a round")
    parser.add_argument("--dubs", type=int, default=3, help="rounds of a real film")
    parser.add_argument("--minutes", type=int, default=1, help="how long that is")
    asked = parser.parse_args()
    with house() as home:
        tell_rates(home, asked.rounds, asked.jobs)
        tell_shares(home, asked.dubs, asked.minutes)


def tell_rates(home: House, rounds: int, jobs: int) -> None:
    """Steps a second over tasks a second."""
    account, _ = customer("steps")
    film = home.folder / "film.mp4"
    film.write_bytes(b"never read")
    upload = uploaded(account, film)
    with celery_alone(home) as tasks, home.workers(("benchmarks.service.hollow", "steps")):
        carry(account, upload, 4)
        count = jobs * STEPS_A_JOB
        pairs = [(_cost(tasks.run, count), _cost(carry, account, upload, jobs)) for _ in range(rounds)]
    for what, side in zip(("Celery's empty tasks", "steps through the ledger"), zip(*pairs, strict=True), strict=True):
        wall, spent = (median(cost[place] for cost in side) for place in (0, 1))
        print(f"{what}: {count / wall:.0f} a second, {1000 * spent / count:.1f} ms of processors each")
    rate, spent = (median(task[place] / step[place] for task, step in pairs) for place in (0, 1))
    print(f"steps over tasks: {rate:.2f}, by processors {spent:.2f}")


def _cost(work: Callable[..., None], *arguments: object) -> tuple[float, float]:
    """Seconds by the clock, and of processors in all processes."""
    started, before = time.perf_counter(), busy()
    work(*arguments)
    return time.perf_counter() - started, busy() - before


def carry(account: str, upload: str, jobs: int) -> None:
    """Begin so many hollow films, and wait until all have ended."""
    begin_jobs(account, upload, jobs)
    outbox.publish_pending(limit=jobs)
    until(all_ended(account), "the steps do not end", every=0.02)


@dataclass(frozen=True)
class Dub:
    """Seconds of one film: through the service, therein those in which no step ran, and by the engine alone."""

    service: float
    between: float
    engine: float


def tell_shares(home: House, rounds: int, minutes: int) -> None:
    """What a real film's time is made of."""
    film = film_of(home.folder, minutes)
    account, _ = customer("share")
    upload = uploaded(account, film)
    with home.workers(*_WORKERS):
        dubs = [_dub(home, account, upload, film) for _ in range(rounds + 1)][1:]  # the first warms up
    for dub in dubs:
        between = f"{1000 * dub.between:.0f} ms of it between steps"
        print(f"720p, {minutes} min: service {dub.service:.1f} s, {between}; engine alone {dub.engine:.1f} s")
    if dubs:
        print(f"service over engine: {median(dub.service / dub.engine for dub in dubs):.2f}; {_UNLIKE}")
        print(f"between steps, of the film's time: {median(dub.between / dub.service for dub in dubs):.1%} ({_GOAL})")


def _dub(home: House, account: str, upload: str, film: Path) -> Dub:
    with tempfile.TemporaryDirectory(dir=home.folder) as work:
        started = time.perf_counter()
        command = [sys.executable, "-m", "soundstage", "dub", str(film), "-o", f"{work}/out.mp4"]
        subprocess.run(command, check=True, capture_output=True)
        engine = time.perf_counter() - started
    [job_id] = begin_jobs(account, upload, 1)
    outbox.publish_pending()
    until(all_ended(account), "the film does not end")
    return Dub(*_times(job_id), engine)


def _times(job_id: str) -> tuple[float, float]:
    """Seconds from a job's creation to its success, and those of them in which none of its steps ran."""
    with transaction() as session:
        job = session.get_one(Job, job_id)
        ran = select(Step.started_at, Step.finished_at).where(Step.job_id == job_id).order_by(Step.started_at)
        spans = [(start, end) for start, end in session.execute(ran) if start and end]
    if job.succeeded_at is None:
        raise RuntimeError(f"the film is {job.status}: {job.error}")
    return (job.succeeded_at - job.created_at).total_seconds(), _idle(job.created_at, spans)


def _idle(begin: datetime, spans: list[tuple[datetime, datetime]]) -> float:
    idle, reached = 0.0, begin
    for start, end in spans:
        idle += max(0.0, (start - reached).total_seconds())
        reached = max(reached, end)
    return idle


if __name__ == "__main__":
    main()
