"""Options that several commands take together, from one dataclass."""

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from soundstage.cli.bundles import bundled
from soundstage.cli.dub import register


@dataclass(frozen=True)
class _Common:
    often: Annotated[int, typer.Option("--often", min=1, help="How often.")] = 1


@dataclass(frozen=True)
class _Lamp(_Common):
    colour: Annotated[str, typer.Option("--colour", envvar="LAMP_COLOUR")] = "white"


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()

    @app.command()
    @bundled
    def shine(place: str, dim: bool = False, *, lamp: _Lamp, json: bool = False) -> None:
        """Shine."""
        typer.echo((place, dim, lamp, json))

    return app


@pytest.mark.parametrize(
    ("words", "made"),
    [
        pytest.param(("here",), ("here", False, _Lamp(), False), id="defaults"),
        pytest.param(
            ("here", "--often", "3", "--dim", "--colour", "red", "--json"),
            ("here", True, _Lamp(3, "red"), True),
            id="all",
        ),
    ],
)
def test_the_fields_of_a_bundle_are_options(app: typer.Typer, words: tuple[str, ...], made: tuple[object, ...]):
    assert CliRunner().invoke(app, words).stdout == f"{made}\n"


def test_an_option_of_a_bundle_keeps_its_bounds_its_help_and_its_variable(app: typer.Typer):
    assert CliRunner().invoke(app, ("here", "--often", "0")).exit_code == 2
    assert "How often." in CliRunner().invoke(app, ("--help",), env={"COLUMNS": "200"}).stdout
    assert "colour='blue'" in CliRunner().invoke(app, ("here",), env={"LAMP_COLOUR": "blue"}).stdout


@pytest.mark.parametrize("command", ["dub", "storyboard", "design", "render"])
def test_every_command_that_may_ask_models_takes_all_of_their_options(command: str):
    app = typer.Typer()
    register(app)
    told = CliRunner().invoke(app, (command, "--help"), env={"COLUMNS": "200"}).stdout
    wanted = ("--cast", "--model", "--base-url", "--config", "--fallback", "--most-tokens", "--most-dollars")
    assert all(option in told for option in wanted)
