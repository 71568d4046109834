"""All commands, and how they are run."""

import logging
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

import typer
from typer.exceptions import TyperException

from soundstage import __version__, cli
from soundstage.cli.console import log_to_stderr
from soundstage.cli.parts import add_parts
from soundstage.errors import BadOption

app = typer.Typer(
    name="soundstage",
    help="Gives long films their sound: a film goes in, the film with its soundtrack comes out.",
    epilog=" ".join((cli.__doc__ or "").partition("\n\n")[2].split()),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
# Which module brings which commands. Only what the command line may mean is loaded: the studio takes its time.
_MODULES: Mapping[str, tuple[str, ...]] = {
    "dub": ("dub", "storyboard", "design", "render", "mix"),
    "inspect": ("inspect",),
    "labels": ("labels",),
    "library": ("library",),
    "models": ("models",),
    "service": ("submit", "status", "watch", "fetch", "cancel", "retry"),
    "batch": ("batch",),
    "doctor": ("doctor",),
    "evaluate": ("evaluate",),
}


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"soundstage {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def _add_commands(words: Sequence[str]) -> None:
    meant = [name for name, commands in _MODULES.items() if words and words[0] in commands]
    for name in meant or _MODULES:
        import_module(f"soundstage.cli.{name}").register(app)


def run(debug: bool) -> int:
    """Run the command that the command line names, to its exit code; `debug` shows the whole log.

    Raises:
        SoundstageError: what the user can do something about.
        KeyboardInterrupt: the run was interrupted.
    """
    log_to_stderr(logging.INFO if debug else logging.ERROR)
    _add_commands(sys.argv[1:])
    add_parts(app, sys.argv[1:])
    command = typer.main.get_command(app)
    # Not by calling the app: it would turn an interrupt into an answer and a reader's leaving into a fault.
    try:
        with command.make_context("soundstage", sys.argv[1:]) as context:
            command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except TyperException as error:
        message = error.format_message() or "Name a command; the help lists them"
        raise BadOption(message if message.endswith((".", "?")) else f"{message}.") from error
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    return 0
