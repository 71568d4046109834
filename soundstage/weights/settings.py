"""Where models lie and how they run: settings of the environment, each beginning with `SOUNDSTAGE_`."""

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from soundstage.errors import BadOption

_MEMORY = re.compile(r"(?P<number>\d+(\.\d+)?)\s*(?P<unit>%|GiB|G)?", re.IGNORECASE)
GIB = 1 << 30


def _memory(text: str) -> str:
    found = _MEMORY.fullmatch(text.strip())
    if found is None or float(found["number"]) <= 0 or (found["unit"] == "%" and float(found["number"]) > 100):
        raise ValueError("give GiB (20, 20GiB) or a share of the card (80%)")
    return text.strip()


class ModelSettings(BaseSettings):
    """How this machine keeps and runs sound models.

    `steps` and `guidance` take the place of every model's own, `schedulers` of a family's ({"audioldm2": "dpm++"}).
    `models` is the folder they lie in; `model_mirror` stands in for the hub's address; `gpu_memory` is what all
    models together may take of the card.
    """

    model_config = SettingsConfigDict(
        env_prefix="SOUNDSTAGE_", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    models: Path = Field(default_factory=lambda: platformdirs.user_data_path("soundstage") / "models")
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")] = "auto"
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    gpu_memory: Annotated[str, AfterValidator(_memory)] | None = None
    compile: bool = False
    steps: Annotated[int, Field(ge=1, le=1000)] | None = None
    guidance: Annotated[float, Field(ge=0, le=100)] | None = None
    schedulers: dict[str, str] = {}
    model_mirror: Annotated[str, Field(pattern=r"^https?://[^\s]+$")] | None = None
    # The hub's own name for it, so that what is set for other programs serves here too.
    token: Annotated[SecretStr | None, Field(validation_alias="HF_TOKEN")] = None

    @cached_property
    def folder(self) -> Path:
        """The folder of models, as an absolute path."""
        return self.models.expanduser().absolute()

    def memory_budget(self, total: int) -> int | None:
        """Bytes that models may take of a card with `total` bytes; None: no bound."""
        if self.gpu_memory is None:
            return None
        found = _MEMORY.fullmatch(self.gpu_memory)
        number = float(found["number"]) if found else 0.0
        if found and found["unit"] == "%":
            return int(total * number / 100)
        return int(number * GIB)


def model_settings() -> ModelSettings:
    """The settings as the environment has them now.

    Raises:
        BadOption: one makes no sense; the message names it.
    """
    try:
        return ModelSettings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"SOUNDSTAGE_{'_'.join(str(part) for part in first['loc']).upper()}"
        raise BadOption(f"The setting {name} is not valid: {first['msg']}; correct it.") from error
