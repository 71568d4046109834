from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from services.backbone.ledger.repositories.census import Reading
from services.up.panel import JobLine, LinePanel, Queue, View, drawn, queues_of
from services.up.supervisor import Event, State, Status
from tests.services.house import wait_until

PROCESSES = [
    Status("api", State.RUNNING, 1, 0, Path("api.log")),
    Status("keeper", State.WAITING, None, 3, Path("keeper.log")),
]
JOB = JobLine("job_1", "a [bold] film.mp4", "running", "read", 0.5)


def shown(view: View) -> str:
    console = Console(width=120, record=True, file=StringIO())
    console.print(drawn(view, PROCESSES))
    return " ".join(console.export_text().split())


def test_queues_processes_and_jobs_are_shown() -> None:
    text = shown(View([Queue("gpu", 12, 3, 2)], [JOB]))
    for line in ("keeper waiting to start again 3", "gpu 12 3 2", "job_1 a [bold] film.mp4 running read"):
        assert line in text


def test_trouble_with_the_ledger_is_told_beside_the_processes() -> None:
    text = shown(View(trouble="The database is away."))
    assert "The database is away." in text
    assert "api" in text


def test_bulk_queues_are_shown_while_something_is_in_them() -> None:
    readings = [
        Reading("steps", ("gpu-bulk", "queued"), 7.0),
        Reading("steps", ("llm", "running"), 1.0),
        Reading("workers_ready", ("gpu",), 2.0),
        Reading("jobs", ("queued",), 5.0),
    ]
    assert queues_of(readings) == [
        Queue("llm", 0, 1, 0),
        Queue("media", 0, 0, 0),
        Queue("gpu", 0, 0, 2),
        Queue("gpu-bulk", 7, 0, 0),
    ]


def test_without_a_terminal_each_change_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    panel = LinePanel()
    panel.hear(Event("api", State.RUNNING, "is up"))
    panel.look = lambda: View(jobs=[JOB])
    said: list[str] = []

    def told() -> bool:
        panel.show(PROCESSES)
        said.extend(capsys.readouterr().out.splitlines())
        return len(said) > 1

    wait_until(told, 10)
    panel.show(PROCESSES)
    panel.close()
    said.extend(capsys.readouterr().out.splitlines())
    assert said == ["api: is up", "job_1 a [bold] film.mp4: running read"]
