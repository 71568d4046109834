import pytest
from pydantic_ai.exceptions import (
    ContentFilterError,
    ModelAPIError,
    ModelConnectionError,
    ModelHTTPError,
    ModelRequestTimeout,
    UnexpectedModelBehavior,
    UsageLimitExceeded,
    UserError,
)

from soundstage.agents.llm.failures import failure_of, is_glitch
from soundstage.agents.llm.models import TooLarge
from soundstage.agents.llm.settings import AgentSettings, ModelSettings
from soundstage.errors import BadAnswer, BudgetSpent, ModelAway, ModelRefused, SoundstageError

SETTINGS = ModelSettings(model="local:m", api_key="sk-secret")


def failure(error: Exception, corrections: int = 2) -> SoundstageError:
    return failure_of(error, "designer", SETTINGS, AgentSettings(timeout=7, corrections=corrections))


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        pytest.param(ModelHTTPError(408, "m"), ModelAway, "fails with status 408; try again later", id="408"),
        pytest.param(ModelHTTPError(529, "m"), ModelAway, "fails with status 529", id="529"),
        pytest.param(ModelHTTPError(451, "m"), ModelRefused, "status 451 (no reason given); check", id="451"),
        pytest.param(
            ModelHTTPError(422, "m", {"error": {"message": "Too\n long"}}), ModelRefused, "(Too long)", id="422"
        ),
        pytest.param(ModelHTTPError(422, "m", {"error": "odd"}), ModelRefused, "422 (odd)", id="422 in a word"),
        pytest.param(ModelHTTPError(422, "m", [1]), ModelRefused, "422 ([1])", id="422 in a list"),
        pytest.param(ModelHTTPError(400, "m", "key sk-secret"), ModelRefused, "400 (key …)", id="key told back"),
        pytest.param(ModelRequestTimeout("m", 7), ModelAway, "gave no answer within 7 s", id="late"),
        pytest.param(ModelConnectionError("m", "gone"), ModelAway, "cannot be reached (gone)", id="gone"),
        pytest.param(ModelAPIError("m", "odd"), ModelAway, "answers with what is no answer (odd)", id="odd"),
        pytest.param(
            caused(ModelConnectionError("m", "?"), caused(OSError(), TooLarge())), ModelAway, "4 MiB", id="too large"
        ),
        pytest.param(ContentFilterError("no"), BadAnswer, "declined to answer", id="filtered"),
        pytest.param(UsageLimitExceeded("too many"), BadAnswer, "in 3 tries (too many", id="limit"),
        pytest.param(UserError("no pictures"), ModelRefused, "cannot be asked like this (no pictures)", id="misuse"),
        pytest.param(UnicodeError("surrogates"), ModelAway, "could not be asked (surrogates)", id="unforeseen"),
        pytest.param(ValueError(), ModelAway, "could not be asked (ValueError)", id="without a word"),
        pytest.param(IndexError("ours"), ModelAway, "could not be asked (ours)", id="our own"),
        pytest.param(BudgetSpent("spent"), BudgetSpent, "spent", id="ours already"),
    ],
)
def test_failure(error: Exception, kind: type[SoundstageError], sentence: str):
    found = failure(error)
    assert type(found) is kind
    assert sentence in str(found)
    assert "sk-secret" not in str(found)


def test_one_try_is_one_try():
    assert "in 1 try (odd)" in str(failure(UnexpectedModelBehavior("odd"), corrections=0))


def test_last_fault_is_told():
    error = caused(UnexpectedModelBehavior("Exceeded"), caused(RuntimeError("retry"), ValueError("the label is wrong")))
    assert "(the label is wrong)" in str(failure(error))


@pytest.mark.parametrize(
    ("error", "glitch"),
    [
        pytest.param(UnexpectedModelBehavior("Invalid response from x"), True, id="no JSON"),
        pytest.param(UnexpectedModelBehavior("Exceeded maximum; Invalid response"), False, id="no more corrections"),
        pytest.param(ModelAPIError("m", "odd"), True, id="odd"),
        pytest.param(ModelHTTPError(500, "m"), False, id="status"),
        pytest.param(ModelConnectionError("m", "gone"), False, id="gone"),
        pytest.param(ModelRequestTimeout("m", 7), False, id="late"),
        pytest.param(IndexError("ours"), False, id="our own"),
    ],
)
def test_glitch(error: Exception, glitch: bool):
    assert is_glitch(error) is glitch
