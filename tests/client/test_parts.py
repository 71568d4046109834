"""The engine needs no httpx; who wants the client without it is told how to get it."""

import subprocess
import sys

import pytest

_WITHOUT = """
import sys
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {gone!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Gone())
sys.argv = {argv!r}
import soundstage.client
from soundstage.cli import main
main()
"""


@pytest.mark.parametrize(
    ("gone", "words", "told"),
    [
        (["httpx"], ["status", "job_1", "--url", "http://127.0.0.1:9", "--key", "sk_1"], "soundstage[client]"),
        (["psycopg", "sqlalchemy", "fastapi"], ["up", "--port", "8000"], "soundstage[service]"),
        (["psycopg", "sqlalchemy", "fastapi"], ["keys", "list"], "soundstage[service]"),
    ],
    ids=["client", "up", "keys"],
)
def test_a_part_that_is_missing_is_told(gone: list[str], words: list[str], told: str):
    program = _WITHOUT.format(gone=gone, argv=["soundstage", *words])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 6, done.stderr
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_the_service_its_commands_are_listed_all_the_same():
    program = _WITHOUT.format(gone=["sqlalchemy"], argv=["soundstage", "--help"])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    for command in ("dub", "submit", "up", "keys"):
        assert f" {command} " in done.stdout
