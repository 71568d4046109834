"""All commands, and how they are run."""

import logging
import sys

import typer
from typer.exceptions import TyperException

from soundstage import __version__, cli
from soundstage.cli import batch, doctor, dub, inspect, labels, library, service
from soundstage.cli.console import log_to_stderr
from soundstage.cli.parts import add_parts
from soundstage.errors import BadOption

app = typer.Typer(
    name="soundstage",
    help="Gives long films their sound: a film goes in, the film with its soundtrack comes out.",
    epilog=(cli.__doc__ or "").partition("\n\n")[2],
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (dub, inspect, labels, service, batch, doctor):
    module.register(app)
app.add_typer(library.app, name="library")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"soundstage {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def run(debug: bool) -> None:
    """Run the command that the command line names; `debug` shows the whole log.

    Raises:
        SoundstageError: what the user can do something about.
        KeyboardInterrupt: the run was interrupted.
    """
    log_to_stderr(logging.INFO if debug else logging.ERROR)
    add_parts(app, sys.argv[1:])
    command = typer.main.get_command(app)
    # Not by calling the app: it would turn an interrupt into an answer and a reader's leaving into a fault.
    try:
        with command.make_context("soundstage", sys.argv[1:]) as context:
            command.invoke(context)
    except typer.Exit:
        return
    except TyperException as error:
        message = error.format_message() or "Name a command; the help lists them"
        raise BadOption(message.rstrip(".") + ".") from error
    except typer.Abort as error:
        raise KeyboardInterrupt from error
