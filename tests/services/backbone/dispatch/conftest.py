"""A ledger of one's own for every test, and a desk that plays the workers with products of one's choice."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest
import redis
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.backbone.dispatch import claims, flow
from services.backbone.dispatch.claims import Claim
from services.backbone.dispatch.products import NewSheet, Product
from services.backbone.dispatch.queues import ALL_QUEUES
from services.backbone.dispatch.ranking import next_rank
from services.backbone.ids import new_id
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Account, Asset, Event, Job, JobStatus, Outbox, Priority, Step, StepState
from services.backbone.settings import settings
from soundstage.cuesheet import Caption, Cue, CueSheet, Layer, Scene
from tests.services import rows

SCENES = tuple(
    Scene(
        id=f"s{number:03}",
        start=10.0 * number,
        end=10.0 * (number + 1),
        shots=(number, number),
        caption=Caption(background="a street"),
        cues=(
            Cue(
                id=f"s{number:03}-rain",
                layer=Layer.AMBIENCE,
                label="rain",
                start=10.0 * number,
                end=10.0 * (number + 1),
                level=-30,
                seed=number,
            ),
        ),
    )
    for number in range(3)
)
SHEET = CueSheet(film="f" * 64, duration=30.0, scenes=SCENES)


@pytest.fixture(autouse=True)
def ledger(
    fresh_database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> Iterator[None]:
    environment: Mapping[str, str] = {
        "DATABASE_URL": fresh_database_url,
        "REDIS_URL": redis_url,
        "SOUNDSTAGE_SECRET": "s" * 48,
        "SOUNDSTAGE_SCRATCH": f"{tmp_path}/scratch",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    with redis.Redis.from_url(redis_url) as broker:
        broker.flushdb()
    yield
    settings.cache_clear()


def made(claim: Claim) -> Product:
    """What a worker would make of a claim, in the smallest."""
    products: Mapping[str, Callable[[], Product]] = {
        "read": lambda: Product(film={"shots": 100, "duration": 30.0}),
        "overview": Product,
        "describe": Product,
        "storyboard": lambda: Product(scenes=SCENES),
        "design": Product,
        "compose": lambda: composed(SHEET),
        "synthesize": lambda: Product(silent={c.identity(): "a test" for c in SHEET.cues()}),
        "listen": Product,
        "mix": Product,
    }
    return products[claim.kind]()


def composed(sheet: CueSheet) -> Product:
    return Product(sheet=NewSheet(sheet, sheet, ""), wanted=tuple(cue.id for cue in sheet.cues()))


@dataclass
class Desk:
    """Makes jobs and works them, without any process."""

    worker: str = "test"
    worked: list[tuple[str, str]] = field(default_factory=list)

    def account(self, **columns: object) -> str:
        with transaction() as session:
            return rows.account(session, **columns).id

    def job(self, account_id: str | None = None, priority: Priority = Priority.NORMAL, **columns: object) -> str:
        with transaction() as session:
            account = session.get_one(Account, account_id or rows.account(session).id)
            job = self._job(session, account, priority, columns)
            flow.start(session, job)
            return job.id

    def _job(self, session: Session, account: Account, priority: Priority, columns: Mapping[str, object]) -> Job:
        film = Asset(
            id=new_id("asset"),
            account_id=account.id,
            name="source",
            object_key="k",
            content_type="video/mp4",
            bytes=1,
            sha256="f" * 64,
        )
        session.add(film)
        session.flush()
        return rows.job(
            session,
            account,
            status=JobStatus.QUEUED,
            rank=next_rank(session, account),
            priority=priority,
            asset_id=film.id,
            revision=0,
            event_seq=0,
            progress=0.0,
            **columns,
        )

    def claim(self, queue: str) -> Claim | None:
        return next(iter(claims.claim(queue, self.worker)), None)

    def work(self, queue: str) -> bool:
        held = self.claim(queue)
        if held is None:
            return False
        self.worked.append((held.job_id, held.kind))
        claims.finish(held, made(held))
        return True

    def work_all(self) -> None:
        while any(self.work(queue) for queue in ALL_QUEUES):
            pass

    def work_until(self, kind: str) -> Claim:
        """Work everything before the first step of a kind; returns that step, claimed."""
        for _ in range(1000):
            for queue in ALL_QUEUES:
                held = self.claim(queue)
                if held is None:
                    continue
                if held.kind == kind:
                    return held
                claims.finish(held, made(held))
        raise AssertionError(f"no step of kind {kind} came")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def status(job_id: str) -> JobStatus:
    with transaction() as session:
        return session.get_one(Job, job_id).status


def events(job_id: str) -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(Event.type).where(Event.job_id == job_id).order_by(Event.seq)))


def states(job_id: str) -> dict[str, StepState]:
    with transaction() as session:
        return {step.kind: step.state for step in session.scalars(select(Step).where(Step.job_id == job_id))}


def messages(queue: str | None = None) -> int:
    with transaction() as session:
        count = select(func.count()).select_from(Outbox)
        return session.scalar(count.where(Outbox.queue == queue) if queue else count) or 0


def let_leases_run_out() -> None:
    with transaction() as session:
        session.execute(update(Step).values(lease_expires_at=func.now() - func.make_interval(0, 0, 0, 0, 0, 0, 1)))


def let_backoff_pass() -> None:
    with transaction() as session:
        session.execute(update(Step).values(not_before=func.now()))
