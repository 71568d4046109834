"""The kinds of scene that the films are put together from, and which of them make a film of which category."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from soundstage.evaluation.films import actions, textures
from soundstage.evaluation.films.actions import Action
from soundstage.evaluation.films.sheet import Place


@dataclass(frozen=True)
class Kind:
    """A kind of scene: what it shows, in words and in pictures, and what is heard.

    `label` sounds at every instant of its action, or all through a scene that has none; `bed` lies under it.
    """

    words: str
    place: Place
    act: Callable[[np.random.Generator, float], Action]
    label: str | None = None
    bed: str | None = None


_GYM = Place((176, 150, 116), (150, 104, 60), 0.8)
_WORKSHOP = Place((82, 70, 62), (58, 48, 44), 0.85)
_KITCHEN = Place((206, 204, 190), (150, 146, 140), 0.8)
_ROOM = Place((120, 96, 84), (88, 66, 52), 0.9)
_STREET = Place((158, 182, 206), (84, 84, 90), 0.68)
_MEADOW = Place((150, 194, 228), (96, 148, 72), 0.72)
_SHORE = Place((168, 204, 228), (208, 188, 142), 0.5)
_NIGHT = Place((16, 20, 36), (26, 30, 30), 0.8)
_STORM = Place((78, 86, 98), (54, 66, 58), 0.8)
_FIELD = Place((132, 124, 112), (92, 82, 64), 0.76)
_COMIC = Place((88, 170, 214), (222, 180, 70), 0.86)
_SPACE = Place((10, 10, 24), (20, 20, 38), 0.9)

KINDS: Final[Mapping[str, Kind]] = {
    "ball": Kind("a basketball bounces in a sports hall", _GYM, actions.ball, "basketball bounce", "large hall"),
    "bag": Kind("a boxer hits a boxing bag", _GYM, actions.fist, "boxing bag", "large hall"),
    "hammer": Kind("a hammer strikes an anvil in a workshop", _WORKSHOP, actions.hammer, "hammering", "workshop"),
    "clock": Kind("a clock ticks in a quiet room", _ROOM, actions.clock, "clock ticking", "quiet room"),
    "machine": Kind("a machine runs in a factory", _WORKSHOP, textures.wheels, None, "factory"),
    "chopping": Kind("a knife chops vegetables in a kitchen", _KITCHEN, actions.knife, "chopping food", "kitchen room"),
    "frying": Kind("food fries in a pan", _KITCHEN, textures.frying, "frying", "kitchen room"),
    "traffic": Kind("cars pass on a street", _STREET, textures.traffic, None, "street traffic"),
    "horn": Kind("a car sounds its horn", _STREET, actions.horn, "car horn", "distant traffic"),
    "train": Kind("a train passes", _MEADOW, textures.passing, "train", "breeze"),
    "dog": Kind("a dog barks in a garden", _MEADOW, actions.dog, "dog barking", "garden birds"),
    "birds": Kind("birds fly over a meadow in the wind", _MEADOW, textures.grass, "birdsong", "wind in grass"),
    "rain": Kind("rain falls", _STORM, actions.rain, None, "rain"),
    "waves": Kind("waves roll onto a beach", _SHORE, textures.waves, None, "sea waves"),
    "fire": Kind("a fire burns at night", _NIGHT, textures.fire, "fire crackling", "night insects"),
    "lightning": Kind("lightning strikes in the rain", _STORM, actions.lightning, "thunderclap", "rain"),
    "gravel": Kind("somebody walks on gravel in a park", _MEADOW, actions.steps, "footsteps on gravel", "park"),
    "pavement": Kind("somebody walks along a street", _STREET, actions.steps, "footsteps", "distant traffic"),
    "door": Kind("a door slams in a corridor", _ROOM, actions.door, "door slam", "corridor"),
    "bell": Kind("a church bell rings", _STREET, actions.bell, "church bell", "village square"),
    "explosion": Kind("bombs explode on a battlefield", _FIELD, actions.blast, "explosion", "distant battle"),
    "rifle": Kind("a soldier fires a rifle", _FIELD, actions.shots, "rifle shot", "distant battle"),
    "punch": Kind("comic heroes punch each other", _COMIC, actions.fist, "punch", "breeze"),
    "swords": Kind("two swords clash", _COMIC, actions.swords, "sword clash", "breeze"),
    "laser": Kind("a laser fires in space", _SPACE, actions.laser, "laser", "spaceship hum"),
    "stars": Kind("a spaceship flies through the stars", _SPACE, textures.stars, None, "spaceship hum"),
}

THEMES: Final[Mapping[str, tuple[str, ...]]] = {
    "sports": ("ball", "bag"),
    "machines": ("hammer", "machine", "clock"),
    "war and gunfire": ("explosion", "rifle"),
    "cooking": ("chopping", "frying"),
    "natural scenes": ("rain", "waves", "lightning", "fire"),
    "cityscape": ("pavement", "door", "bell", "traffic"),
    "animals": ("dog", "birds"),
    "transportation": ("horn", "traffic", "train"),
    "comic fighting": ("punch", "swords"),
    "science fiction": ("laser", "stars"),
}
"""Which kinds of scene a film of a category is made of, by the ten categories of LVAS-Bench."""
