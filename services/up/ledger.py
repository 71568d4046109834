"""The ledger as operators' commands open it: that of the environment, or of a data folder whose service is up."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from services.backbone.ledger.repositories.accounts import Accounts
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Account
from services.up.home import Home
from soundstage.errors import BadOption

Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="The data folder of soundstage up. [default: of this user]")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def ledger(data: Path | None) -> Iterator[Session]:
    """A transaction in the ledger that the environment names; else in that of the data folder.

    Raises:
        BadOption: there is none.
    """
    os.environ.update(_found(data))
    with transaction() as session:
        yield session


def account_named(session: Session, name: str) -> Account:
    """The account of that name. Raises BadOption when there is none."""
    account = Accounts(session).named(name)
    if account is None:
        known = ", ".join(each.name for each in Accounts(session).all()) or "none"
        raise BadOption(f"There is no account {name}; there are: {known}.")
    return account


def _found(data: Path | None) -> dict[str, str]:
    if os.environ.get("DATABASE_URL") and data is None:
        return {}
    home = Home.at(data)
    if not (home.root / "secrets.json").exists():
        raise BadOption(f"There is no service in {home.root}; start one with soundstage up, or name its --data.")
    found = dict(home.environment({}, public_url=""))
    for server in home.servers({}):
        found |= server.environment()
    return found
