"""How a cast is asked when it is measured: nothing is remembered, nothing is written down."""

from typing import TypeVar

from pydantic import BaseModel

from soundstage.agents.record import Exchange

_Model = TypeVar("_Model", bound=BaseModel)


class NoMemory:
    """Remembers nothing."""

    def recall(self, key: str, model: type[_Model]) -> _Model | None:
        """None."""
        return None

    def remember(self, key: str, result: BaseModel) -> None:
        """Drop it."""


def ignore(exchange: Exchange) -> None:
    """Write nothing down."""
