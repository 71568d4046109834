"""What all pages share: their look, and templates that escape whatever a user, a film or a model wrote."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from soundstage.cuesheet import Layer
from soundstage.inspection import palette

_FOLDER = "templates"
_HOUSE = "soundstage.inspection"


@cache
def templates(package: str = _HOUSE) -> Environment:
    """The templates of a package, from its folder `templates`; kept, for to compile them takes longer than a page."""
    return Environment(
        loader=PackageLoader(package, _FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def text(name: str, package: str = _HOUSE) -> str:
    """A file that lies beside the templates, as it is."""
    return (files(package) / _FOLDER / name).read_text(encoding="utf-8")


def style(*sheets: tuple[str, str]) -> Markup:
    """The look of all pages, and then what further `sheets` (package, file) add to it."""
    layers = " ".join(
        f"--{layer.value}: light-dark({palette.ON_LIGHT[layer]}, {palette.ON_DARK[layer]});" for layer in Layer
    )
    added = (text(file, package) for package, file in sheets)
    return Markup("\n".join([f":root {{ {layers} }}", text("page.css"), *added]))  # our own files, not a user's words


def digest(script: str) -> str:
    """What a content security policy names a script by."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
