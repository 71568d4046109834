"""The command line.

Exit codes: 0 done, 1 a fault of ours, 2 a wrong option, 3 a bad film, 4 a bad cue sheet, 5 a bad
recording or subtitle file, 6 a missing part, 7 storage, 8 a tool failed, 130 interrupted (the same
command goes on where it was).
"""

import logging
import os
import sys

import typer
from typer.exceptions import TyperException

from soundstage import __version__
from soundstage.cli import doctor, dub, inspect, labels, library
from soundstage.cli.console import complain, log_to_stderr
from soundstage.errors import SoundstageError

INTERRUPTED = 130
_DEBUG = "SOUNDSTAGE_DEBUG"

app = typer.Typer(
    name="soundstage",
    help="Gives long films their sound: a film goes in, the film with its soundtrack comes out.",
    epilog=__doc__.partition("\n\n")[2],
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (dub, inspect, labels, doctor):
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


def main() -> None:
    """Run the command line and end with a documented exit code; a user never meets a traceback."""
    log_to_stderr(logging.INFO if _DEBUG in os.environ else logging.ERROR)
    try:
        app(standalone_mode=False)
    except SoundstageError as error:
        sys.exit(complain(error.kind, str(error), error.exit_code))
    except TyperException as error:
        sys.exit(complain("bad-option", error.format_message(), 2))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(complain("interrupted", "Interrupted; run the same command again to go on.", INTERRUPTED))
    except Exception as error:
        if _DEBUG in os.environ:
            raise
        message = f"This is a fault of Soundstage's ({type(error).__name__}: {error}); {_DEBUG}=1 shows where."
        sys.exit(complain("internal", message, 1))
