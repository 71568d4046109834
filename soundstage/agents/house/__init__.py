"""The house cast: works offline, from an image classifier, motion, the knowledge base and rules."""

from soundstage.agents.house import efficientnet, vocabulary
from soundstage.agents.house.designer import HouseDesigner
from soundstage.agents.house.scriptwriter import NO_NARRATION, HouseScriptwriter
from soundstage.agents.house.storyboarder import HouseStoryboarder
from soundstage.agents.house.synthesizer import HouseSynthesizer
from soundstage.agents.house.understanding import understand
from soundstage.agents.roles import Cast

VERSION = 1


def house_cast(seed: int = 0) -> Cast:
    """The offline cast. It draws nothing at random: `seed` is taken for likeness with other casts."""
    storyboarder = HouseStoryboarder()
    return Cast(
        name=f"house-{VERSION}",
        scriptwriter=HouseScriptwriter(storyboarder),
        storyboarder=storyboarder,
        designer=HouseDesigner(),
        synthesizer=HouseSynthesizer(),
        understands=lambda text: bool(understand(text)),
    )


def warm_up() -> None:
    """Load all that the cast looks and thinks with, rather than with the first film."""
    efficientnet.load()
    vocabulary.class_matrix()


__all__ = ["NO_NARRATION", "VERSION", "house_cast", "warm_up"]
