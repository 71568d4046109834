"""Which models the llm cast asks, and how: one setting a role, from the environment or a TOML file.

`SOUNDSTAGE_AGENTS__MODEL` names the model of all roles, `SOUNDSTAGE_AGENTS__DESIGNER__MODEL` that of one; a file that
`SOUNDSTAGE_AGENTS_FILE` names holds the same under `[agents]` and `[agents.designer]`. The environment outweighs the
file.
"""

import os
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from soundstage.errors import BadOption, StorageError

FILE_VARIABLE = "SOUNDSTAGE_AGENTS_FILE"

ModelName = Annotated[str, Field(pattern=r"^[a-z0-9-]+:.+$", description="provider:name, as openai-chat:qwen3-vl")]
Price = Annotated[float, Field(ge=0, description="US dollars for a million tokens, where the model's is not known")]


class Role(StrEnum):
    """The roles, as the settings name them."""

    STORYBOARDER = "storyboarder"
    SCRIPTWRITER = "scriptwriter"
    DESIGNER = "designer"
    SYNTHESIZER = "synthesizer"


class ModelSettings(BaseModel):
    """One model and how it is asked; what is not set is that of all roles."""

    # No error shows what was given: it may be a key.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    model: ModelName | None = None
    base_url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    api_key: SecretStr | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    most_tokens: Annotated[int, Field(ge=64, description="of one answer")] | None = None
    output: Annotated[
        Literal["tool", "native", "prompted"] | None,
        Field(description="How an answer is made to fit its schema; by default as suits the model"),
    ] = None
    input_price: Price | None = None
    output_price: Price | None = None


class AgentSettings(ModelSettings):
    """All settings of the llm cast."""

    storyboarder: ModelSettings = ModelSettings()
    scriptwriter: ModelSettings = ModelSettings()
    designer: ModelSettings = ModelSettings()
    synthesizer: ModelSettings = ModelSettings()

    concurrency: Annotated[int, Field(ge=1, le=256, description="Questions open at once")] = 8
    timeout: Annotated[float, Field(gt=0, description="Seconds for one answer, retries of the request included")] = 180
    retries: Annotated[int, Field(ge=0, le=20, description="of a request that found the service busy or away")] = 4
    corrections: Annotated[int, Field(ge=0, le=10, description="of an answer that did not fit")] = 2

    looks: Annotated[Literal["keyframes", "clip"], Field(description="What the Scriptwriter sees of a shot")] = (
        "keyframes"
    )
    pictures: Annotated[int, Field(ge=1, le=32, description="Pictures of a shot, at most")] = 4
    picture_side: Annotated[int, Field(ge=64, le=2048, description="Longer side of a picture, in pixels")] = 512

    def of(self, role: Role) -> ModelSettings:
        """The settings of one role.

        Raises:
            BadOption: no model is named for it.
        """
        own: ModelSettings = getattr(self, role.value)
        # A role with a model or an address of its own has its own service: the key of one is not sent to another.
        common = () if own.model or own.base_url else ("base_url", "api_key", "input_price", "output_price")
        shared = {name: getattr(self, name) for name in ("model", *common, "temperature", "most_tokens", "output")}
        given = {name: value for name, value in own.model_dump().items() if value is not None}
        settings = ModelSettings.model_validate({**shared, **given})
        if settings.model is None:
            raise BadOption(
                f"No model is named for the {role}; set SOUNDSTAGE_AGENTS__MODEL (openai-chat:NAME, anthropic:NAME, "
                "google:NAME), or choose the house cast."
            )
        return settings

    @property
    def is_complete(self) -> bool:
        """Whether every role has a model."""
        return self.model is not None or all(getattr(self, role.value).model for role in Role)


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="SOUNDSTAGE_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    agents: AgentSettings = AgentSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # What is passed in is the file's.
        return env_settings, init_settings


def agent_settings(file: Path | None = None) -> AgentSettings:
    """The settings, from the environment and a file.

    Args:
        file: TOML; None for the one that `SOUNDSTAGE_AGENTS_FILE` names, if any.

    Raises:
        BadOption: a setting makes no sense; the message names it.
        StorageError: the file cannot be read.
    """
    named = file or (Path(os.environ[FILE_VARIABLE]) if os.environ.get(FILE_VARIABLE) else None)
    written = _read(named) if named else {"agents": {}}
    if "agents" not in written:
        raise BadOption(f"The settings {named} have no table [agents]; correct them.")
    try:
        return _Settings(**{"agents": written["agents"]}).agents
    except SettingsError as error:
        raise BadOption("The setting SOUNDSTAGE_AGENTS is not valid JSON; correct it.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        wrong = "there is no such setting" if first["type"] == "extra_forbidden" else first["msg"]
        raise BadOption(f"The setting {place} is not valid: {wrong}; correct it.") from error


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise StorageError(f"The settings {file} cannot be read ({error.strerror}); check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadOption(f"The settings {file} are not valid TOML ({error}); correct them.") from error
