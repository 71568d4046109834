"""`soundstage models`: which sound models there are, and bringing them here, checking, trying and removing them."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from soundstage.cli.console import print_facts, print_json, print_wide_table, stderr, stdout
from soundstage.errors import BadModel, BadOption, MissingPart
from soundstage.weights import licences
from soundstage.weights.card import Does, Licence, ModelCard
from soundstage.weights.catalogue import catalogue
from soundstage.weights.settings import model_settings
from soundstage.weights.shelf import Shelf
from soundstage.weights.verifying import Checked, verify

if TYPE_CHECKING:
    from soundstage.weights.pulling import Pulled, Watch

app = typer.Typer(help="Sound models: which there are, and those that are here.", no_args_is_help=True)
_JSON = typer.Option(False, "--json", help="Print JSON.")
Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="Models, as `soundstage models list` names them.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A model, as `soundstage models list` names it.")]


def register(main: typer.Typer) -> None:
    """Add the commands."""
    main.add_typer(app, name="models")


@app.command("list")
def listed(
    here: bool = typer.Option(False, "--here", help="Only those that are here."),
    commercial: bool = typer.Option(False, "--commercial", help="Only those that may be used commercially."),
    json: bool = _JSON,
) -> None:
    """List the models with their licences, and which are here."""
    shelf = Shelf.open()
    cards = [card for card in catalogue() if (not here or shelf.has(card)) and (not commercial or card.commercial)]
    if json:
        print_json([_fields(card, shelf) for card in cards])
        return
    columns = ("model", "does", "licence", "commercial", "download", "memory", "longest", "here")
    print_wide_table(columns, [_row(card, shelf) for card in cards])
    stdout.print(f"\nThey lie in {shelf.folder}. Memory is that of the weights in half precision.", markup=False)


@app.command("pull")
def pulled(
    names: Names,
    source: Path | None = typer.Option(
        None, "--from", metavar="FOLDER", help="Take the files from a folder; nothing is asked of the network."
    ),
    accept: list[str] = typer.Option(
        [], "--accept-licence", metavar="LICENCE", help="A licence you have read and accept; may be given again."
    ),
    json: bool = _JSON,
) -> None:
    """Bring models here, with all they need; an interrupted pull goes on where it was."""
    shelf, cards = Shelf.open(), _with_needs(names)
    licences.accept(shelf, cards, accept)
    if not json:
        _ask_for_licences(shelf, cards)
    with _bars(quiet=json) as watch:
        done = _bring(cards, shelf, source, watch)
    if json:
        print_json([asdict(one) for one in done])
        return
    fetched = sum(one.fetched for one in done)
    stdout.print(f"Here now: {', '.join(card.name for card in cards)} ({_bytes(fetched)} fetched).", markup=False)


@app.command("use")
def use(name: Name, folder: Path = typer.Argument(..., help="Where its files lie.")) -> None:
    """Use a model that lies in a folder of yours, as it is there."""
    card, shelf = catalogue().card(name), Shelf.open()
    shelf.use(card, folder)
    stdout.print(f"{card.name} is used from {shelf.place(card)} ({card.licence.name}).", markup=False)


@app.command("verify")
def verified(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME...]", help="Models; all that are here.")] = None,
    json: bool = _JSON,
) -> None:
    """Read every file and compare it with what was published, or with what came when it was pulled."""
    shelf = Shelf.open()
    cards = _with_needs(names) if names else [card for card in catalogue() if shelf.has_begun(card)]
    checked = {card.name: verify(card, shelf) for card in cards}
    if json:
        print_json({name: [asdict(one) for one in files] for name, files in checked.items()})
    else:
        rows = [(name, one.path, str(one.state), one.against) for name, files in checked.items() for one in files]
        print_wide_table(("model", "file", "state", "compared with"), rows)
    _complain_of(checked)


@app.command("bench")
def bench(
    name: Name,
    seconds: float = typer.Option(2.0, min=0.64, max=60.0, help="How long the sound is to be."),
    json: bool = _JSON,
) -> None:
    """Try a model: let it make a short sound, and say what that took."""
    from soundstage.soundmodels import SoundModels, Wishes
    from soundstage.trial import try_out

    card = catalogue().card(name)
    if card.does in (Does.PART, Does.LISTENING, Does.MEASURING):
        raise BadOption(f"{card.name} ({card.does}) makes no sound by itself; name a model that does.")
    models = SoundModels()
    crew = models.crew(Wishes(makers=(card.name,)))
    if card.does is Does.SPEECH:
        trial = try_out(models.speaker(card), seconds, next(iter(card.languages), "en"))
    else:
        trial = try_out(crew.makers(None, lambda: False)[0], seconds)
    if json:
        print_json({**asdict(trial), "load": trial.load, "real_time_factor": trial.real_time_factor})
        return
    print_facts(
        {
            "maker": trial.maker,
            "device": trial.device,
            "loading": f"{trial.load:.1f} s",
            "making": f"{trial.again:.2f} s for {trial.duration:g} s ({trial.real_time_factor:.2f} times real time)",
            "memory": _bytes(trial.memory),
            "level": f"{trial.level:.1f} dBFS, peak {trial.peak:.1f} dBFS",
        }
    )


@app.command("remove")
def removed(names: Names, json: bool = _JSON) -> None:
    """Delete models from here; what they need stays, and folders of yours are only forgotten."""
    shelf, cards = Shelf.open(), [catalogue().card(name) for name in names]
    freed = {card.name: shelf.remove(card) for card in cards}
    if json:
        print_json(freed)
        return
    stdout.print(f"{', '.join(freed)} removed; {_bytes(sum(freed.values()))} are free again.", markup=False)


def _with_needs(names: Sequence[str]) -> list[ModelCard]:
    known = catalogue()
    wanted = {each.name: each for name in names for each in known.needed(known.card(name))}
    return list(wanted.values())


def _bring(cards: Sequence[ModelCard], shelf: Shelf, source: Path | None, watch: "Watch") -> "tuple[Pulled, ...]":
    if find_spec("httpx") is None:
        raise MissingPart("Models are fetched with httpx; install it with: pip install 'soundstage[gpu]'.")
    from soundstage.weights.gathering import gather
    from soundstage.weights.pulling import pull

    if source is not None:
        return gather(cards, source, shelf, watch)
    return pull(cards, shelf, model_settings(), watch)


def _ask_for_licences(shelf: Shelf, cards: Sequence[ModelCard]) -> None:
    """Ask a person; where none is there to answer, nothing is accepted."""
    if not sys.stdin.isatty():
        return
    for licence, models in licences.unaccepted(shelf, cards).items():
        _show_licence(licence, models)
        if typer.confirm(f"Do you accept {licence.name}?", default=False, err=True):
            licences.accept(shelf, models, [licence.name])


def _show_licence(licence: Licence, models: Sequence[ModelCard]) -> None:
    stderr.print(f"{', '.join(card.name for card in models)}: {licence.name}", markup=False)
    for told in (licence.terms, licence.url or models[0].page):
        if told:
            stderr.print(f"  {told}", markup=False)


def _complain_of(checked: dict[str, tuple[Checked, ...]]) -> None:
    broken = [name for name, files in checked.items() if not all(one.is_good for one in files)]
    if broken:
        raise BadModel(
            f"Not whole: {', '.join(broken)}; get them again with: soundstage models pull {' '.join(broken)}."
        )


@contextmanager
def _bars(quiet: bool) -> Iterator["Watch"]:
    """Show one bar a file on stderr."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    tasks: dict[tuple[str, str], TaskID] = {}
    with Progress(*columns, console=stderr, disable=quiet) as progress:

        def watch(card: ModelCard, path: str, done: int, total: int | None) -> None:
            key = card.name, path
            if key not in tasks:
                tasks[key] = progress.add_task(f"{card.name}/{path}", total=total)
            progress.update(tasks[key], completed=done)

        yield watch


def _row(card: ModelCard, shelf: Shelf) -> tuple[str, ...]:
    return (
        card.name,
        str(card.does),
        card.licence.name,
        "yes" if card.commercial else "no",
        _bytes(card.download),
        _bytes(card.memory),
        f"{card.longest:g} s" if card.longest else "",
        _here(card, shelf),
    )


def _here(card: ModelCard, shelf: Shelf) -> str:
    if not shelf.has(card):
        return "in part" if shelf.has_begun(card) else ""
    lacking = [need.name for need in catalogue().needed(card) if not shelf.has(need)]
    return f"needs {', '.join(lacking)}" if lacking else f"yes, {_bytes(shelf.size(card))}"


def _fields(card: ModelCard, shelf: Shelf) -> dict[str, object]:
    shown = {name: value for name, value in asdict(card).items() if name not in ("files", "repository")}
    needed = catalogue().needed(card)
    return {
        **shown,
        "repository": card.repository.name if card.repository else None,
        "here": shelf.has(card),
        "whole": shelf.whole(needed),
        "folder": str(shelf.place(card)),
        "on_disk": shelf.size(card),
        "memory_with_needs": catalogue().memory(card),
    }


def _bytes(count: int | None) -> str:
    if count is None:
        return "?"
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
