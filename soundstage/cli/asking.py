"""`soundstage evaluate listen` and `listened`: ask people, blinded, and hear what they said."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from soundstage.cli import options as opt
from soundstage.cli.benchmarking import Folder, Only, bar
from soundstage.cli.console import print_facts, print_json, print_table, stdout

if TYPE_CHECKING:
    from soundstage.evaluation.listening.hearing import Heard


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (listen, listened):
        app.command(command.__name__)(command)


def listen(
    folder: Folder,
    only: Only = None,
    most: Annotated[int, typer.Option("--most", min=1, help="Films to be judged.")] = 10,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="Of each film at most.")] = 60.0,
    anchor: Annotated[bool, typer.Option("--anchor/--no-anchor", help="Hide a spoilt sound among the others.")] = True,
    seed: opt.Seed = 0,
    json: opt.Json = False,
) -> None:
    """Write a blinded listening test: a folder to hand on, and its key, to be kept."""
    from soundstage.evaluation.bench.entries import Bench
    from soundstage.evaluation.entrants import results_in
    from soundstage.evaluation.listening.documents import FOLDER, KEY_FILE
    from soundstage.evaluation.listening.page import PAGE, make_test
    from soundstage.evaluation.listening.planning import Plan

    plan = Plan(most, seconds, anchor, seed)
    with bar("films", json) as progress:
        key = make_test(Bench.load(folder), results_in(folder, only or ()), folder, plan, progress)
    facts = {
        "page": str(folder / FOLDER / PAGE),
        "key": str(folder / KEY_FILE),
        "test": key.test,
        "films": str(len(key.trials)),
    }
    if json:
        print_json(facts)
        return
    print_facts(facts)


def listened(
    results: Annotated[list[Path], typer.Argument(metavar="RESULTS...", help="Files that listeners saved.")],
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="The test's key.")] = Path("listening-key.json"),
    screen: Annotated[bool, typer.Option("--screen", help="Leave listeners out who miss the reference.")] = False,
    json: opt.Json = False,
) -> None:
    """Un-blind what listeners said: means with intervals, and which differences are likely more than chance."""
    from soundstage.evaluation.documents import read_document
    from soundstage.evaluation.listening.documents import Key
    from soundstage.evaluation.listening.hearing import evaluate_answers, read_answers

    known = read_document(key, Key)
    found = evaluate_answers(read_answers(results, known), known, screen=screen)
    if json:
        print_json(found.model_dump(mode="json"))
        return
    _show_heard(found)


def _show_heard(heard: "Heard") -> None:
    rows = [(o.system, o.scale, f"{o.mean:.2f}", f"{o.low:.2f} to {o.high:.2f}", str(o.count)) for o in heard.opinions]
    print_table(("system", "scale", "mean", "95 % interval", "ratings"), rows)
    sure = [each for each in heard.preferences if each.sure]
    for each in sure:
        stdout.print(
            f"{each.scale}: {each.first} {each.mean:+.2f} against {each.second} ({each.low:+.2f} to {each.high:+.2f})",
            markup=False,
        )
    if not sure:
        stdout.print("No difference between systems is surely more than chance.", markup=False)
    if heard.doubtful:
        stdout.print(f"Did not know the reference: {', '.join(heard.doubtful)}.", markup=False)
