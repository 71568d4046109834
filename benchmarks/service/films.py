"""Many tiny films through the whole service by batch calls: none lost, all succeeded, no take made twice in a film.

    python -m benchmarks.service.films                         # 100 films
    python -m benchmarks.service.films --jobs 1000 --kill 60   # and every minute a worker is killed with its whole pool

The films are of one second, one shot and 64x36; some uploads are shared by all jobs, every job works its own copy.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence

from sqlalchemy import Select, func, select

from benchmarks.service.calls import Calls
from benchmarks.service.footage import tiny_film
from benchmarks.service.house import House, house
from benchmarks.service.rows import customer, statuses, uploaded
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Asset, Attempt, Job, Step, Take
from services.up.process import Child

_WORKERS = (("services.worker_llm", "--processes", "2"), ("services.worker_gpu", "--processes", "2"))
_UPLOADS = 10
_A_CALL = 100
_SAY_EVERY = 15.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--kill", type=float, metavar="SECONDS", help="kill a worker now and then, on average so often")
    parser.add_argument("--limit", type=float, default=3600.0, metavar="SECONDS", help="give up after this")
    asked = parser.parse_args()
    with house() as home, home.web("services.api") as api, home.workers(*_WORKERS) as workers:
        account, key = customer("films")
        film = tiny_film(home.folder)
        uploads = [uploaded(account, film) for _ in range(_UPLOADS)]
        started = time.perf_counter()
        batch = submit(Calls(api.port, key), uploads, asked.jobs)
        sent = time.perf_counter() - started
        kills = follow(batch, Calls(api.port, key), Killer(home, workers, asked.kill), asked.limit)
        tell(account, asked.jobs, sent, time.perf_counter() - started, kills)


def submit(calls: Calls, uploads: Sequence[str], count: int) -> str:
    """Send all jobs as one batch, by several calls; returns its id."""
    batch = ""
    for begin in range(0, count, _A_CALL):
        numbers = range(begin, min(begin + _A_CALL, count))
        items = [{"client_id": f"film-{number}", "upload_id": uploads[number % len(uploads)]} for number in numbers]
        taken = calls.post("/v1/batches", {"reference": "films", "items": items, "defaults": {"priority": "bulk"}})
        refused = [item for item in taken["items"] if item["outcome"] != "created"]
        if refused:
            raise RuntimeError(f"refused: {refused[0]}")
        batch = taken["batch"]["id"]
    return batch


class Killer:
    """Kills a worker now and then with its whole pool, as a dying machine would, and starts another."""

    def __init__(self, home: House, workers: list[Child], every: float | None) -> None:
        """Args: every: seconds between two, on average; None never kills."""
        self.kills = 0
        self._home = home
        self._workers = workers
        self._every = every
        self._chance = random.Random(0)
        self._due = self._next()

    def act(self) -> None:
        """Kill, if it is time to."""
        if time.monotonic() < self._due:
            return
        victim = self._chance.choice(self._workers)
        victim.stop(force=True)
        victim.start()
        self.kills += 1
        self._due = self._next()

    def _next(self) -> float:
        return time.monotonic() + (self._chance.uniform(0.5, 1.5) * self._every if self._every else float("inf"))


def follow(batch: str, calls: Calls, killer: Killer, limit: float) -> int:
    """Wait until no job of the batch is under way; returns how often a worker was killed."""
    end, say = time.monotonic() + limit, 0.0
    while True:
        counts = calls.get(f"/v1/batches/{batch}")["counts"]
        if counts["queued"] + counts["running"] == 0:
            return killer.kills
        if time.monotonic() > end:
            raise TimeoutError(f"not done within {limit:.0f} s: {counts}")
        if time.monotonic() > say:
            say = time.monotonic() + _SAY_EVERY
            print(counts, file=sys.stderr, flush=True)
        killer.act()
        time.sleep(0.5)


def tell(account: str, count: int, sent: float, taken: float, kills: int) -> None:
    """What became of all."""
    ended = statuses(account)
    print(f"{count} films in {taken:.0f} s, {count / taken:.2f} a second; taken in within {sent:.1f} s")
    print(f"ended: {ended}; lost {count - sum(ended.values())}, not succeeded {count - ended.get('succeeded', 0)}")
    for line in _faults(account):
        print(line)
    print(f"workers killed: {kills}")


def _faults(account: str) -> Iterator[str]:
    with transaction() as session:
        own = select(Job.id).where(Job.account_id == account)
        takes = select(Take.job_id).where(Take.job_id.in_(own)).group_by(Take.job_id, Take.identity)
        twice = takes.having(func.count() > 1)
        yield f"takes made twice in a film: {session.scalar(_count(twice))} of {session.scalar(_count(takes))}"
        films = select(Asset.id).where(Asset.job_id.in_(own), Asset.name == "film.mp4")
        yield f"films to fetch: {session.scalar(_count(films))}"
        attempts = select(Attempt.outcome, func.count()).join(Step, Step.id == Attempt.step_id)
        counted = session.execute(attempts.where(Step.account_id == account).group_by(Attempt.outcome))
        yield f"attempts: { {outcome.value if outcome else 'open': number for outcome, number in counted} }"


def _count(rows: Select[str]) -> Select[int]:
    return select(func.count()).select_from(rows.subquery())


if __name__ == "__main__":
    main()
