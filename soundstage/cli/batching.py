"""A batch from start to end, by one process or by several one after the other: each film becomes one job, once.

The service itself remembers what was submitted: the id of each job derives from its film, so that a second run finds
the jobs of the first. A small journal beside the results remembers which of them were fetched.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from soundstage.cli.crew import Crew
from soundstage.cli.films import Item
from soundstage.cli.journal import Journal
from soundstage.cli.uploading import source_of
from soundstage.client import Client
from soundstage.client.errors import ApiError, JobFailed, TooMany
from soundstage.client.models import ACTIVE, Job, Taken
from soundstage.errors import BadOption, SoundstageError, StorageError

_SENDERS, _FETCHERS = 2, 2
_AT_ONCE = 200
_POLL = 2.0
# Polling takes at most this share of the time, however many jobs there are.
_SHARE = 0.2
_ROOM = 15.0
_SUCCEEDED, _FETCHED, _REFUSED = "succeeded", "fetched", "refused"
_FAILED = ("failed", "canceled", "expired")
_CONFLICT, _TOO_MANY = 409, 429


@dataclass(frozen=True)
class Terms:
    """What holds for all films of a batch."""

    reference: str
    priority: str
    options: Mapping[str, Any]
    out: Path | None
    only: Sequence[str]
    retry: bool = False


@dataclass
class Film:
    """A film of the batch and how it stands."""

    item: Item
    client_id: str
    job: str | None = None
    status: str = "waiting"
    why: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be done about it."""
        return self.status in (_FETCHED, *_FAILED, _REFUSED)

    @property
    def is_lost(self) -> bool:
        """Whether there is no result."""
        return self.status in (*_FAILED, _REFUSED)

    def refuse(self, why: str) -> None:
        """There will be no job of it."""
        self.status, self.why = _REFUSED, why


class BatchFailed(SoundstageError):
    """Some films of a batch have no result."""

    kind = "batch-failed"
    exit_code = JobFailed.exit_code


