import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete, event, text
from sqlalchemy.orm import Session

from services.backbone import metrics
from services.backbone.clock import utc_now
from services.backbone.dispatch.queues import ALL_QUEUES
from services.backbone.errors import BadSetting, Unavailable
from services.backbone.ids import new_id
from services.backbone.ledger.repositories.census import Census
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import (
    Account,
    Delivery,
    DeliveryState,
    Job,
    JobStatus,
    Message,
    Outbox,
    Step,
    StepState,
    Upload,
    UploadState,
    Worker,
)
from services.backbone.settings import Settings, settings
from soundstage.agents.record import Exchange
from tests.services import rows

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(autouse=True)
def _empty(service_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The module's database without rows of an earlier test, and no readings kept of it."""
    with transaction() as session:
        for table in (Worker, Outbox, Account):
            session.execute(delete(table))
    monkeypatch.setattr(metrics, "_ledger", metrics._Ledger())


def samples() -> Samples:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def read(name: str, **labels: str) -> float:
    return samples()[f"soundstage_{name}", tuple(sorted(labels.items()))]


def step(session: Session, job: Job, **columns: object) -> None:
    given = {"stage": "design", "kind": "design", "queue": "llm", "rank": 1.0, "unit": {}, **columns}
    id = new_id("step")
    session.add(Step(id=id, key=id, job_id=job.id, account_id=job.account_id, **given))


def ago(seconds: float) -> object:
    return utc_now() - timedelta(seconds=seconds)


def test_steps_are_counted_by_queue_and_state() -> None:
    with transaction() as session:
        job = rows.job(session, rows.account(session))
        step(session, job)
        step(session, job)
        step(session, job, queue="gpu-bulk", state=StepState.RUNNING, lease_expires_at=ago(-30))
        step(session, job, queue="media", state=StepState.DONE)
    found = samples()
    counted = {labels: value for (name, labels), value in found.items() if name == "soundstage_steps" and value}
    assert counted == {
        (("queue", "llm"), ("state", "queued")): 2,
        (("queue", "gpu-bulk"), ("state", "running")): 1,
        (("queue", "media"), ("state", "done")): 1,
    }


def test_the_oldest_step_that_may_run_tells_how_long_a_queue_waits() -> None:
    with transaction() as session:
        job = rows.job(session, rows.account(session))
        step(session, job, not_before=ago(90))
        step(session, job, not_before=ago(10))
        step(session, job, queue="gpu", not_before=ago(-600))
        step(session, job, queue="media", not_before=ago(900), state=StepState.DONE)
    assert read("queue_oldest_seconds", queue="llm") == pytest.approx(90, abs=20)
    assert read("queue_oldest_seconds", queue="gpu") == 0
    assert read("queue_oldest_seconds", queue="media") == 0


def test_leases_that_ran_out_are_counted() -> None:
    with transaction() as session:
        job = rows.job(session, rows.account(session))
        step(session, job, state=StepState.RUNNING, lease_expires_at=ago(5))
        step(session, job, state=StepState.RUNNING, lease_expires_at=ago(-30))
        step(session, job, state=StepState.DONE, lease_expires_at=ago(5))
    assert read("leases_expired") == 1


def test_jobs_are_counted_by_status_and_the_ended_by_why() -> None:
    with transaction() as session:
        owner = rows.account(session)
        rows.job(session, owner)
        rows.job(session, owner, status=JobStatus.SUCCEEDED, succeeded_at=ago(60))
        rows.job(session, owner, status=JobStatus.SUCCEEDED, succeeded_at=ago(2 * 3600))
        rows.job(session, owner, status=JobStatus.FAILED, failed_at=ago(60), error={"kind": "bad-film"})
        rows.job(session, owner, status=JobStatus.FAILED, failed_at=ago(60))
    assert (read("jobs", status="running"), read("jobs", status="succeeded"), read("jobs", status="expired")) == (
        1,
        2,
        0,
    )
    assert read("jobs_ended_recently", status="succeeded", kind="") == 1
    assert read("jobs_ended_recently", status="failed", kind="bad-film") == 1
    assert read("jobs_ended_recently", status="failed", kind="unknown") == 1


def test_what_waits_to_be_sent_is_counted() -> None:
    with transaction() as session:
        owner = rows.account(session)
        endpoint = rows.endpoint(session, owner, "https://hooks.example/x")
        message = Message(id=new_id("evt"), account_id=owner.id, type="job.failed", payload={})
        session.add_all([message, Outbox(id=new_id("msg"), queue="llm", created_at=ago(40))])
        session.flush()
        for number, (state, due_at) in enumerate(
            [
                (DeliveryState.PENDING, ago(70)),
                (DeliveryState.PENDING, ago(-600)),
                (DeliveryState.DELIVERED, ago(900)),
            ]
        ):
            id = new_id("dlv")
            session.add(
                Delivery(
                    id=id, message_id=message.id, endpoint_id=endpoint.id, number=number, state=state, due_at=due_at
                )
            )
    assert (read("outbox_messages"), read("deliveries_pending"), read("deliveries_due")) == (1, 2, 1)
    assert read("outbox_oldest_seconds") == pytest.approx(40, abs=20)
    assert read("deliveries_oldest_due_seconds") == pytest.approx(70, abs=20)


def test_uploads_that_wait_for_their_parts_are_counted() -> None:
    with transaction() as session:
        owner = rows.account(session)
        for state in (UploadState.WAITING, UploadState.COMPLETED):
            session.add(
                Upload(
                    id=new_id("up"),
                    account_id=owner.id,
                    state=state,
                    filename="film.mp4",
                    content_type="video/mp4",
                    size=1,
                    parts={},
                    object_key="k",
                    store_upload="u",
                    expires_at=ago(-600),
                )
            )
    assert read("uploads_waiting") == 1


def test_workers_count_for_their_queues_when_ready_alive_and_staying() -> None:
    with transaction() as session:
        for id, columns in {
            "good": {"ready": True},
            "cold": {"ready": False},
            "silent": {"ready": True, "heartbeat_at": ago(3600)},
            "leaving": {"ready": True, "draining": True},
        }.items():
            session.add(Worker(id=id, host="here", queues=["llm", "media"], **columns))
    assert {queue: read("workers_ready", queue=queue) for queue in ("llm", "media", "gpu")} == {
        "llm": 1,
        "media": 1,
        "gpu": 0,
    }


def test_an_empty_ledger_tells_zeros() -> None:
    found = samples()
    for queue in ALL_QUEUES:
        assert found["soundstage_workers_ready", (("queue", queue),)] == 0
        assert found["soundstage_steps", (("queue", queue), ("state", "queued"))] == 0
    assert found["soundstage_outbox_oldest_seconds", ()] == 0
    assert found["soundstage_ledger_up", ()] == 1


def test_askers_at_the_same_time_share_one_reading() -> None:
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    with transaction() as session:
        engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: metrics.exposition(), range(16)))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert sum("UNION ALL" in statement for statement in statements) == 2


