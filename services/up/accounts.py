"""`soundstage accounts`: listed, and limited, straight in the ledger, by who may read its settings."""

from typing import Annotated, Any

import typer

from services.backbone.ledger.repositories.accounts import Accounts
from services.backbone.ledger.tables import Account
from services.up.ledger import Data, Json, account_named, ledger
from soundstage.cli.console import print_facts, print_json, print_wide_table

app = typer.Typer(
    help="Accounts of a service on this machine, or of the one that DATABASE_URL names; keys create makes them.",
    no_args_is_help=True,
)

# What may be set, by the word of the command line: the ledger's column.
_LIMITS = {"steps": "concurrency", "jobs": "max_jobs", "minutes": "max_minutes", "bytes": "max_bytes"}


@app.command("list")
def listed(data: Data = None, json: Json = False) -> None:
    """List the accounts with their limits."""
    with ledger(data) as session:
        rows = [_facts(account) for account in Accounts(session).all()]
    if json:
        print_json(rows)
        return
    print_wide_table(("account", *_LIMITS), [[_cell(value) for value in row.values()] for row in rows])


@app.command("limit")
def limit(
    account: Annotated[str, typer.Argument(metavar="NAME", help="The account.")],
    steps: Annotated[int | None, typer.Option("--steps", min=0, help="Steps at work at once.")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", min=0, help="Jobs under way.")] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", min=0, help="Minutes of film under way.")] = None,
    bytes: Annotated[int | None, typer.Option("--bytes", min=0, help="Bytes kept in the store.")] = None,
    lift: Annotated[bool, typer.Option("--lift", help="Lift the limits that are not named, but for steps.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Set what an account may have at once; what is not named stays as it is."""
    asked = {"steps": steps, "jobs": jobs, "minutes": minutes, "bytes": bytes}
    with ledger(data) as session:
        row = account_named(session, account)
        for word, column in _LIMITS.items():
            if asked[word] is not None or (lift and word != "steps"):
                setattr(row, column, asked[word])
        facts = _facts(row)
    if json:
        print_json(facts)
    else:
        print_facts({name: _cell(value) for name, value in facts.items()})


def register(main: typer.Typer) -> None:
    """Add the commands; an entry point of the group soundstage.commands."""
    main.add_typer(app, name="accounts")


def _facts(account: Account) -> dict[str, Any]:
    return {"account": account.name, **{word: getattr(account, column) for word, column in _LIMITS.items()}}


def _cell(value: object) -> str:
    return "no limit" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
