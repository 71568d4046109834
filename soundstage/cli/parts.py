"""Commands that other parts bring along, by the entry-point group `soundstage.commands`: the engine knows none of them.

A part's entry point is named after its command and leads to a function that adds it to the app. It is loaded only when
the command line may mean it, for a service takes longer to load than most commands run.
"""

from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import cast

import typer

from soundstage.errors import MissingPart

GROUP = "soundstage.commands"
_HELP = ("--help",)

Register = Callable[[typer.Typer], None]


def add_parts(app: typer.Typer, words: Sequence[str]) -> None:
    """Add the commands that `words`, the command line, may mean: one that it names, or all where it asks for help."""
    for part in entry_points(group=GROUP):
        if part.name in words[:1] or words[:1] in ([], [*_HELP]):
            _loaded(part)(app)


def _loaded(part: EntryPoint) -> Register:
    try:
        return cast(Register, part.load())
    except ModuleNotFoundError as error:
        return _missing(part.name, error.name or "a package")


def _missing(name: str, package: str) -> Register:
    """A command that only says how to get what it needs."""

    def complain(context: typer.Context) -> None:
        del context
        raise MissingPart(f"soundstage {name} needs {package}; install it with: pip install 'soundstage[service]'")

    settings = {"ignore_unknown_options": True, "allow_extra_args": True}

    def register(app: typer.Typer) -> None:
        app.command(name, context_settings=settings, help="Needs the service: pip install 'soundstage[service]'")(
            complain
        )

    return register
