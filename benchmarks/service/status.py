"""How many statuses of jobs the API tells a second, over the requests of a FastAPI route that does nothing.

Run as `python -m benchmarks.service.status [--rounds 5] [--seconds 4]`. Both are served by one uvicorn process with the
same settings and called over 32 connections, in turn; the medians of the rounds are told. The jobs are many, so that
every answer is its own.
"""

import argparse
import asyncio
from statistics import median

import uvicorn
import uvloop
from fastapi import FastAPI
from sqlalchemy.orm import Session

from benchmarks.service.house import house
from benchmarks.service.load import Load, load
from benchmarks.service.rows import customer
from services.backbone.ids import new_id
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Job
from services.backbone.options import JobOptions

_JOBS = 500
_FILM = {
    "container": "mov",
    "duration": 5400.0,
    "video": {"codec": "h264", "width": 1920, "height": 1080},
    "shots": 700,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.port:
        serve_nothing(asked.port)
        return
    with (
        house() as home,
        home.web("services.api") as api,
        home.web("benchmarks.service.status", ready="/nothing") as bare,
    ):
        statuses, nothing = uvloop.run(measure(api.port, bare.port, asked.rounds, asked.seconds))
    tell("does nothing", nothing)
    tell("status of a job", statuses)
    ratio = median(status.rate / bare.rate for status, bare in zip(statuses, nothing, strict=True))
    print(f"status over nothing: {ratio:.2f} (must be >= 0.5, with a p99 <= 50 ms)")


def serve_nothing(port: int) -> None:
    """The bare route, under the same server."""
    app = FastAPI()

    @app.get("/nothing")
    async def nothing() -> dict[str, str]:
        return {}

    uvicorn.run(app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning")


async def measure(api: int, bare: int, rounds: int, seconds: float) -> tuple[list[Load], list[Load]]:
    """Rounds of both, in turn, after a first that only warms up."""
    asking = await asyncio.to_thread(questions)
    nothing = [b"GET /nothing HTTP/1.1\r\nHost: api\r\n\r\n"]
    await load(api, asking, 1.0)
    await load(bare, nothing, 1.0)
    statuses, nothings = [], []
    for _ in range(rounds):
        nothings.append(await load(bare, nothing, seconds))
        statuses.append(await load(api, asking, seconds))
    return statuses, nothings


def questions() -> list[bytes]:
    """Requests for the status of jobs that are laid into the ledger here."""
    account_id, key = customer("status")
    with transaction() as session:
        jobs = [_job(session, account_id, number) for number in range(_JOBS)]
    return [f"GET /v1/jobs/{job} HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {key}\r\n\r\n".encode() for job in jobs]


def _job(session: Session, account_id: str, number: int) -> str:
    job = Job(
        id=new_id("job"),
        account_id=account_id,
        client_id=f"film-{number}",
        rank=float(number),
        options=JobOptions(hint="a harbour at dawn").model_dump(mode="json"),
        source={"kind": "url", "url": f"https://films.example/{number}.mp4"},
        film=_FILM,
        stage="synthesize",
    )
    session.add(job)
    return job.id


def rate(rounds: list[Load]) -> float:
    return median(each.rate for each in rounds)


def tell(what: str, rounds: list[Load]) -> None:
    p50, p99 = (median(getattr(each, mark) for each in rounds) * 1000 for mark in ("p50", "p99"))
    print(f"{what}: {rate(rounds):.0f} requests/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms")


if __name__ == "__main__":
    main()
