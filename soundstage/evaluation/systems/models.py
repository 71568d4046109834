"""The sound models that systems share in one process."""

from functools import lru_cache

from pydantic import JsonValue

from soundstage.soundmodels import SoundModels, Wishes
from soundstage.weights.card import Does


@lru_cache(maxsize=1)
def sound_models() -> SoundModels:
    """One for the process: what it loads it keeps for the next film."""
    return SoundModels()


def identities(wishes: Wishes, *does: Does) -> dict[str, JsonValue]:
    """Digests of the files of the models that serve, by name. Raises BadOption as `SoundModels.serving` does."""
    models = sound_models()
    return {card.name: models.shelf.identity(card) for card in models.serving(wishes, *does)}
