"""The llm cast: every role asks a model, of any OpenAI-compatible service, Anthropic or Google."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from soundstage.agents.llm.settings import AgentSettings, Role
from soundstage.agents.prompts import names, prompt
from soundstage.agents.record import Budget, Exchange
from soundstage.agents.roles import Cast
from soundstage.cuesheet import digest
from soundstage.errors import MissingPart

# The clients of the models take a second to load, and are an extra: only for who makes a cast.
if TYPE_CHECKING:
    from soundstage.agents.llm.desk import Desk, Memory


def llm_cast(
    settings: AgentSettings,
    *,
    memory: "Memory",
    record: Callable[[Exchange], None],
    budget: Budget | None = None,
    understudy: Cast | None = None,
) -> Cast:
    """The cast that asks models.

    Args:
        settings: which models, and how.
        memory: where answers are kept; what is there is not asked for again.
        record: told of every question asked, at once and from several threads.
        budget: what the job may spend; without limit by default.
        understudy: who answers where a model fails; by default the failure is raised.

    Raises:
        BadOption: a role has no model, or its provider is unknown.
        MissingPart: a provider's client is not installed.
    """
    try:
        from soundstage.agents.llm.desk import Desk
        from soundstage.agents.llm.understudy import with_understudy
    except ModuleNotFoundError as error:
        raise MissingPart(f"The llm cast needs {error.name}; install it with: pip install 'soundstage[llm]'") from error
    cast = _cast(Desk(settings, memory, record, budget or Budget()))
    return with_understudy(cast, understudy, record) if understudy else cast


def _cast(desk: "Desk") -> Cast:
    from soundstage.agents.llm.designer import LlmDesigner
    from soundstage.agents.llm.scriptwriter import LlmScriptwriter
    from soundstage.agents.llm.storyboarder import LlmStoryboarder
    from soundstage.agents.llm.synthesizer import LlmSynthesizer

    return Cast(
        name=_name(desk.settings),
        scriptwriter=LlmScriptwriter(desk),
        storyboarder=LlmStoryboarder(desk),
        designer=LlmDesigner(desk),
        synthesizer=LlmSynthesizer(desk),
        at_once=desk.settings.concurrency,
        listens=True,
        abandon=desk.leave,
    )


def _name(settings: AgentSettings) -> str:
    """Another one for other models or other prompts, so that their results are never taken for each other's.

    Where a model is served tells nothing: the same one at another address gives the same answers.
    """
    asked = [(role.value, settings.of(role).model) for role in Role]
    shown = [settings.looks, settings.pictures, settings.picture_side]
    return f"llm-{digest([asked, shown, [str(prompt(name)) for name in names()]])[:12]}"


__all__ = ["AgentSettings", "Budget", "Exchange", "llm_cast"]
