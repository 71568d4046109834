"""The recipes, by family; importing this package imports every module in it, which fills the table RECIPES."""

from importlib import import_module
from pkgutil import iter_modules

from soundstage.synth.procedural.recipe import RECIPES

__all__ = ["RECIPES"]

for _family in iter_modules(__path__, f"{__name__}."):
    import_module(_family.name)
