import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic_ai.usage import RunUsage

from soundstage.agents.llm import models
from soundstage.agents.llm.desk import Desk
from soundstage.agents.llm.models import LARGEST_RESPONSE, cost_of, model_of, price_of, request_settings
from soundstage.agents.llm.settings import AgentSettings, ModelSettings
from soundstage.agents.record import Budget
from soundstage.errors import BadOption, MissingPart, ModelAway
from tests.agents.llm.desks import sound
from tests.agents.llm.scripted import Kept

HOSTED = ("openai:gpt-4o", "openai-chat:gpt-4o", "anthropic:claude-sonnet-4-5", "google:gemini-2.5-flash")
WANTS_KEY = "wants a key; set {}, or SOUNDSTAGE_AGENTS__API_KEY."
KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY")


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch):
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "base_url", "address"),
    [
        ("openai:gpt-4o", None, "https://api.openai.com/v1"),
        ("openai-chat:gpt-4o", None, "https://api.openai.com/v1"),
        ("anthropic:claude-sonnet-4-5", None, "https://api.anthropic.com"),
        ("google:gemini-2.5-flash", None, "https://generativelanguage.googleapis.com"),
        ("openai:gpt-4o", "http://here/v1", "http://here/v1"),
        ("ollama:qwen3-vl", "http://here/v1", "http://here/v1"),
        ("whatever:qwen/qwen3-vl:8b", "http://here/v1", "http://here/v1"),
        ("anthropic:claude-sonnet-4-5", "http://here", "http://here"),
        ("google:gemini-2.5-flash", "http://here", "http://here"),
    ],
)
def test_where_a_model_is_asked(name: str, base_url: str | None, address: str):
    model = model_of(ModelSettings(model=name, base_url=base_url, api_key="k"))
    assert model.model_name == name.partition(":")[2]
    assert str(model.base_url).rstrip("/") == address


def test_model_is_made_once_in_a_process():
    settings = ModelSettings(model="local:m", base_url="http://here", api_key="k")
    assert model_of(settings) is model_of(settings.model_copy())
    assert model_of(settings) is not model_of(settings, process=1)
    assert model_of(settings) is not model_of(settings.model_copy(update={"api_key": None}))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        pytest.param(
            "nowhere:m",
            "is of no known provider; for a service that speaks OpenAI's protocol, set base_url",
            id="unknown",
        ),
        pytest.param("openai:gpt-4o", WANTS_KEY.format("OPENAI_API_KEY"), id="no key for OpenAI"),
        pytest.param("anthropic:claude", WANTS_KEY.format("ANTHROPIC_API_KEY"), id="no key for Anthropic"),
        pytest.param("google:gemini", WANTS_KEY.format("GOOGLE_API_KEY"), id="no key for Google"),
        pytest.param(
            "ollama:qwen", "wants an address; set OLLAMA_BASE_URL, or SOUNDSTAGE_AGENTS__BASE_URL.", id="address"
        ),
    ],
)
def test_model_that_cannot_be_asked(name: str, sentence: str):
    with pytest.raises(BadOption) as raised:
        model_of(ModelSettings(model=name))
    assert str(raised.value).startswith(f"The model {name} ")
    assert sentence in str(raised.value)
    assert "Provider(" not in str(raised.value)


def test_provider_whose_client_is_not_installed():
    with pytest.raises(MissingPart, match=r"The provider mistral needs a client that is not installed .*pip install"):
        model_of(ModelSettings(model="mistral:large", api_key="k"))


def test_desk_refuses_a_model_when_it_is_opened():
    with pytest.raises(BadOption, match="no known provider"):
        Desk(AgentSettings(model="nowhere:m"), Kept(), print, Budget())


@pytest.mark.parametrize(
    ("settings", "price"),
    [
        pytest.param({"model": "local:m", "base_url": "http://here"}, None, id="unknown"),
        pytest.param({"model": "local:m", "base_url": "http://here", "input_price": 1.0}, None, id="half set"),
        pytest.param(
            {"model": "local:m", "base_url": "http://here", "input_price": 1.0, "output_price": 3.0}, 7.0, id="set"
        ),
        pytest.param({"model": "openai:gpt-4o", "api_key": "k", "input_price": 0, "output_price": 0}, 0.0, id="free"),
    ],
)
def test_price(settings: dict[str, object], price: float | None):
    assert price_of(1_000_000, 2_000_000, ModelSettings.model_validate(settings)) == price


