"""Films and readings that several tests of this folder share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from soundstage.film.read import read_film
from soundstage.reading import Reading


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Path], Reading]:
    """Reads a film into a folder of the test's own."""
    return lambda film: read_film(film, tmp_path / "reading", transcribe=False)
