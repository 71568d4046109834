"""Who plays the roles: the house, or models by their settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from soundstage.agents.house import NO_NARRATION, house_cast
from soundstage.agents.llm import llm_cast
from soundstage.agents.llm.settings import AgentSettings, Role, agent_settings
from soundstage.agents.names import CastName
from soundstage.agents.roles import Cast
from soundstage.errors import BadOption, MissingPart
from soundstage.turns import TurnLog
from soundstage.workfolder import WorkFolder


@dataclass(frozen=True)
class Casting:
    """Which cast is wanted, and what it may do.

    `model` and `base_url` stand for those of the settings, for all roles; `config` is a TOML file of settings.
    `fallback` lets the house stand in for a model that fails; `most_tokens` and `most_dollars` are the film's budget.
    """

    name: CastName = CastName.HOUSE
    model: str | None = None
    base_url: str | None = None
    config: Path | None = None
    fallback: bool = False
    most_tokens: int | None = None
    most_dollars: float | None = None

    def settings(self) -> AgentSettings:
        """The settings of the models.

        Raises:
            BadOption: one makes no sense.
            StorageError: the file cannot be read.
        """
        found = agent_settings(self.config)
        named = {"model": self.model, "base_url": self.base_url}
        given: dict[str, object] = {name: value for name, value in named.items() if value is not None}
        if self.model is not None:
            given |= {role.value: {} for role in Role}
        return _with(found, given) if given else found

    def cast(self, folder: WorkFolder, seed: int = 0, narrates: bool = False) -> Cast:
        """The cast, for one run in a film's work folder: answers are kept and turns written down there.

        What an earlier run went by because another cast had stood in is given up.

        Args:
            folder: of the film; held by the run.
            seed: of the house cast.
            narrates: whether lines are to be written for a narrator.

        Raises:
            BadOption: options that do not go together, or no model is named.
            MissingPart: the extra `llm` is not installed, or the cast does not narrate.
        """
        folder.forget_for_now()
        log, house = TurnLog(folder.root), house_cast(seed)
        log.begin()
        if self.name is CastName.HOUSE:
            self._check_house(narrates)
            return house
        budget = log.budget(self.most_tokens, self.most_dollars)
        understudy = house if self.fallback else None
        return llm_cast(self.settings(), memory=folder, record=log.add, budget=budget, understudy=understudy)

    def _check_house(self, narrates: bool) -> None:
        asked = {
            "--model": self.model,
            "--base-url": self.base_url,
            "--config": self.config,
            "--fallback": self.fallback or None,
            "--most-tokens": self.most_tokens,
            "--most-dollars": self.most_dollars,
        }
        for option, value in asked.items():
            if value is not None:
                raise BadOption(f"{option} is for the cast that asks models; add --cast llm, or leave it out.")
        if narrates:
            raise MissingPart(NO_NARRATION)


def _with(found: AgentSettings, given: Mapping[str, object]) -> AgentSettings:
    try:
        return AgentSettings.model_validate({**found.model_dump(exclude_unset=True), **given})
    except ValidationError as error:
        raise BadOption(_SENSELESS[str(error.errors()[0]["loc"][0])]) from error


_SENSELESS = {
    "model": "--model names no model; write PROVIDER:NAME, such as openai-chat:qwen3-vl.",
    "base_url": "--base-url is no address; write the one where the model is served, such as http://127.0.0.1:8000/v1.",
}