@pytest.mark.parametrize(
    "name", ["openai:gpt-4o", "openai-chat:gpt-4o", "anthropic:claude-sonnet-4-5", "google:gemini-2.5-flash"]
)
def test_price_that_is_known(name: str):
    settings = ModelSettings(model=name, api_key="k")
    small, large = price_of(1000, 100, settings), price_of(2000, 200, settings)
    assert small is not None
    assert large == pytest.approx(2 * small)
    assert cost_of(RunUsage(input_tokens=1000, output_tokens=100), settings) == pytest.approx(small)


def test_retries_and_limits_of_a_request():
    wanted = request_settings(
        ModelSettings(model="a:b", most_tokens=128, temperature=0.0), AgentSettings(timeout=9, retries=3)
    )
    assert wanted["max_tokens"] == 128
    assert (wanted["request_timeout"], wanted["max_retries"], wanted["temperature"]) == (9, 3, 0.0)
    assert "temperature" not in request_settings(ModelSettings(model="a:b"), AgentSettings())


class Endless(BaseHTTPRequestHandler):
    """Sends a response that has no end, and counts what was taken."""

    taken = 0

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        with suppress(OSError):
            while type(self).taken < 64 << 20:
                type(self).taken += self.wfile.write(b" " * (64 << 10))

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def endless() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endless)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_endless_response_is_not_read_to_its_end():
    with endless() as url, pytest.raises(ModelAway, match="more than 4 MiB"):
        Desk(AgentSettings(model="local:m", base_url=url), Kept(), lambda exchange: None, Budget()).ask(sound())
    assert LARGEST_RESPONSE <= Endless.taken < 32 << 20


@pytest.mark.parametrize(
    "name", ["openai:gpt-4o", "openai-chat:m", "anthropic:claude-sonnet-4-5", "google:gemini-2.5-flash"]
)
def test_every_client_is_bounded(name: str, monkeypatch: pytest.MonkeyPatch):
    made = []
    monkeypatch.setattr(models, "_client", lambda: made.append(client()) or made[-1])
    model_of(ModelSettings(model=name, api_key="bounded"), process=2)
    assert len(made) == 1


client = models._client

WITHOUT = """
import sys
{missing}
from soundstage.agents.llm import AgentSettings, llm_cast
from soundstage.errors import MissingPart

try:
    llm_cast(AgentSettings(model="local:m", base_url="http://here"), memory=None, record=print)
except MissingPart as error:
    print(error)
"""


def ran(script: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    ).stdout


def test_clients_that_are_not_installed():
    said = ran(WITHOUT.format(missing="sys.modules['pydantic_ai'] = None"))
    assert said == "The llm cast needs pydantic_ai; install it with: pip install 'soundstage[llm]'\n"


def test_openai_client_that_is_not_installed():
    said = ran(WITHOUT.format(missing="sys.modules['openai'] = None"))
    assert "The provider local needs a client that is not installed" in said


OFFLINE = """
import socket, sys

def refuse(*arguments, **more):
    raise AssertionError("a socket is used")

socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = refuse
from soundstage.agents.llm import AgentSettings, llm_cast
assert "pydantic_ai" not in sys.modules
names = ["local:m", "openai:gpt-4o", "anthropic:claude-sonnet-4-5", "google:gemini-2.5-flash"]
for name in names:
    base_url = "http://here" if name == "local:m" else None
    print(llm_cast(AgentSettings(model=name, base_url=base_url, api_key="k"), memory=None, record=print).name[:4])
"""


def test_cast_is_made_without_a_network():
    assert ran(OFFLINE) == "llm-\n" * 4


def test_unreachable_service():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        settings = AgentSettings(model="local:m", base_url=f"http://127.0.0.1:{bound.getsockname()[1]}", retries=0)
        with pytest.raises(ModelAway, match=r"cannot be reached .* check base_url, and that it runs"):
            Desk(settings, Kept(), lambda exchange: None, Budget()).ask(sound())
