"""What happens when things die, vanish or come twice: every job ends as it would have, to the bit."""

import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
import redis
from sqlalchemy import func, select, text

from services.backbone import housekeeping
from services.backbone.dispatch import flow
from services.backbone.ledger.migrate import upgrade
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Asset, Attempt, Cue, Job, Outcome, Step, Take
from services.backbone.objects.store import ObjectStore
from services.backbone.options import JobOptions
from services.backbone.settings import settings
from tests.services.conftest import PrivateServers
from tests.services.house import WORKING, House, running_house, wait_until
from tests.services.jobs import artifacts, sha256_of, small_film, status, submit
from tests.services.test_walk import engine_alone

QUICK = {"SOUNDSTAGE_LEASE": "4", "SOUNDSTAGE_HEARTBEAT": "0.5", "SOUNDSTAGE_SWEEP": "0.3", "SOUNDSTAGE_ATTEMPTS": "9"}


@dataclass(frozen=True)
class Scene:
    """A film on its way, in a house that a test disturbs."""

    house: House
    job: str


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_film(tmp_path_factory.mktemp("film"), shots=(0, 3, 5), pictures=60)


@pytest.fixture(scope="module")
def undisturbed(film: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """SHA-256 of the master that the engine makes alone."""
    return sha256_of(engine_alone(film, tmp_path_factory.mktemp("alone"), seed=3)["master.flac"])


@pytest.fixture
def database_url(fresh_database_url: str) -> str:
    """A ledger for one test alone."""
    return fresh_database_url


@pytest.fixture
def environment(service_environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, str]]:
    with set_for_all({**service_environment, **QUICK}, monkeypatch) as values:
        yield values


@pytest.fixture
def private_environment(
    private_servers: PrivateServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Mapping[str, str]]:
    """On servers that the test may stop."""
    own = {"SOUNDSTAGE_SECRET": "s" * 48, "SOUNDSTAGE_SCRATCH": str(tmp_path / "scratch")}
    with set_for_all({**private_servers.environment, **QUICK, **own}, monkeypatch) as values:
        upgrade(values["DATABASE_URL"])
        ObjectStore.of(settings()).ensure_bucket()
        yield values


@contextmanager
def set_for_all(values: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, str]]:
    """For the house, and for the test's own `settings()`."""
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield values
    settings.cache_clear()


@pytest.fixture
def scene(film: Path, environment: Mapping[str, str], tmp_path: Path) -> Iterator[Scene]:
    with running_house(tmp_path, environment, *WORKING) as house:
        yield Scene(house, submit(film, settings(), JobOptions(seed=3)))


@pytest.fixture
def private_scene(film: Path, private_environment: Mapping[str, str], tmp_path: Path) -> Iterator[Scene]:
    with running_house(tmp_path, private_environment, *WORKING) as house:
        yield Scene(house, submit(film, settings(), JobOptions(seed=3)))


def has_ended(scene: Scene) -> bool:
    return status(scene.job) not in ("queued", "running")


def steadily(done: Callable[[], bool]) -> Callable[[], bool]:
    """The same question, with no answer while the ledger is away."""

    def asked() -> bool:
        try:
            return done()
        except Exception:
            return False

    return asked


def until_running(scene: Scene, kind: str) -> None:
    def runs() -> bool:
        with transaction() as session:
            running = select(Step.id).where(Step.job_id == scene.job, Step.kind == kind, Step.state == "running")
            return session.scalar(running.limit(1)) is not None

    wait_until(runs, 90, scene.house.logs)


def check_whole(scene: Scene, undisturbed: str) -> None:
    """The job ended well, with the master it would have had, each take once, and nothing left behind."""
    wait_until(steadily(lambda: has_ended(scene)), 150, scene.house.logs)
    with transaction() as session:
        job = session.get_one(Job, scene.job)
        assert job.status == "succeeded", f"{job.error}\n{scene.house.logs()}"
        takes = session.scalars(select(Take.identity).where(Take.job_id == scene.job)).all()
        cues = set(session.scalars(select(Cue.identity).where(Cue.job_id == scene.job, Cue.take_id.is_not(None))))
    assert artifacts(scene.job)["master.flac"] == undisturbed
    assert len(takes) == len(set(takes))
    assert set(takes) == cues
    scene.house.stop()
    housekeeping.sweep_orphans(grace=timedelta(seconds=-60))
    assert stored() == named()


def stored() -> set[str]:
    return {found.key for found in ObjectStore.of(settings()).list("")}


def named() -> set[str]:
    with transaction() as session:
        return {key for column in (Asset.object_key, Take.object_key) for key in session.scalars(select(column))}


@pytest.mark.endurance
@pytest.mark.parametrize("seed", [1, 2])
def test_processes_are_killed_at_random(scene: Scene, undisturbed: str, seed: int):
    chance = random.Random(seed)
    for _ in range(5):
        time.sleep(chance.uniform(0.3, 3.0))
        victim = chance.choice(WORKING)
        scene.house.kill(victim, signal.SIGKILL)
        scene.house.start(victim)
    check_whole(scene, undisturbed)