def test_a_ledger_that_is_away_is_told_and_the_rest_still_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    settings.cache_clear()
    metrics.count_claims("llm", 2)
    found = samples()
    assert found["soundstage_ledger_up", ()] == 0
    assert found["soundstage_claims_total", (("queue", "llm"),)] >= 2
    assert ("soundstage_leases_expired", ()) not in found


QUESTION = Exchange(
    role="designer", prompt="designer_draft@1", model="m", tokens_in=900, tokens_out=50, cost=0.01, seconds=4.5
)
STOOD_IN = Exchange(role="designer", prompt="draft", model="house", problem="The designer's model is too busy.")


def test_what_the_process_did_is_counted() -> None:
    before = samples()
    metrics.count_request("GET", "/v1/jobs/{id}", 404, 0.02)
    metrics.count_step("mix", "done", 12.5)
    metrics.count_claims("gpu", 4)
    metrics.count_fenced("synthesize")
    metrics.count_delivery("delivered", 0.3)
    metrics.count_question(QUESTION)
    metrics.count_question(STOOD_IN)
    after = samples()
    grown = {
        name: after[name] - before.get(name, 0)
        for name in after
        if name[0].endswith(("_total", "_count", "_sum")) and after[name] != before.get(name, 0)
    }
    ours = {(name, labels): value for (name, labels), value in grown.items() if name.startswith("soundstage_")}
    method, route = ("method", "GET"), ("route", "/v1/jobs/{id}")
    assert ours == {
        ("soundstage_http_requests_total", (method, route, ("status", "404"))): 1,
        ("soundstage_http_request_seconds_count", (method, route)): 1,
        ("soundstage_http_request_seconds_sum", (method, route)): pytest.approx(0.02),
        ("soundstage_step_seconds_count", (("kind", "mix"), ("outcome", "done"))): 1,
        ("soundstage_step_seconds_sum", (("kind", "mix"), ("outcome", "done"))): pytest.approx(12.5),
        ("soundstage_claims_total", (("queue", "gpu"),)): 4,
        ("soundstage_fenced_writes_total", (("kind", "synthesize"),)): 1,
        ("soundstage_delivery_seconds_count", (("outcome", "delivered"),)): 1,
        ("soundstage_delivery_seconds_sum", (("outcome", "delivered"),)): pytest.approx(0.3),
        ("soundstage_question_seconds_count", (("outcome", "answered"), ("role", "designer"))): 1,
        ("soundstage_question_seconds_sum", (("outcome", "answered"), ("role", "designer"))): pytest.approx(4.5),
        ("soundstage_stood_in_total", (("role", "designer"),)): 1,
        ("soundstage_tokens_total", (("role", "designer"), ("way", "in"))): 900,
        ("soundstage_tokens_total", (("role", "designer"), ("way", "out"))): 50,
        ("soundstage_dollars_total", (("role", "designer"),)): pytest.approx(0.01),
    }


