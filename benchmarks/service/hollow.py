"""Workers that make nothing, so that what is left is what carrying costs.

python -m benchmarks.service.hollow steps   # the service's worker, with handlers that return at once
python -m benchmarks.service.hollow tasks   # Celery alone with the same pool and settings, and a task that is empty
"""

import argparse
import time

import redis

from services.backbone.dispatch.broker import app
from services.backbone.dispatch.claims import Claim
from services.backbone.dispatch.products import NewSheet, Product
from services.backbone.dispatch.queues import Lane
from services.backbone.dispatch.running import Handler, Tell
from services.backbone.dispatch.service import WorkerService
from services.backbone.settings import settings
from soundstage.cuesheet import Caption, Cue, CueSheet, Layer, Scene

NOTHING, CLOCK = "benchmarks.nothing", "benchmarks.clock"
STEPS_A_JOB = 9
_SHOTS = 100
_PROCESSES = 2


def _scene(number: int) -> Scene:
    start, end = 10.0 * number, 10.0 * (number + 1)
    name = f"s{number:03}"
    rain = Cue(id=f"{name}-rain", layer=Layer.AMBIENCE, label="rain", start=start, end=end, level=-30, seed=number)
    caption = Caption(background="a street")
    return Scene(id=name, start=start, end=end, shots=(number, number), caption=caption, cues=(rain,))


_SCENES = tuple(map(_scene, range(3)))
_SHEET = CueSheet(film="f" * 64, duration=30.0, scenes=_SCENES)
# What each kind of step hands in: just enough for the next phase to have something to do.
_PRODUCTS = {
    "read": Product(film={"shots": _SHOTS, "duration": 30.0}),
    "describe": Product(),
    "storyboard": Product(scenes=_SCENES),
    "design": Product(),
    "compose": Product(sheet=NewSheet(_SHEET, _SHEET, ""), wanted=tuple(cue.id for cue in _SHEET.cues())),
    "synthesize": Product(silent={cue.identity(): "nothing is made" for cue in _SHEET.cues()}),
    "mix": Product(),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("steps", "tasks"))
    if parser.parse_args().what == "steps":
        SERVICE.serve(_PROCESSES)
    else:
        serve_tasks()


def _handlers() -> dict[str, Handler]:
    return dict.fromkeys(_PRODUCTS, _hand_in)


def _hand_in(claim: Claim, tell: Tell) -> Product:
    return _PRODUCTS[claim.kind]


SERVICE = WorkerService("hollow", "benchmarks.service.hollow", tuple(Lane), _handlers)


# The name by which it is found, also when this module is run.
SERVICE = WorkerService("hollow", "benchmarks.service.hollow", tuple(Lane), _handlers)


def serve_tasks() -> None:
    """Celery with the service's settings and pool, on the broker that the environment names."""
    app().task(name=NOTHING)(_nothing)
    app().task(name=CLOCK)(_tell_time)
    options = (f"--concurrency={_PROCESSES}", "-Q", Lane.LLM.value, "--hostname=nothing@%h")
    app().worker_main(["worker", "--pool=prefork", "--without-gossip", "--without-mingle", *options])


def _nothing() -> None:
    """Does nothing."""


def _tell_time() -> None:
    """Notes when it runs."""
    now = time.time()
    with redis.Redis.from_url(settings().redis_url) as broker:
        broker.rpush(CLOCK, now)


if __name__ == "__main__":
    main()
