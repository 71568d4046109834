import logging
from pathlib import Path
from typing import Any

import pytest

from soundstage.agents.llm.settings import AgentSettings, Role, agent_settings
from soundstage.errors import BadOption, StorageError
from tests.agents.llm.desks import GOOD, desk_before, desk_for, sound
from tests.agents.llm.standin import said, standin, status

KEY = "sk-the-common-key"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch):
    for name in ("SOUNDSTAGE_AGENTS_FILE", "SOUNDSTAGE_AGENTS", "SOUNDSTAGE_AGENTS__MODEL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def written(folder: Path, text: str) -> Path:
    file = folder / "soundstage.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_nothing_set():
    settings = agent_settings()
    assert settings == AgentSettings()
    assert not settings.is_complete


def test_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOUNDSTAGE_AGENTS__MODEL", "openai-chat:qwen3-vl")
    monkeypatch.setenv("SOUNDSTAGE_AGENTS__DESIGNER__MODEL", "anthropic:claude")
    monkeypatch.setenv("SOUNDSTAGE_AGENTS__CONCURRENCY", "32")
    settings = agent_settings()
    assert settings.is_complete
    assert settings.concurrency == 32
    assert settings.of(Role.DESIGNER).model == "anthropic:claude"
    assert settings.of(Role.STORYBOARDER).model == "openai-chat:qwen3-vl"


@pytest.mark.parametrize("named", ["given", "variable"])
def test_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str):
    file = written(
        tmp_path, '[agents]\nmodel = "openai-chat:a"\n[agents.designer]\ntemperature = 0.7\n[other]\nx = 1\n'
    )
    if named == "variable":
        monkeypatch.setenv("SOUNDSTAGE_AGENTS_FILE", str(file))
    settings = agent_settings(file if named == "given" else None)
    assert settings.of(Role.DESIGNER).temperature == 0.7
    assert settings.of(Role.SCRIPTWRITER).temperature is None


def test_environment_outweighs_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = written(
        tmp_path, '[agents]\nmodel = "a:a"\ntimeout = 5\n[agents.designer]\nmodel = "b:b"\ntemperature = 1\n'
    )
    monkeypatch.setenv("SOUNDSTAGE_AGENTS__MODEL", "c:c")
    monkeypatch.setenv("SOUNDSTAGE_AGENTS__DESIGNER__MODEL", "d:d")
    settings = agent_settings(file)
    assert (settings.model, settings.timeout) == ("c:c", 5)
    assert (settings.designer.model, settings.designer.temperature) == ("d:d", 1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("[agents\n", "are not valid TOML", id="no TOML"),
        pytest.param('[agnets]\nmodel = "a:b"\n', "have no table [agents]", id="another table"),
        pytest.param("agents = 3\n", "The setting agents is not valid", id="no table"),
        pytest.param('[agents]\nmodel = "qwen"\n', "The setting agents.model is not valid", id="no provider"),
        pytest.param("[agents]\nconcurrency = 0\n", "agents.concurrency is not valid: Input should be", id="too few"),
        pytest.param('[agents]\nbase_url = "file:///x"\n', "The setting agents.base_url", id="no web address"),
        pytest.param("[agents.designer]\ntemperature = 9\n", "agents.designer.temperature", id="of a role"),
        pytest.param("[agents]\ncolour = 1\n", "agents.colour is not valid: there is no such setting", id="unknown"),
    ],
)
def test_wrong_file(tmp_path: Path, text: str, sentence: str):
    with pytest.raises(BadOption) as raised:
        agent_settings(written(tmp_path, text))
    assert sentence in str(raised.value)
    assert str(raised.value).endswith(("correct it.", "correct them."))