class Batch:
    """One run over a batch."""

    def __init__(self, client: Client, items: Iterable[Item], terms: Terms) -> None:
        """Args: client: for the service. items: the films. terms: what holds for all of them."""
        self._client = client
        self._terms = terms
        self._journal = Journal(terms.out) if terms.out else None
        self._senders, self._fetchers = Crew(_SENDERS), Crew(_FETCHERS)
        self._id: str | None = None
        self._seen: tuple[int, Mapping[str, int]] | None = None
        self.films = {film.client_id: film for film in self._films(items)}

    def _films(self, items: Iterable[Item]) -> Iterator[Film]:
        for item in items:
            try:
                yield Film(item, item.client_id(self._terms.reference, self._terms.options))
            except StorageError as error:
                yield Film(item, f"unread:{item.label}", status=_REFUSED, why=str(error))

    @property
    def counts(self) -> Counter[str]:
        """How many films stand how."""
        return Counter(film.status for film in self.films.values())

    def run(self, told: Callable[[], None]) -> None:
        """Submit what is not submitted, fetch what is done, until all is over. Args: told: called after each change.

        Raises:
            SoundstageError: nothing can be done any more, as when the key is not good.
        """
        self._attach()
        self._submit()
        pause = _POLL
        while not all(film.is_over for film in self.films.values()):
            told()
            self._senders.check()
            self._fetchers.check()
            time.sleep(pause)
            began = time.monotonic()
            self._look()
            pause = max(_POLL, (time.monotonic() - began) / _SHARE)
        told()

    def _attach(self) -> None:
        """Find the jobs that earlier runs submitted."""
        for batch in self._client.batches(reference=self._terms.reference, most=1):
            if batch.canceled_at is not None:
                raise BadOption(f"The batch {self._terms.reference} was canceled; name another with --reference.")
            self._id = batch.id
            fetched = self._journal.fetched() if self._journal else {}
            for job in self._client.jobs(batch_id=batch.id):
                film = self.films.get(job.client_id or "")
                if film is not None:
                    self._found(film, job, fetched)

    def _found(self, film: Film, job: Job, fetched: Mapping[str, int]) -> None:
        if self._terms.retry and job.status in _FAILED:
            job = self._client.retry(job.id)
        is_here = self._terms.out is not None and (self._terms.out / film.item.name).is_dir()
        if job.status == _SUCCEEDED and is_here and fetched.get(job.id) == job.revision:
            film.job, film.status = job.id, _FETCHED
        else:
            self._hear(film, job)

    def _submit(self) -> None:
        """Have the rest submitted: files one by one as they are uploaded, the others many at a time."""
        new = [film for film in self.films.values() if film.job is None and not film.is_over]
        remote = [film for film in new if film.item.path is None]
        for start in range(0, len(remote), _AT_ONCE):
            self._senders.do(partial(self._send, remote[start : start + _AT_ONCE]))
        for film in new:
            if film.item.path is not None:
                self._senders.do(partial(self._send, [film]))

    def _send(self, films: Sequence[Film]) -> None:
        items = {film.client_id: item for film in films if (item := self._item(film)) is not None}
        while items:
            left = {}
            for taken in self._taken(list(items.values())):
                if taken.problem is not None and taken.problem.status == _TOO_MANY:
                    left[taken.client_id or ""] = items[taken.client_id or ""]
                else:
                    self._decided(self.films[taken.client_id or ""], taken)
            items = left
            if items:
                time.sleep(_ROOM)

    def _item(self, film: Film) -> Mapping[str, Any] | None:
        try:
            source = source_of(self._client, film.item.film, None)
        except (ApiError, StorageError) as error:
            if isinstance(error, ApiError) and error.exit_code != 2:
                raise
            film.refuse(str(error))
            return None
        return {**source, "client_id": film.client_id, "options": dict(film.item.options)}

    def _taken(self, items: Sequence[Mapping[str, Any]]) -> Sequence[Taken]:
        defaults = {"priority": self._terms.priority, "options": dict(self._terms.options)}
        while True:
            try:
                taken = self._client.create_batch(items, reference=self._terms.reference, defaults=defaults)
            except TooMany as error:
                time.sleep(error.wait or _ROOM)
                continue
            self._id = taken.batch.id
            return taken.items

    def _decided(self, film: Film, taken: Taken) -> None:
        if taken.job_id is not None:
            film.job, film.status = taken.job_id, "queued"
        elif taken.problem is not None and taken.problem.status == _CONFLICT:
            # Another run was faster: its job is of the same film, by another upload.
            self._hear(film, next(iter(self._client.jobs(client_id=film.client_id, most=1))))
        else:
            film.refuse(taken.problem.detail if taken.problem else "It was refused.")

    def _look(self) -> None:
        """Ask how the jobs stand; nothing but their number is asked for while none of them ends."""
        if self._id is None:
            return
        submitted = sum(film.job is not None for film in self.films.values())
        seen = (submitted, self._client.batch(self._id).counts)
        if seen == self._seen:
            return
        self._seen = seen
        left = {film.job: film for film in self.films.values() if film.job and film.status in ACTIVE}
        for job in self._client.jobs(batch_id=self._id, status=ACTIVE):
            film = left.pop(job.id, None)
            if film is not None:
                film.status = job.status
        for id, film in left.items():
            self._hear(film, self._client.job(id))

    def _hear(self, film: Film, job: Job) -> None:
        film.job, film.status, film.why = job.id, job.status, job.why if job.error else ""
        if job.status == _SUCCEEDED and self._journal is None:
            film.status = _FETCHED
        elif job.status == _SUCCEEDED:
            self._fetchers.do(partial(self._fetch, film, job))

    def _fetch(self, film: Film, job: Job) -> None:
        if self._terms.out is None or self._journal is None:
            return
        self._client.fetch(job.id, self._terms.out / film.item.name, only=self._terms.only)
        self._journal.note(job.id, job.revision, film.item.label, film.item.name)
        film.status = _FETCHED
