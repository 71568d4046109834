"""What the tests of MMAudio share."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory):
    """A tiny MMAudio in files; not to be changed."""
    pytest.importorskip("torch")
    from tests.synth.mmaudio import tiny

    return tiny.write_model(tmp_path_factory.mktemp("mmaudio"))


@pytest.fixture(scope="session")
def tiny_footage(tmp_path_factory: pytest.TempPathFactory):
    """A short film; not to be changed."""
    pytest.importorskip("torch")
    from tests.synth.mmaudio import tiny

    path: Path = tmp_path_factory.mktemp("film") / "film.mp4"
    return tiny.write_footage(path)
