"""The whole interface against its own OpenAPI document, with requests that schemathesis makes up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from services.api.app import create_app
from services.backbone.dispatch import workers
from services.backbone.dispatch.queues import ALL_QUEUES
from services.backbone.settings import Settings
from tests.services.api.conftest import Tenants
from tests.services.api.serving import over_socket

# What the document allows can still be refused for what it means: a host that is not public, a key used before.
LEFT_OUT = [positive_data_acceptance]
NOWHERE = Settings(DATABASE_URL="postgresql://nowhere/none", REDIS_URL="redis://nowhere", secret="s" * 48)

document = schemathesis.openapi.from_dict(create_app(NOWHERE).openapi())


@dataclass(frozen=True)
class Running:
    """The service, and what its clients send with every request."""

    url: str
    headers: Mapping[str, str]


@pytest.fixture
def running(service_settings: Settings, accounts: Tenants) -> Iterator[Running]:
    """Over a socket; all that it asks of others is there."""
    workers.register("test", ALL_QUEUES)
    workers.set_ready("test")
    with over_socket(create_app(service_settings)) as url:
        yield Running(url, {"Authorization": f"Bearer {accounts().key}"})


@document.parametrize()
# The same requests every time: one made up of an unknown parameter and no key, where the test sends its key along, is
# taken for one that should have been refused.
@settings(max_examples=10, derandomize=True, suppress_health_check=list(HealthCheck))
def test_it_keeps_to_its_document(case: Case, running: Running):
    case.call_and_validate(base_url=running.url, headers=dict(running.headers), excluded_checks=LEFT_OUT)
