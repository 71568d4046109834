import pytest

from soundstage.errors import BadOption
from soundstage.weights.settings import GIB, model_settings


@pytest.mark.parametrize(
    ("text", "bytes_of_24"),
    [
        pytest.param("20", 20 * GIB, id="number"),
        pytest.param("7.5 GiB", 15 * GIB // 2, id="unit"),
        pytest.param("50%", 12 * GIB, id="share"),
        pytest.param("", None, id="none"),
    ],
)
def test_memory_of_the_card(monkeypatch: pytest.MonkeyPatch, text: str, bytes_of_24: int | None):
    monkeypatch.setenv("SOUNDSTAGE_GPU_MEMORY", text)
    assert model_settings().memory_budget(24 * GIB) == bytes_of_24


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SOUNDSTAGE_DEVICE", "tpu"),
        ("SOUNDSTAGE_PRECISION", "int8"),
        ("SOUNDSTAGE_GPU_MEMORY", "120%"),
        ("SOUNDSTAGE_GPU_MEMORY", "much"),
        ("SOUNDSTAGE_MODEL_MIRROR", "ftp://models.invalid"),
        ("SOUNDSTAGE_COMPILE", "perhaps"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(BadOption, match=name):
        model_settings()


def test_models_lie_where_the_setting_says(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOUNDSTAGE_MODELS", "/srv/models")
    assert str(model_settings().folder) == "/srv/models"
