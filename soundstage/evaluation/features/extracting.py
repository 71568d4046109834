"""Extracting features of many items with many extractors: in parallel, resumable, and with nothing mixed up."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from soundstage.errors import BadModel, MissingPart, SoundstageError
from soundstage.evaluation.features.extractor import Extractor, Takes
from soundstage.evaluation.features.item import Array, Features, Item, View
from soundstage.evaluation.features.kept import Kept, key_of

# Whatever one file may make decoders and networks raise: the other files go on.
_UNREADABLE = (SoundstageError, RuntimeError, ValueError, OSError)


@dataclass(frozen=True)
class Progress:
    """How far an extractor is: `done` of `of` items, the last of which was `item`."""

    extractor: str
    done: int
    of: int
    item: str


@dataclass(frozen=True)
class Unread:
    """An item that an extractor could not take, and why, in one sentence."""

    extractor: str
    item: str
    why: str


@dataclass
class Extraction:
    """Arrays by name and then by item; what could not be read; extractors that could not work, and why."""

    features: dict[str, dict[str, Array]] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)


def extract(
    items: Sequence[Item],
    extractors: Iterable[Extractor],
    view: View,
    kept: Kept | None = None,
    *,
    jobs: int = 2,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Extraction:
    """Features of all items that extractors can take.

    One extractor works after the other, so that their networks need not fit into memory side by side. Files are
    decoded in parallel. An item that fails is named, and no other stands in for it; the others go on.

    Args:
        items: each with an id of its own.
        extractors: asked for those items that have what they take.
        view: how much of each is looked at.
        kept: what was extracted before is taken from there, and what is new is put there.
        jobs: how many files are decoded at once.
        on_progress: told after every item, from this thread.
        stopped: asked before every item; once it says yes, what is there so far is returned.

    Raises:
        StorageError: features cannot be kept.
    """
    run = _Run(view, kept, jobs, on_progress, stopped)
    for extractor in extractors:
        if stopped():
            break
        run.with_one(extractor, [item for item in items if _has(item, extractor.takes)])
    return run.found


@dataclass
class _Run:
    view: View
    kept: Kept | None
    jobs: int
    on_progress: Callable[[Progress], None]
    stopped: Callable[[], bool]
    found: Extraction = field(default_factory=Extraction)

    def with_one(self, extractor: Extractor, items: Sequence[Item]) -> None:
        given_up = threading.Event()

        def work(item: Item) -> _New | None:
            return None if given_up.is_set() or self.stopped() else self._features(extractor, item)

        results: dict[str, Features] = {}
        with ThreadPoolExecutor(max(1, self.jobs), thread_name_prefix="features") as pool:
            asked = {pool.submit(work, item): item for item in items}
            for done, future in enumerate(as_completed(asked), 1):
                item = asked[future]
                try:
                    new = future.result()
                except (MissingPart, BadModel) as error:
                    given_up.set()
                    self.found.broken[extractor.name] = str(error)
                except _UNREADABLE as error:
                    self.found.unread.append(Unread(extractor.name, item.id, str(error)))
                else:
                    if new is not None:
                        results[item.id] = self._keep(new)
                self.on_progress(Progress(extractor.name, done, len(items), item.id))
        if not given_up.is_set():
            # In the order of the items, whichever was done first.
            for name in extractor.arrays:
                self.found.features[name] = {one.id: results[one.id][name] for one in items if one.id in results}

    def _features(self, extractor: Extractor, item: Item) -> "_New":
        if self.kept is None:
            return _New(extractor.features(item, self.view))
        key = key_of(item, extractor, self.view)
        known = self.kept.get(key)
        if known is not None and set(known) == set(extractor.arrays):
            return _New(known)
        return _New(extractor.features(item, self.view), key)

    def _keep(self, new: "_New") -> Features:
        if self.kept is not None and new.key is not None:
            self.kept.put(new.key, new.features)
        return new.features


@dataclass(frozen=True)
class _New:
    """Features, and what they are yet to be kept under."""

    features: Features
    key: str | None = None


def _has(item: Item, takes: Takes) -> bool:
    given = {Takes.SOUND: item.sound, Takes.FILM: item.film, Takes.WORDS: item.words}
    return bool(given[takes])
