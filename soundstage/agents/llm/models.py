"""Models by their settings: any OpenAI-compatible service, Anthropic or Google, through pydantic-ai."""

import os
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model, infer_model
from pydantic_ai.providers import Provider, infer_provider_class
from pydantic_ai.settings import ModelSettings as RequestSettings
from pydantic_ai.usage import RunUsage

from soundstage.agents.llm.settings import AgentSettings, ModelSettings
from soundstage.errors import BadOption, MissingPart

# Services whose clients take an address of their own; every other provider with an address speaks OpenAI's protocol.
_OWN_CLIENTS = frozenset({"anthropic", "google"})
_MOST_TOKENS = 4096
_MILLION = 1_000_000


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
    except (UserError, ValueError) as error:
        raise BadOption(f"The model {name} cannot be asked: {error}") from error
    except ImportError as error:
        raise MissingPart(f"The provider {provider} needs a client that is not installed ({error}).") from error


def _compatible(provider: str, model: str, base_url: str, key: str | None) -> Model:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    # Servers of one's own want no key, but the client sends one.
    return OpenAIChatModel(model, provider=OpenAICompatibleProvider(provider, base_url=base_url, api_key=key or "none"))


def _provided(base_url: str | None, key: str | None) -> Callable[[str], Provider[Any]]:
    given = {name: value for name, value in (("base_url", base_url), ("api_key", key)) if value is not None}

    def provide(name: str) -> Provider[Any]:
        return infer_provider_class(name)(**given)

    return provide


def request_settings(settings: ModelSettings, agents: AgentSettings) -> RequestSettings:
    """How one request is made: its limits, and how often it is made again when the service is busy or away.

    The clients wait as long as `Retry-After` says, else with back-off; `timeout` holds over all of it.
    """
    wanted = RequestSettings(
        max_tokens=settings.most_tokens or _MOST_TOKENS,
        max_retries=agents.retries,
        request_timeout=agents.timeout,
        timeout=agents.timeout,
    )
    if settings.temperature is not None:
        wanted["temperature"] = settings.temperature
    return wanted


def cost_of(usage: RunUsage, settings: ModelSettings) -> float | None:
    """US dollars: by the prices set, else by those known of the model; None when neither are."""
    if settings.input_price is not None and settings.output_price is not None:
        spent = usage.input_tokens * settings.input_price + usage.output_tokens * settings.output_price
        return spent / _MILLION
    known: Decimal | None = usage.cost
    return None if known is None else float(known)
