import pytest

from services.backbone.errors import BadSetting
from services.backbone.sealing import seal, unseal
from services.backbone.settings import settings
from services.backbone.webhooks.signing import make_secret

pytestmark = pytest.mark.usefixtures("service_secret")


@pytest.fixture
def service_secret(monkeypatch):
    def become(secret: str) -> None:
        monkeypatch.setenv("SOUNDSTAGE_SECRET", secret)
        settings.cache_clear()

    monkeypatch.setenv("DATABASE_URL", "postgresql://nowhere/none")
    monkeypatch.setenv("REDIS_URL", "redis://nowhere")
    become("a" * 32)
    yield become
    settings.cache_clear()


def test_a_secret_comes_back():
    secret = make_secret()
    assert secret not in seal(secret)
    assert unseal(seal(secret)) == secret


def test_a_secret_is_sealed_differently_each_time():
    secret = make_secret()
    assert seal(secret) != seal(secret)


def test_another_service_secret_opens_nothing(service_secret):
    sealed = seal(make_secret())
    service_secret("b" * 32)
    with pytest.raises(BadSetting, match="SOUNDSTAGE_SECRET"):
        unseal(sealed)


def test_what_was_changed_is_not_opened():
    sealed = seal(make_secret())
    with pytest.raises(BadSetting):
        unseal(sealed[:-8] + "AAAAAAA=")
