"""Models by their settings: any OpenAI-compatible service, Anthropic or Google, through pydantic-ai."""

import inspect
import os
import re
from collections.abc import AsyncIterator, Callable
from functools import lru_cache
from typing import Any

import httpx2
from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import Model, create_async_httpx2_client, infer_model
from pydantic_ai.providers import Provider, infer_provider_class
from pydantic_ai.settings import ModelSettings as RequestSettings
from pydantic_ai.usage import RequestUsage, RunUsage

from soundstage.agents.llm.settings import AgentSettings, ModelSettings
from soundstage.errors import BadOption, MissingPart

# Services whose clients take an address of their own; every other provider with an address speaks OpenAI's protocol.
_OWN_CLIENTS = frozenset({"anthropic", "google"})
MOST_TOKENS = 4096
_MILLION = 1_000_000
LARGEST_RESPONSE = 4 << 20


class TooLarge(Exception):
    """A response of more than `LARGEST_RESPONSE` bytes: no answer is as long."""


def model_of(settings: ModelSettings, process: int | None = None) -> Model:
    """The model that the settings name; made once in a process, with its connections.

    Raises:
        BadOption: there is no such provider, or it has no key.
        MissingPart: the provider's client is not installed.
    """
    key = settings.api_key.get_secret_value() if settings.api_key else None
    return _model(settings.model or "", settings.base_url, key, process or os.getpid())


@lru_cache(maxsize=32)
def _model(name: str, base_url: str | None, key: str | None, process: int) -> Model:
    provider, _, model = name.partition(":")
    try:
        if base_url is not None and provider not in _OWN_CLIENTS:
            return _compatible(provider, model, base_url, key)
        return infer_model(name, _provided(base_url, key))
    except UserError as error:
        raise BadOption(_lack(name, error)) from error
    except ValueError as error:
        raise BadOption(
            f"The model {name} is of no known provider; for a service that speaks OpenAI's protocol, set base_url."
        ) from error
    except ImportError as error:
        raise MissingPart(f"The provider {provider} needs a client that is not installed ({error}).") from error


def _lack(name: str, error: UserError) -> str:
    """What the client wants to be given, of what it says to programmers: variables are named in capitals."""
    variable = re.search(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`", str(error))
    if variable is None:
        return f"The model {name} cannot be asked ({str(error).rstrip('.')}); name another, or set base_url."
    if variable[1].endswith(("_KEY", "_TOKEN")):
        return f"The model {name} wants a key; set {variable[1]}, or SOUNDSTAGE_AGENTS__API_KEY."
    return f"The model {name} wants an address; set {variable[1]}, or SOUNDSTAGE_AGENTS__BASE_URL."


def _compatible(provider: str, model: str, base_url: str, key: str | None) -> Model:
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    from soundstage.agents.llm.clips import ClipChatModel

    # Servers of one's own want no key, but the client sends one.
    service = OpenAICompatibleProvider(provider, base_url=base_url, api_key=key or "none", http_client=_client())
    return ClipChatModel(model, provider=service)


def _provided(base_url: str | None, key: str | None) -> Callable[[str], Provider[Any]]:
    given = {name: value for name, value in (("base_url", base_url), ("api_key", key)) if value is not None}

    def provide(name: str) -> Provider[Any]:
        kind = infer_provider_class(name)
        bounded = {"http_client": _client()} if "http_client" in inspect.signature(kind).parameters else {}
        return kind(**given, **bounded)

    return provide


def _client() -> httpx2.AsyncClient:
    """A client that reads no more of a response than could be an answer."""
    client = create_async_httpx2_client()
    client.headers["Accept-Encoding"] = "identity"  # what is packed small can be large
    client.event_hooks = {**client.event_hooks, "response": [_bound]}
    return client


async def _bound(response: httpx2.Response) -> None:
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream)


class _Bounded(httpx2.AsyncByteStream):
    """A response's bytes, as long as they are not too many."""

    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for chunk in self._inner:
            read += len(chunk)
            if read > LARGEST_RESPONSE:
                raise TooLarge
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


def request_settings(settings: ModelSettings, agents: AgentSettings) -> RequestSettings:
    """How one request is made: its limits, and how often it is made again when the service is busy or away.

    The clients wait as long as `Retry-After` says, else with back-off; `timeout` holds over all of it.
    """
    wanted = RequestSettings(
        max_tokens=settings.most_tokens or MOST_TOKENS,
        max_retries=agents.retries,
        request_timeout=agents.timeout,
        timeout=agents.timeout,
        # Else corrections put a system message in the middle of the talk, which many local models do not take.
        framing_announcement="never",
    )
    if settings.temperature is not None:
        wanted["temperature"] = settings.temperature
    return wanted


def price_of(tokens_in: int, tokens_out: int, settings: ModelSettings) -> float | None:
    """US dollars for that many tokens: by the prices set, else by those known of the model; None when neither are."""
    if settings.input_price is not None and settings.output_price is not None:
        return (tokens_in * settings.input_price + tokens_out * settings.output_price) / _MILLION
    model = model_of(settings)
    asked = ModelResponse(
        parts=[],
        usage=RequestUsage(input_tokens=tokens_in, output_tokens=tokens_out),
        model_name=model.model_name,
        provider_name=model.system,
        provider_url=model.base_url,
    )
    try:
        return float(asked.cost().total_price)
    except (LookupError, ValueError):  # neither the service nor the model is known
        return None


def cost_of(usage: RunUsage, settings: ModelSettings) -> float | None:
    """US dollars for what was used: by the prices set, else as the client counted; None when neither is known."""
    set_here = settings.input_price is not None and settings.output_price is not None
    if usage.cost is None or set_here:
        return price_of(usage.input_tokens, usage.output_tokens, settings)
    return float(usage.cost)