def test_the_process_itself_is_told() -> None:
    assert samples()["process_resident_memory_bytes", ()] > 1e6


def test_names_are_those_that_are_served() -> None:
    metrics.count_request("GET", "/healthz", 200, 0.001)
    metrics.count_step("mix", "done", 1)
    metrics.count_claims("gpu", 1)
    metrics.count_fenced("mix")
    metrics.count_delivery("failed", 1)
    metrics.count_question(QUESTION)
    metrics.count_question(STOOD_IN)
    with transaction() as session:
        rows.job(session, rows.account(session), status=JobStatus.SUCCEEDED, succeeded_at=ago(1))
    served = {name for name, _ in samples() if name.startswith("soundstage_") and not name.endswith("_created")}
    assert served == metrics.names()


def test_a_worker_serves_its_pools_counts_without_the_ledger(
    service_environment: Mapping[str, str], tmp_path: Path
) -> None:
    script = (
        "import os, time\n"
        "from services.backbone import metrics\n"
        "print(metrics.serve(), flush=True)\n"
        "for seconds in (1.0, 2.0):\n"
        "    if os.fork() == 0:\n"
        "        metrics.count_step('mix', 'done', seconds)\n"
        "        os._exit(0)\n"
        "    os.wait()\n"
        "print('counted', flush=True)\n"
        "time.sleep(60)\n"
    )
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "counter_1.db").write_bytes(b"left by a process before")
    more = {"SOUNDSTAGE_METRICS_PORT": "0", "PROMETHEUS_MULTIPROC_DIR": str(shared)}
    environment = {**os.environ, **service_environment, **more}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment) as worker:
        try:
            assert worker.stdout is not None
            port = int(worker.stdout.readline())
            assert worker.stdout.readline() == "counted\n"
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                told = answer.read().decode()
        finally:
            worker.kill()
    assert 'soundstage_step_seconds_sum{kind="mix",outcome="done"} 3.0' in told
    assert "process_resident_memory_bytes" in told
    assert "soundstage_ledger_up" not in told


def test_nothing_is_served_unless_a_port_is_set() -> None:
    assert metrics.serve() is None


SCALING = re.findall(r"(?s)```sql\n(.*?)```", (Path(__file__).parents[3] / "infra" / "README.md").read_text())


@pytest.mark.parametrize(("query", "expected"), [(SCALING[0], 3), (SCALING[1], 90)], ids=["steps", "wait"])
def test_what_scalers_ask_is_answered(query: str, expected: float) -> None:
    with transaction() as session:
        job = rows.job(session, rows.account(session))
        step(session, job, queue="gpu", not_before=ago(90))
        step(session, job, queue="gpu-bulk")
        step(session, job, queue="gpu", not_before=ago(-600))
        step(session, job, queue="gpu", state=StepState.RUNNING, lease_expires_at=ago(-30))
        step(session, job, queue="llm", not_before=ago(900))
    with transaction() as session:
        assert float(session.execute(text(query)).scalar_one()) == pytest.approx(
            expected, abs=20 if expected > 3 else 0
        )


def test_a_taken_port_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        monkeypatch.setenv("SOUNDSTAGE_METRICS_PORT", str(holder.getsockname()[1]))
        settings.cache_clear()
        with pytest.raises(BadSetting, match=r"port \d+ of 127\.0\.0\.1 cannot be listened at"):
            metrics.serve()


def test_a_ledger_that_does_not_answer_is_not_waited_for() -> None:
    with transaction() as holder:
        holder.execute(text("lock table steps in access exclusive mode"))
        started = time.monotonic()
        with pytest.raises(Unavailable), transaction() as session:
            Census(session, patience=0.2).present(timedelta(seconds=30))
    assert time.monotonic() - started < 10