def test_each_kind_of_process_is_killed_at_its_work(scene: Scene, undisturbed: str):
    for step, worker in (("read", "worker_llm"), ("synthesize", "worker_gpu")):
        until_running(scene, step)
        for victim in (worker, "keeper"):
            scene.house.kill(victim, signal.SIGKILL)
            scene.house.start(victim)
    check_whole(scene, undisturbed)


def test_the_process_that_works_is_killed(scene: Scene, undisturbed: str):
    until_running(scene, "read")
    for child in scene.house.pool("worker_llm"):
        child.kill()
    check_whole(scene, undisturbed)


def test_the_broker_forgets_everything(scene: Scene, undisturbed: str):
    for kind in ("read", "synthesize"):
        until_running(scene, kind)
        with redis.Redis.from_url(settings().redis_url) as broker:
            broker.flushdb()
    check_whole(scene, undisturbed)


def test_the_database_restarts(private_scene: Scene, private_servers: PrivateServers, undisturbed: str):
    until_running(private_scene, "read")
    private_servers.postgres.stop()
    time.sleep(1)
    private_servers.postgres.start()
    check_whole(private_scene, undisturbed)


@pytest.mark.parametrize("seconds", [2, pytest.param(20, marks=pytest.mark.endurance)])
def test_the_store_is_away_for_a_while(
    private_scene: Scene, private_servers: PrivateServers, undisturbed: str, seconds: float
):
    until_running(private_scene, "read")
    private_servers.store.stop()
    time.sleep(seconds)
    private_servers.store.start()
    check_whole(private_scene, undisturbed)


def test_every_message_comes_twice(film: Path, environment: Mapping[str, str], undisturbed: str, tmp_path: Path):
    with transaction() as session:
        for statement in TWICE:
            session.execute(text(statement))
    with running_house(tmp_path, environment, *WORKING) as house:
        check_whole(Scene(house, submit(film, settings(), JobOptions(seed=3))), undisturbed)


TWICE = (
    """create function again() returns trigger language plpgsql as $$ begin
    if new.id not like '%-again' then
        insert into outbox (id, queue) values (new.id || '-again', new.queue);
    end if; return new; end $$""",
    "create trigger again after insert on outbox for each row execute function again()",
)


def test_a_lease_runs_out_under_a_living_worker(scene: Scene, undisturbed: str):
    until_running(scene, "read")
    with frozen(scene.house, "worker_llm"):
        wait_until(lambda: Outcome.LOST in outcomes(scene), 60, scene.house.logs)
    check_whole(scene, undisturbed)


@contextmanager
def frozen(house: House, name: str) -> Iterator[None]:
    """Stop the processes that work, as a machine would that is paused."""
    pool = house.pool(name)
    for child in pool:
        child.suspend()
    yield
    for child in pool:
        child.resume()


def hold_decoding(house: House, name: str) -> None:
    """Pause ffmpeg, so that the step which waits for its pictures does not end."""

    def held() -> bool:
        for worker in house.pool(name):
            for each in worker.children():
                with suppress(psutil.NoSuchProcess):
                    each.suspend()
                    return each.is_running()
        return False

    wait_until(held, 30, house.logs)


def outcomes(scene: Scene) -> list[Outcome | None]:
    with transaction() as session:
        attempts = select(Attempt.outcome).join(Step, Step.id == Attempt.step_id).where(Step.job_id == scene.job)
        return list(session.scalars(attempts))


@pytest.mark.parametrize("kind", ["read", "mix"])
def test_cancel_stops_a_running_step_within_five_seconds(scene: Scene, kind: str):
    until_running(scene, kind)
    with transaction() as session:
        flow.cancel(session, session.get_one(Job, scene.job, with_for_update=True))
    started = time.monotonic()
    wait_until(lambda: Outcome.CANCELED in outcomes(scene), 30, scene.house.logs)
    assert time.monotonic() - started < 5
    assert status(scene.job) == "canceled"
    assert list(settings().scratch.iterdir()) == []


def test_a_worker_that_is_told_to_stop_hands_its_step_back(film: Path, environment: Mapping[str, str], tmp_path: Path):
    with running_house(tmp_path, {**environment, "SOUNDSTAGE_HEARTBEAT": "0.05"}, *WORKING) as house:
        scene = Scene(house, submit(film, settings(), JobOptions()))
        until_running(scene, "read")
        hold_decoding(house, "worker_llm")  # or the step may end before the word has come through
        house.tell("worker_llm", signal.SIGTERM)
        house.wait("worker_llm")
        assert outcomes(scene) == [Outcome.HANDED_BACK]
        house.start("worker_llm")
        wait_until(lambda: has_ended(scene), 150, house.logs)
    with transaction() as session:
        assert session.get_one(Job, scene.job).status == "succeeded"
        assert session.scalar(select(func.max(Step.failures))) == 0
