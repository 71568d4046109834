"""Which service a command talks to: named by options, by the environment, or noted by `soundstage up`."""

from typing import Annotated

import typer

from soundstage.client import Client
from soundstage.client.clients import KEY, URL, checked_url
from soundstage.client.saved import saved
from soundstage.errors import BadOption

Url = Annotated[
    str | None,
    typer.Option("--url", envvar=URL, metavar="URL", help="The service. [default: the one that soundstage up started]"),
]
Key = Annotated[str | None, typer.Option("--key", envvar=KEY, metavar="KEY", help="The API key.", show_default=False)]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id, job_…, as submit printed it.")]


def connect(url: str | None, key: str | None) -> Client:
    """A client for the service that is meant.

    Raises:
        BadOption: none is named or noted, or its key is not known.
        MissingPart: httpx is not installed.
    """
    noted = saved()
    if url is None and noted is None:
        raise BadOption(f"No service is known; start one with soundstage up, or name one with --url or {URL}.")
    address = checked_url(url or (noted.url if noted else ""))
    # A key is for the service that gave it, and goes to no other.
    if key is None and noted is not None and noted.url == address:
        key = noted.key
    if key is None:
        raise BadOption(f"The key to {address} is not known; give it with --key or {KEY}.")
    return Client(address, key)