def test_file_in_no_text(tmp_path: Path):
    (tmp_path / "s.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadOption, match="are not valid TOML"):
        agent_settings(tmp_path / "s.toml")


def test_no_file(tmp_path: Path):
    with pytest.raises(StorageError, match=r"cannot be read \(No such file or directory\); check the path"):
        agent_settings(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        pytest.param("AGENTS__TIMEOUT", "soon", "The setting agents.timeout is not valid", id="no number"),
        pytest.param("AGENTS__RETRIES", "99", "The setting agents.retries is not valid", id="too many"),
        pytest.param("AGENTS", "{", "The setting SOUNDSTAGE_AGENTS is not valid JSON; correct it.", id="no JSON"),
    ],
)
def test_wrong_environment(monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str):
    monkeypatch.setenv(f"SOUNDSTAGE_{name}", value)
    with pytest.raises(BadOption) as raised:
        agent_settings()
    assert sentence in str(raised.value)


def test_role_without_a_model():
    settings = AgentSettings(designer={"model": "a:b"})
    assert settings.of(Role.DESIGNER).model == "a:b"
    with pytest.raises(BadOption, match="No model is named for the storyboarder; set SOUNDSTAGE_AGENTS__MODEL"):
        settings.of(Role.STORYBOARDER)


COMMON: dict[str, Any] = {
    "model": "a:a",
    "base_url": "http://a",
    "api_key": KEY,
    "input_price": 1.0,
    "output_price": 2.0,
    "most_tokens": 99,
}


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        pytest.param({}, ("a:a", "http://a", True, 1.0), id="nothing"),
        pytest.param({"temperature": 0.1}, ("a:a", "http://a", True, 1.0), id="temperature"),
        pytest.param({"model": "b:b"}, ("b:b", None, False, None), id="model"),
        pytest.param({"base_url": "http://b"}, ("a:a", "http://b", False, None), id="address"),
        pytest.param({"model": "b:b", "base_url": "http://b"}, ("b:b", "http://b", False, None), id="both"),
    ],
)
def test_what_a_role_shares(own: dict[str, Any], expected: tuple[Any, ...]):
    role = AgentSettings.model_validate({**COMMON, "designer": own}).of(Role.DESIGNER)
    assert (role.model, role.base_url, role.api_key is not None, role.input_price) == expected
    assert role.most_tokens == 99


@pytest.mark.parametrize(
    ("own", "sent"),
    [
        pytest.param({}, "none", id="no key"),
        pytest.param({"api_key": "sk-own"}, "sk-own", id="own key"),
    ],
)
@pytest.mark.parametrize("model", [None, "local:other"], ids=["same model", "other model"])
def test_common_key_stays_with_its_service(own: dict[str, str], sent: str, model: str | None):
    with standin(said(GOOD)) as mine, desk_before(said(GOOD), api_key=KEY) as opened:
        designer = {"base_url": mine.url, **({"model": model} if model else {}), **own}
        desk = desk_for(opened.server, api_key=KEY, designer=designer).desk
        desk.ask(sound())
        desk.ask(sound(prompt="storyboarder_merge"))
    assert [asked.headers["authorization"] for asked in mine.requests] == [f"Bearer {sent}"]
    assert [asked.headers["authorization"] for asked in opened.server.requests] == [f"Bearer {KEY}"]
    assert KEY not in str(mine.requests)


def test_key_of_the_environment_is_not_sent_elsewhere(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with desk_before(said(GOOD), model="openai:own") as opened:
        opened.desk.ask(sound())
    assert KEY not in str(opened.server.requests[0].headers)


def test_key_is_never_shown(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    echo = status(400, {"error": {"message": f"You sent {KEY}."}})
    with desk_before(echo, api_key=KEY) as opened, pytest.raises(Exception, match="You sent ") as raised:
        opened.desk.ask(sound())
    shown = [
        repr(opened.desk.settings),
        repr(opened.desk.models),
        str(raised.value),
        str(opened.exchanges),
        caplog.text,
    ]
    assert [text for text in shown if KEY in text] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("API_KEYS", KEY), ("DESIGNER__APIKEY", KEY), ("DESIGNER", f'["{KEY}"]'), ("DESIGNER", f'"{KEY}"')],
    ids=["misspelt", "misspelt for a role", "in a list", "in place of a role"],
)
def test_key_in_the_wrong_place_is_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(f"SOUNDSTAGE_AGENTS__{name}", value)
    with pytest.raises(BadOption) as raised:
        agent_settings()
    assert KEY not in f"{raised.value} {raised.value.__cause__}"
