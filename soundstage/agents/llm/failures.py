"""What went wrong between us and a model, as errors of ours: one sentence that says what to do."""

from pydantic import ValidationError
from pydantic_ai.exceptions import (
    AgentRunError,
    ContentFilterError,
    ModelAPIError,
    ModelConnectionError,
    ModelHTTPError,
    UnexpectedModelBehavior,
    UserError,
)

from soundstage.agents.llm.settings import AgentSettings, ModelSettings
from soundstage.errors import BadAnswer, ModelAway, ModelRefused, SoundstageError

_TRANSIENT = frozenset({408, 409, 425, 429})
_SERVER = 500
_REASONS = {
    401: "refuses the key; check api_key",
    402: "wants to be paid first; check the account",
    403: "refuses the key; check api_key and what it may do",
    404: "knows no such model, or has no such address; check model and base_url",
    413: "finds the question too large; show it fewer or smaller pictures",
}


def failure_of(error: Exception, role: str, settings: ModelSettings, agents: AgentSettings) -> SoundstageError:
    """The error of ours for whatever the client of a model service raised.

    Args:
        error: as it was raised.
        role: who asked.
        settings: of the model that was asked.
        agents: all settings, for what was tried.
    """
    who = f"the {role}'s model {settings.model}"
    if isinstance(error, SoundstageError):
        return error
    if isinstance(error, ModelHTTPError):
        return _http(error, who)
    if isinstance(error, ContentFilterError):
        return BadAnswer(f"{_capital(who)} declined to answer; choose another model, or let the house cast stand in.")
    if isinstance(error, ModelAPIError):
        return _away(error, who, agents)
    if isinstance(error, UserError):
        return ModelRefused(f"{_capital(who)} cannot be asked like this ({_short(error)}); choose another.")
    if isinstance(error, AgentRunError | IndexError):
        tries = agents.corrections + 1
        return BadAnswer(
            f"{_capital(who)} gave no usable answer in {tries} {'try' if tries == 1 else 'tries'} ({_last(error)}); "
            "choose another model, or let the house cast stand in."
        )
    return ModelAway(f"{_capital(who)} could not be asked ({_short(error)}); try again later.")


def _http(error: ModelHTTPError, who: str) -> SoundstageError:
    status = error.status_code
    if status >= _SERVER or status in _TRANSIENT:
        what = "is too busy" if status == 429 else f"fails with status {status}"
        return ModelAway(f"{_capital(who)} {what}; try again later, or ask it less at once.")
    reason = _REASONS.get(status, f"refuses the question with status {status} ({_short(error)}); check its settings")
    return ModelRefused(f"{_capital(who)} {reason}.")


def is_glitch(error: Exception) -> bool:
    """Whether what came back was no answer at all, good or bad: half a document, an empty one, a page of HTML."""
    if isinstance(error, ModelHTTPError | ModelConnectionError) or _is_late(error):
        return False
    broken = isinstance(error, UnexpectedModelBehavior) and "Invalid response" in str(error)
    return broken or isinstance(error, ModelAPIError | IndexError)


def _is_late(error: Exception) -> bool:
    return isinstance(error, ModelAPIError) and "timed out" in str(error)


def _away(error: ModelAPIError, who: str, agents: AgentSettings) -> SoundstageError:
    if _is_late(error):
        return ModelAway(f"{_capital(who)} gave no answer within {agents.timeout:g} s; try again later.")
    if is_glitch(error):
        return ModelAway(f"{_capital(who)} answers with what is no answer ({_short(error)}); check base_url.")
    return ModelAway(f"{_capital(who)} cannot be reached ({_short(error)}); check base_url, and that it runs.")


def _last(error: BaseException) -> str:
    """What was wrong with the last answer, where the client kept it."""
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'the answer'}: {first['msg']}"
    return _short(error)


def _short(error: BaseException) -> str:
    """The gist of a client's message: it can hold the whole question."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else f"{text[:160]} …"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
