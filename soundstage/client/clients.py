"""The two clients: the same calls, blocking or asynchronous."""

import os
from importlib.metadata import version
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from soundstage.client import calls
from soundstage.client.core import Core, Patience
from soundstage.client.methods import each, each_later, later, now
from soundstage.client.running import finish
from soundstage.client.transport import Transport, need_httpx
from soundstage.errors import BadOption

URL, KEY = "SOUNDSTAGE_URL", "SOUNDSTAGE_API_KEY"

_SCHEMES = ("http", "https")
_PARALLEL = 4


class Client:
    """Talks to a service; each call returns when it is done. May be used from many threads.

    with Client("https://soundstage.example", "sk_…") as client:
        upload = client.upload(Path("film.mp4"))
        job = client.wait(client.submit(upload_id=upload.id).id)
        client.fetch(job.id, Path("result"))
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        patience: Patience | None = None,
        parallel: int = _PARALLEL,
    ) -> None:
        """Get ready; nothing is asked yet.

        Args:
            url: of the service; from SOUNDSTAGE_URL when left out.
            key: the API key; from SOUNDSTAGE_API_KEY when left out.
            patience: how often what fails is tried again.
            parallel: how many parts of a film, or files, travel at the same time.

        Raises:
            MissingPart: httpx is not installed.
            BadOption: no address or no key is given, or one that makes no sense.
        """
        need_httpx()
        from soundstage.client.blocking import BlockingTransport

        address = checked_url(url or os.environ.get(URL, ""))
        transport: Transport = BlockingTransport(address, _headers(key))
        self.core = Core(transport, address, patience or Patience(), max(1, parallel))

    submit = now(calls.jobs.submit)
    job = now(calls.jobs.job)
    jobs = each(calls.jobs.jobs)
    wait = now(calls.jobs.wait)
    events = each(calls.events.follow)
    cancel = now(calls.jobs.cancel)
    retry = now(calls.jobs.retry)
    forget = now(calls.jobs.forget)

    cuesheet = now(calls.sheets.cuesheet)
    put_cuesheet = now(calls.sheets.put_cuesheet)
    render = now(calls.jobs.render)
    conversation = each(calls.sheets.conversation)

    artifacts = each(calls.artifacts.artifacts)
    fetch = now(calls.artifacts.fetch)

    upload = now(calls.uploads.upload)
    find_upload = now(calls.uploads.find_upload)
    abort_upload = now(calls.uploads.abort_upload)

    create_batch = now(calls.batches.create_batch)
    add_to_batch = now(calls.batches.add_to_batch)
    batch = now(calls.batches.batch)
    batches = each(calls.batches.batches)
    cancel_batch = now(calls.batches.cancel_batch)

    create_endpoint = now(calls.webhooks.create_endpoint)
    endpoint = now(calls.webhooks.endpoint)
    endpoints = each(calls.webhooks.endpoints)
    change_endpoint = now(calls.webhooks.change_endpoint)
    forget_endpoint = now(calls.webhooks.forget_endpoint)
    rotate_secret = now(calls.webhooks.rotate_secret)
    enable_endpoint = now(calls.webhooks.enable_endpoint)
    try_endpoint = now(calls.webhooks.try_endpoint)
    deliveries = each(calls.webhooks.deliveries)
    redeliver = now(calls.webhooks.redeliver)

    create_key = now(calls.keys.create_key)
    keys = each(calls.keys.keys)
    revoke_key = now(calls.keys.revoke_key)

    labels = now(calls.labels.labels)

    def close(self) -> None:
        """Let connections go; what is still under way breaks off."""
        finish(self.core.transport.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class AsyncClient:
    """Talks to a service, under asyncio or trio; files are worked on in threads."""

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        patience: Patience | None = None,
        parallel: int = _PARALLEL,
    ) -> None:
        """As `Client`."""
        need_httpx()
        from soundstage.client.asynchronous import AsynchronousTransport

        address = checked_url(url or os.environ.get(URL, ""))
        transport: Transport = AsynchronousTransport(address, _headers(key))
        self.core = Core(transport, address, patience or Patience(), max(1, parallel))

    submit = later(calls.jobs.submit)
    job = later(calls.jobs.job)
    jobs = each_later(calls.jobs.jobs)
    wait = later(calls.jobs.wait)
    events = each_later(calls.events.follow)
    cancel = later(calls.jobs.cancel)
    retry = later(calls.jobs.retry)
    forget = later(calls.jobs.forget)

    cuesheet = later(calls.sheets.cuesheet)
    put_cuesheet = later(calls.sheets.put_cuesheet)
    render = later(calls.jobs.render)
    conversation = each_later(calls.sheets.conversation)

    artifacts = each_later(calls.artifacts.artifacts)
    fetch = later(calls.artifacts.fetch)

    upload = later(calls.uploads.upload)
    find_upload = later(calls.uploads.find_upload)
    abort_upload = later(calls.uploads.abort_upload)

    create_batch = later(calls.batches.create_batch)
    add_to_batch = later(calls.batches.add_to_batch)
    batch = later(calls.batches.batch)
    batches = each_later(calls.batches.batches)
    cancel_batch = later(calls.batches.cancel_batch)

    create_endpoint = later(calls.webhooks.create_endpoint)
    endpoint = later(calls.webhooks.endpoint)
    endpoints = each_later(calls.webhooks.endpoints)
    change_endpoint = later(calls.webhooks.change_endpoint)
    forget_endpoint = later(calls.webhooks.forget_endpoint)
    rotate_secret = later(calls.webhooks.rotate_secret)
    enable_endpoint = later(calls.webhooks.enable_endpoint)
    try_endpoint = later(calls.webhooks.try_endpoint)
    deliveries = each_later(calls.webhooks.deliveries)
    redeliver = later(calls.webhooks.redeliver)

    create_key = later(calls.keys.create_key)
    keys = each_later(calls.keys.keys)
    revoke_key = later(calls.keys.revoke_key)

    labels = later(calls.labels.labels)

    async def close(self) -> None:
        """Let connections go; what is still under way breaks off."""
        await self.core.transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()


def checked_url(url: str) -> str:
    """The address of a service without its last slash. Raises BadOption when it is none."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        said = f"{url!r} is no address of a service" if url else "The service's address is not known"
        raise BadOption(f"{said}; give one like https://soundstage.example, by --url or {URL}.")
    return url.rstrip("/")


def _headers(key: str | None) -> dict[str, str]:
    """For every request to the service."""
    key = key or os.environ.get(KEY, "")
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise BadOption(f"An API key is needed, as sk_…; give one by --key or {KEY}.")
    return {
        "User-Agent": f"soundstage/{version('soundstage')}",
        "Accept": "application/json",
        "Authorization": f"Bearer {key}",
    }
