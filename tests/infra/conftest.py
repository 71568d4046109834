from collections.abc import Mapping
from typing import Any

import pytest

from tests.infra import composition


@pytest.fixture(scope="session")
def compose() -> list[str]:
    command = composition.compose_command()
    if command is None:
        pytest.skip("neither `docker compose` nor `docker-compose` works here")
    return command


@pytest.fixture(scope="session")
def composed(compose: list[str], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    return composition.composed(tmp_path_factory.mktemp("compose"))


@pytest.fixture(scope="session")
def services(composed: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    return composed["services"]
