"""A batch from start to end, by one process or by several one after the other: each film becomes one job, once.

The service itself remembers what was submitted: the id of each job derives from its film, so that a second run finds
the jobs of the first. A small journal beside the results remembers which of them were fetched.
"""

import json
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soundstage.cli.films import Item
from soundstage.cli.uploading import source_of
from soundstage.client import Client
from soundstage.client.errors import ApiError, Conflict, TooMany
from soundstage.client.models import ACTIVE, Job
from soundstage.errors import SoundstageError, StorageError

_SENDERS, _FETCHERS = 2, 2
_POLL = 2.0
# Polling takes at most this share of the time, however many jobs there are.
_SHARE = 0.2
_ROOM = 15.0
_SUCCEEDED, _FETCHED, _REFUSED = "succeeded", "fetched", "refused"
_FAILED = ("failed", "canceled", "expired")


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
        return self.status in (_FETCHED, _REFUSED, *_FAILED)


@dataclass
class Journal:
    """Which jobs' results were fetched whole; one JSON object a line."""

    path: Path | None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fetched(self) -> set[str]:
        """The jobs whose results are here. A last line that was cut short counts for nothing."""
        if self.path is None or not self.path.exists():
            return set()
        found = set()
        for line in self.path.read_text("utf-8").splitlines():
            try:
                found.add(str(json.loads(line)["job"]))
            except (ValueError, KeyError, TypeError):
                continue
        return found

    def note(self, film: Film) -> None:
        """The result of a film is here. Raises StorageError when that cannot be noted."""
        if self.path is None:
            return
        line = json.dumps({"job": film.job, "film": film.item.label, "folder": film.item.name}, ensure_ascii=False)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._lock, self.path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        except OSError as error:
            raise StorageError(f"{self.path} cannot be written ({error.strerror}); free space.") from error


class Batch:
    """One run over a batch."""

    def __init__(self, client: Client, items: Iterable[Item], terms: Terms) -> None:
        """Args: client: for the service. items: the films. terms: what holds for all of them."""
        self._client = client
        self._terms = terms
        self._journal = Journal(terms.out / "soundstage-batch.jsonl" if terms.out else None)
        self.films = {film.client_id: film for film in self._films(items)}
        self._senders = _Crew(_SENDERS)
        self._fetchers = _Crew(_FETCHERS)

    def _films(self, items: Iterable[Item]) -> Iterable[Film]:
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
        for film in self.films.values():
            if film.job is None and not film.is_over:
                self._senders.do(lambda film=film: self._submit(film))  # type: ignore[misc]
        pause = _POLL
        while not all(film.is_over for film in self.films.values()):
            told()
            self._check_crews()
            time.sleep(pause)
            began = time.monotonic()
            self._look()
            pause = max(_POLL, (time.monotonic() - began) / _SHARE)
        told()

    def _attach(self) -> None:
        """Find the jobs that earlier runs submitted."""
        fetched = self._journal.fetched()
        for job in self._client.jobs(reference=self._terms.reference):
            film = self.films.get(job.client_id or "")
            if film is None:
                continue
            film.job = job.id
            if self._terms.retry and job.status in _FAILED:
                job = self._client.retry(job.id)
            self._hear(film, job, job.id in fetched)

    def _look(self) -> None:
        """Ask how the jobs stand; one question tells of a hundred that are under way."""
        left = {film.job: film for film in self.films.values() if film.job and film.status in ACTIVE}
        if not left:
            return
        for job in self._client.jobs(reference=self._terms.reference, status=ACTIVE):
            film = left.pop(job.id, None)
            if film is not None:
                film.status = job.status
        for id, film in left.items():
            self._hear(film, self._client.job(id))

    def _hear(self, film: Film, job: Job, is_fetched: bool = False) -> None:
        film.status, film.why = job.status, job.why if job.error else ""
        if job.status != _SUCCEEDED:
            return
        out = self._terms.out
        if out is None or (is_fetched and (out / film.item.name).is_dir()):
            film.status = _FETCHED
        else:
            self._fetchers.do(lambda: self._fetch(film))

    def _submit(self, film: Film) -> None:
        try:
            source = source_of(self._client, film.item.film, None)
            job = self._taken(film, source)
        except (ApiError, StorageError) as error:
            if error.status in (401, 403) or (isinstance(error, ApiError) and error.status >= 500):
                raise
            film.status, film.why = _REFUSED, str(error)
            return
        film.job = job.id
        self._hear(film, job)

    def _taken(self, film: Film, source: Mapping[str, Any]) -> Job:
        """Submit a film, waiting as long as the account has no room for it."""
        options = {**self._terms.options, **film.item.options}
        while True:
            try:
                return self._client.submit(
                    **source,
                    options=options,
                    client_id=film.client_id,
                    reference=self._terms.reference,
                    priority=self._terms.priority,
                )
            except TooMany as error:
                time.sleep(error.wait or _ROOM)
            except Conflict:
                # Another run was faster; its upload has another id.
                for job in self._client.jobs(client_id=film.client_id, most=1):
                    return job
                raise

    def _fetch(self, film: Film) -> None:
        if self._terms.out is None or film.job is None:
            return
        self._client.fetch(film.job, self._terms.out / film.item.name, only=self._terms.only)
        self._journal.note(film)
        film.status = _FETCHED

    def _check_crews(self) -> None:
        for crew in (self._senders, self._fetchers):
            if crew.error is not None:
                raise crew.error


class _Crew:
    """Threads that never keep the process alive. What goes wrong with one film for good ends the run."""

    def __init__(self, size: int) -> None:
        self.error: Exception | None = None
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        for _ in range(size):
            threading.Thread(target=self._run, daemon=True).start()

    def do(self, work: Callable[[], None]) -> None:
        self._work.put(work)

    def _run(self) -> None:
        while self.error is None:
            work = self._work.get()
            try:
                work()
            except Exception as error:
                self.error = error


def failures(films: Iterable[Film]) -> list[Film]:
    """Those that did not succeed."""
    return [film for film in films if film.status in (_REFUSED, *_FAILED)]


class BatchFailed(SoundstageError):
    """Some films of a batch have no result."""

    kind = "batch-failed"
    exit_code = 9
