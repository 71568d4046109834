import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Said, ended
from tests.weights.publisher import Publisher, publishing

CONTENT = bytes(range(256)) * 1200
CATALOGUE = """
licences:
  Tiny-1.0: {{commercial: false, terms: be kind, url: "https://models.invalid/terms"}}
models:
  tiny:
    {{family: tiny, does: text-to-audio, says: a tiny one, licence: Tiny-1.0, needs: [tiny-part],
      files: [{{path: tiny.pth, url: "{url}/tiny.pth", md5: 1e8b4d4d3b5e1ab8d8e1bd9a3a9f8f0a}}]}}
  tiny-part:
    {{family: tiny, does: part, says: its part, licence: MIT, files: [{{path: part.pth, url: "{url}/part.pth"}}]}}
"""


class Models:
    """The real program with a shelf of its own, whose catalogue knows a tiny model."""

    def __init__(self, shelf: Path, publisher: Publisher) -> None:
        self.shelf = shelf
        self.publisher = publisher
        self.environment = {**os.environ, "SOUNDSTAGE_MODELS": str(shelf), "COLUMNS": "80"}
        shelf.mkdir()
        catalogue = CATALOGUE.format(url=publisher.url)
        digest = hashlib.md5(CONTENT).hexdigest()
        (shelf / "models.yaml").write_text(catalogue.replace("1e8b4d4d3b5e1ab8d8e1bd9a3a9f8f0a", digest))
        publisher.publish("/tiny.pth", CONTENT)
        publisher.publish("/part.pth", b"part")

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "soundstage", "models", *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def __call__(self, *words: str | Path) -> Said:
        return ended("models", *words, environment=self.environment)

    def pull(self, *more: str | Path) -> Said:
        return self("pull", "tiny", "--accept-licence", "Tiny-1.0", "--accept-licence", "MIT", *more)


@pytest.fixture
def models(tmp_path: Path) -> Iterator[Models]:
    with publishing() as publisher:
        yield Models(tmp_path / "shelf", publisher)


def test_pulls_a_model_with_what_it_needs(models: Models):
    said = models.pull("--json")
    assert said.code == 0
    assert {one["model"]: one["fetched"] for one in said.value} == {"tiny": len(CONTENT), "tiny-part": 4}
    assert (models.shelf / "tiny" / "tiny.pth").read_bytes() == CONTENT


def test_fetches_nothing_before_licences_are_accepted(models: Models):
    said = models("pull", "tiny", "--accept-licence", "MIT")
    assert said.code == 2
    assert "Tiny-1.0 (tiny)" in said.err
    assert not models.publisher.requests


def test_a_killed_pull_goes_on(models: Models):
    models.publisher.drops = [len(CONTENT) // 2]
    models.publisher.stalls = True
    process = models.start("pull", "tiny", "--accept-licence", "Tiny-1.0", "--accept-licence", "MIT")
    part = models.shelf / "tiny" / ".tiny.pth.part"
    deadline = time.monotonic() + 30
    while not (part.is_file() and part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=30)
    models.publisher.stalls = False
    come = part.stat().st_size
    assert 0 < come < len(CONTENT)
    assert models.pull().code == 0
    assert models.publisher.asked("/tiny.pth")[-1].range == f"bytes={come}-"
    assert (models.shelf / "tiny" / "tiny.pth").read_bytes() == CONTENT


def test_a_gated_model_says_what_to_do(models: Models):
    models.publisher.gated = True
    said = models.pull()
    assert said.code == 10
    assert "HF_TOKEN" in said.err


def test_takes_models_from_a_folder_without_a_network(models: Models, tmp_path: Path):
    folder = tmp_path / "stick"
    folder.mkdir()
    (folder / "tiny.pth").write_bytes(CONTENT)
    (folder / "part.pth").write_bytes(b"part")
    assert models.pull("--from", folder).code == 0
    assert not models.publisher.requests
    assert models("verify", "tiny").code == 0


def test_verify_finds_a_changed_file(models: Models):
    models.pull()
    (models.shelf / "tiny" / "tiny.pth").write_bytes(CONTENT[::-1])
    said = models("verify", "--json")
    assert said.code == 13
    assert '"state": "wrong digest"' in said.out
    assert "tiny" in said.out


def test_lists_what_is_here(models: Models):
    before = {one["name"]: one["whole"] for one in models("list", "--json").value}
    assert not before["tiny"]
    assert "mmaudio-large-44k-v2" in before
    models.pull()
    here = models("list", "--here", "--json").value
    assert {one["name"]: one["on_disk"] for one in here} == {"tiny": len(CONTENT), "tiny-part": 4}


def test_the_list_shows_names_whole_however_narrow_the_screen(models: Models):
    said = models("list", "--commercial")
    assert "stable-audio-3-small-sfx " in said.out
    assert "mmaudio" not in said.out


def test_removes(models: Models):
    models.pull()
    assert models("remove", "tiny", "--json").value == {"tiny": len(CONTENT)}
    assert not (models.shelf / "tiny").exists()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        pytest.param(("pull", "nothing"), 2, "There is no model 'nothing'", id="unknown"),
        pytest.param(("bench", "tiny-part"), 2, "makes no sound by itself", id="a part"),
        pytest.param(("bench", "tiny"), 2, "soundstage models pull tiny", id="not here"),
        pytest.param(("pull", "tiny", "--accept-licence", "GPL"), 2, "None of these models is under GPL", id="licence"),
        pytest.param(("use", "tiny", "/nowhere"), 7, "it lacks tiny.pth", id="no such folder"),
    ],
)
def test_says_what_is_wrong(models: Models, words: tuple[str, ...], code: int, says: str):
    said = models(*words)
    assert (said.code, said.out) == (code, "")
    assert says in said.err


def test_nothing_heavy_is_loaded_to_list_models():
    script = (
        "import sys\nfrom soundstage.cli.models import listed\nfrom soundstage.weights.catalogue import catalogue\n"
        "catalogue()\nprint([name for name in ('torch', 'transformers', 'diffusers', 'httpx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
