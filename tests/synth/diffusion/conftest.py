"""Tiny models of each family, saved once a run."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder of each family, by its name; tests that change one copy it first."""
    pytest.importorskip("diffusers")
    from tests.synth.diffusion.models import SAVERS

    place = tmp_path_factory.mktemp("text-to-audio")
    return {name: save(place / name) for name, save in SAVERS.items()}
