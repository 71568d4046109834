"""What went wrong between us and a model, as errors of ours: one sentence that says what to do."""

from pydantic import ValidationError
from pydantic_ai.exceptions import (
    AgentRunError,
    ContentFilterError,
    ModelAPIError,
    ModelConnectionError,
    ModelHTTPError,
    ModelQuotaExceededError,
    ModelRequestTimeout,
    ModelTimeoutError,
    OutputTokenLimitExceeded,
    UnexpectedModelBehavior,
    UserError,
)

from soundstage.agents.llm.models import LARGEST_RESPONSE, MOST_TOKENS, TooLarge
from soundstage.agents.llm.settings import AgentSettings, ModelSettings
from soundstage.errors import BadAnswer, ModelAway, ModelRefused, SoundstageError

_TRANSIENT = frozenset({408, 409, 425, 429})
_SERVER = 500
_LONGEST = 160
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
    who = f"The {role}'s model {settings.model}"
    if isinstance(error, SoundstageError):
        return error
    if isinstance(error, ModelHTTPError):
        return _http(error, who, settings)
    if isinstance(error, ModelAPIError) or is_glitch(error) or _is_too_large(error):
        return _away(error, who, agents)
    if isinstance(error, UserError):
        return ModelRefused(f"{who} cannot be asked like this ({_short(error)}); choose another.")
    if isinstance(error, AgentRunError):
        return _bad_answer(error, who, settings, agents)
    failure = ModelAway(f"{who} could not be asked ({_short(error)}); try again later.")
    failure.__cause__ = error  # nobody has thought of it
    return failure


def _http(error: ModelHTTPError, who: str, settings: ModelSettings) -> SoundstageError:
    status = error.status_code
    if isinstance(error, ModelQuotaExceededError):
        return ModelRefused(f"{who} {_REASONS[402]}.")
    if status >= _SERVER or status in _TRANSIENT:
        what = "is too busy" if status == 429 else f"fails with status {status}"
        return ModelAway(f"{who} {what}; try again later, or ask it less at once.")
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    said = f"refuses the question with status {status} ({_said(error, key)}); check its settings"
    return ModelRefused(f"{who} {_REASONS.get(status, said)}.")


def _said(error: ModelHTTPError, key: str) -> str:
    """What the service itself says, where it says it as OpenAI does; without the key, should it repeat that."""
    body = error.body
    inner = body.get("error", body) if isinstance(body, dict) else body
    message = inner.get("message") if isinstance(inner, dict) else inner
    text = str(message or "no reason given")
    return _cut(text.replace(key, "…") if key else text)


def is_glitch(error: Exception) -> bool:
    """Whether what came back was no answer at all, good or bad: half a document, an empty one, a page of HTML."""
    if isinstance(error, ModelHTTPError | ModelConnectionError | ModelRequestTimeout):
        return False
    broken = isinstance(error, UnexpectedModelBehavior) and str(error).startswith("Invalid response")
    return broken or isinstance(error, ModelAPIError) or _is_empty(error)


def _is_empty(error: Exception) -> bool:
    """Whether the client reached for the first choice of none."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    inside = last is not None and str(last.tb_frame.f_globals.get("__name__")).startswith("pydantic_ai.models")
    return isinstance(error, IndexError) and inside


def _is_too_large(error: BaseException | None) -> bool:
    return error is not None and (isinstance(error, TooLarge) or _is_too_large(error.__cause__))


def _away(error: Exception, who: str, agents: AgentSettings) -> SoundstageError:
    if isinstance(error, ModelRequestTimeout | ModelTimeoutError):
        return ModelAway(f"{who} gave no answer within {agents.timeout:g} s; try again later.")
    if _is_too_large(error):
        return ModelAway(f"{who} sends more than {LARGEST_RESPONSE >> 20} MiB, which is no answer; check base_url.")
    if is_glitch(error):
        what = "there is nothing in it" if _is_empty(error) else _short(error)
        return ModelAway(f"{who} answers with what is no answer ({what}); check base_url.")
    return ModelAway(f"{who} cannot be reached ({_short(error)}); check base_url, and that it runs.")


def _bad_answer(error: Exception, who: str, settings: ModelSettings, agents: AgentSettings) -> BadAnswer:
    if isinstance(error, ContentFilterError):
        return BadAnswer(f"{who} declined to answer; choose another model, or let the house cast stand in.")
    if isinstance(error, OutputTokenLimitExceeded):
        most = settings.most_tokens or MOST_TOKENS
        return BadAnswer(f"{who} was cut off in its answer after {most} tokens; raise most_tokens.")
    tries = agents.corrections + 1
    return BadAnswer(
        f"{who} gave no usable answer in {tries} {'try' if tries == 1 else 'tries'} ({_last(error)}); "
        "choose another model, or let the house cast stand in."
    )


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
    return _cut(str(error)) or type(error).__name__


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"
