"""docker-compose.yml as Compose itself understands it, with an environment that `infra/new-env` made."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
FILE = ROOT / "docker-compose.yml"
PROFILES = "cpu,gpu,vllm,monitoring"


def compose_command() -> list[str] | None:
    """Docker's own plugin, or the same program as a package of its own; neither needs an engine for `config`."""
    if shutil.which("docker") and _works(["docker", "compose"]):
        return ["docker", "compose"]
    alone = Path(sys.executable).with_name("docker-compose")
    found = str(alone) if alone.exists() else shutil.which("docker-compose")
    return [found] if found and _works([found]) else None


def _works(command: list[str]) -> bool:
    done = subprocess.run([*command, "version", "--short"], capture_output=True, text=True, check=False)
    return done.returncode == 0 and not done.stdout.startswith("1.")


def new_environment() -> str:
    return subprocess.run([INFRA / "new-env"], capture_output=True, text=True, check=True).stdout


def config(
    command: list[str], environment: str, folder: Path, profiles: str, *options: str
) -> subprocess.CompletedProcess[str]:
    file = folder / "environment"
    file.write_text(environment)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [*command, "--file", FILE, "--env-file", file, "config", *options],
        capture_output=True,
        text=True,
        check=False,
        env={**kept, "COMPOSE_PROFILES": profiles},
    )


@cache
def composed(folder: Path) -> Mapping[str, Any]:
    """All services of all profiles, with every value filled in."""
    command = compose_command()
    assert command is not None
    done = config(command, new_environment(), folder, PROFILES, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
