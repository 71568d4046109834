"""`soundstage keys`: made, listed and revoked, straight in the ledger, by who may read its settings."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from services.backbone import keys
from services.backbone.clock import utc_now
from services.backbone.errors import NotFound
from services.backbone.ledger.repositories.accounts import Accounts
from services.backbone.ledger.tables import ApiKey
from services.up.introduction import ACCOUNT
from services.up.ledger import Data, Json, account_named, ledger
from soundstage.cli.console import print_facts, print_json, print_wide_table
from soundstage.errors import BadOption

app = typer.Typer(
    help="API keys of a service on this machine, or of the one that DATABASE_URL names.", no_args_is_help=True
)

AccountName = Annotated[str, typer.Option("--account", metavar="NAME", help="Whose key it is.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What it is for, in your words.")],
    scope: Annotated[
        list[keys.Scope] | None, typer.Option("--scope", help="read, write or admin; may be given again.")
    ] = None,
    days: Annotated[int | None, typer.Option("--days", min=1, max=3650, help="It expires after so many.")] = None,
    rate: Annotated[int, typer.Option("--rate", min=1, max=1_000_000, help="Requests a minute.")] = 600,
    account: AccountName = ACCOUNT,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make a key; it is shown this once. An account that is not there is made too."""
    expires_at = utc_now() + timedelta(days=days) if days else None
    with ledger(data) as session:
        accounts = Accounts(session)
        owner = accounts.named(account) or accounts.create(account)
        scopes = scope or keys.USUAL_SCOPES
        row, key = keys.create(session, owner.id, name, scopes, rate_per_minute=rate, expires_at=expires_at)
        session.flush()
        session.refresh(row)
        facts = {**_facts(row), "account": account, "key": key}
    if json:
        print_json(facts)
    else:
        print_facts({"key": f"{key}  (shown this once)", "id": str(facts["id"]), "account": account})


@app.command("list")
def listed(account: AccountName = ACCOUNT, data: Data = None, json: Json = False) -> None:
    """List the keys of an account; of each only the beginning is known."""
    with ledger(data) as session:
        rows = [_facts(row) for row in keys.list_keys(session, account_named(session, account).id)]
    if json:
        print_json(rows)
        return
    columns = ("id", "name", "key", "scopes", "created", "last used", "expires", "revoked")
    print_wide_table(columns, [[_cell(value) for value in row.values()] for row in rows])


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, key_….")],
    account: AccountName = ACCOUNT,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make a key good for nothing, from now on."""
    with ledger(data) as session:
        facts = _facts(_revoked(session, account_named(session, account).id, key_id))
    if json:
        print_json(facts)
    else:
        print_facts({"revoked": f"{facts['id']} {facts['name']}"})


def register(main: typer.Typer) -> None:
    """Add the commands; an entry point of the group soundstage.commands."""
    main.add_typer(app, name="keys")


def _revoked(session: Session, account_id: str, key_id: str) -> ApiKey:
    try:
        return keys.revoke(session, account_id, key_id)
    except NotFound as error:
        raise BadOption(str(error)) from error


def _facts(row: ApiKey) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "hint": f"{row.hint}…",
        "scopes": " ".join(row.scopes),
        "created_at": row.created_at,
        "last_used_at": row.last_used_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
    }


def _cell(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value or "")
