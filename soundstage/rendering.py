"""Cues to takes: chooses the maker, renders candidates, listens to them and keeps the best."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from pydantic import TypeAdapter

from soundstage import sound
from soundstage.cuesheet import Cue, CueSheet, Layer, TakeNote, digest, write_aside
from soundstage.errors import BadCueSheet, BadModel, BadSound, MissingPart, StorageError
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Behaviour, Label
from soundstage.offers import Offer, Offers, offers_for
from soundstage.review.hearing import Hearing, best, good_enough, listen
from soundstage.review.listeners import Ear, bases, guarded
from soundstage.review.measure import Measured, Measurement
from soundstage.seals import is_whole, seal
from soundstage.synth.maker import SoundMaker, Take

# Makers that serve many cues at once are given so many.
_GATHERED = 16
_FAILURES = (BadSound, MissingPart, BadModel)
_LONG_CUE = 20.0
_SILENCE = -120.0
_MOST_SAID = 2000
_TAKE = TypeAdapter(Take)
_log = structlog.get_logger()


@dataclass(frozen=True)
class RenderOptions:
    """`candidates` takes are made of a short cue; long and steady ones stop at the first good take.

    `seconds` of wall time may go into one cue, where given: one take is always made, another is begun only when
    it will be done in time if it takes as long as those before did.
    """

    candidates: int = 2
    workers: int = 2
    seconds: float | None = None


@dataclass(frozen=True)
class Rendered:
    """Takes by cue id, and a sentence for each cue that nothing here can make."""

    takes: Mapping[str, Take]
    silent: Mapping[str, str]
    fresh: int = 0


class Stage:
    """The sound makers at hand, and the folder where their takes are kept."""

    def __init__(
        self,
        makers: Sequence[SoundMaker],
        folder: Path,
        options: RenderOptions | None = None,
        ears: Sequence[Ear] = (),
        clock: Callable[[], float] = time.monotonic,
        stop: threading.Event | None = None,
    ) -> None:
        """Set it up.

        Args:
            makers: in order of preference where they fit alike.
            folder: for takes, exists.
            options: how many takes, and how many at once.
            ears: models that judge takes beside the checks.
            clock: tells seconds, for the time that a cue may take.
            stop: set once nobody wants the takes any more, for makers that were told to look at it.
        """
        self._makers = tuple(makers)
        self._folder = folder
        self._options = options or RenderOptions()
        self._ears = guarded(ears)
        self._clock = clock
        self._stop = stop or threading.Event()

    def render(self, cues: Sequence[Cue], progress: Callable[[float], None]) -> Rendered:
        """Render what is not there yet; several cues at a time, identical ones once.

        Raises:
            BadCueSheet: a cue's label is unknown.
            StorageError: the disk is full.
        """
        for cue in cues:
            check_label(cue)
        offers = {cue.id: offers_for(cue, self._makers) for cue in cues}
        silent = {cue.id: why for cue in cues if (why := _obstacle(offers[cue.id]))}
        wanted = [cue for cue in cues if cue.id not in silent]
        keys = {cue.id: self._key(offers[cue.id], 0) for cue in wanted}
        unique = {keys[cue.id]: offers[cue.id] for cue in wanted}
        done, fresh = self._render_all(unique, progress)
        takes = {}
        for cue in wanted:
            outcome = done[keys[cue.id]]
            if isinstance(outcome, str):
                silent[cue.id] = outcome
            else:
                takes[cue.id] = replace(outcome, cue=cue.id)
        return Rendered(takes=takes, silent=silent, fresh=fresh)

    def _render_all(
        self, wanted: Mapping[str, Offers], progress: Callable[[float], None]
    ) -> tuple[dict[str, Take | str], int]:
        """A take or a sentence by key, and how many takes were made now."""
        total = sum(offers.cue.duration for offers in wanted.values()) or 1.0
        done: dict[str, Take | str] = {}
        fresh, counted = 0, 0.0
        for key, (result, was_fresh) in self._in_parallel(wanted):
            done[key] = result
            fresh += was_fresh
            counted += wanted[key].cue.duration
            progress(counted / total)
        return done, fresh

    def _in_parallel(self, wanted: Mapping[str, Offers]) -> Iterator[tuple[str, tuple[Take | str, bool]]]:
        longest_first = sorted(wanted, key=lambda key: -wanted[key].cue.duration)
        with ThreadPoolExecutor(self._workers()) as pool:
            running: dict[Future[tuple[Take | str, bool]], str] = {
                pool.submit(self._render_one, wanted[key]): key for key in longest_first
            }
            try:
                while running:
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        yield running.pop(future), future.result()
            except BaseException:
                self._stop.set()
                raise
            finally:
                pool.shutdown(cancel_futures=True)

    def _workers(self) -> int:
        gathers = any(maker.facts.gathers for maker in self._makers)
        return max(self._options.workers, _GATHERED if gathers else 1)

    def _render_one(self, offers: Offers) -> tuple[Take | str, bool]:
        """The best of several takes by the best maker; a maker that fails gives way to the next."""
        cue, problems = offers.cue, list[str]()
        for place, offer in enumerate(offers.ranked):
            key = self._key(offers, place)
            if (take := self._kept(key)) is not None:
                return take, False
            try:
                return self._best_of(offer, key, cue, offers.choice(place, problems)), True
            except _FAILURES as problem:
                _log.warning("maker failed", maker=offer.maker.facts.name, cue=cue.id, problem=str(problem))
                problems.append(str(problem))
        _log.warning("cue stays silent", cue=cue.id, label=cue.label, problem=problems[-1])
        return problems[-1], False

    def _best_of(self, offer: Offer, key: str, cue: Cue, choice: str) -> Take:
        label = knowledge().find(cue.label)
        takes: list[Take] = []
        hearings: list[Hearing] = []
        began = self._clock()
        try:
            for number in range(self._options.candidates):
                take, measured = self._make(offer.maker, cue, key, number)
                takes.append(take)
                hearings.append(listen(take.path, cue, label, self._ears, measured))
                if (good_enough(hearings[-1]) and _is_settled(cue, label)) or self._is_late(began, len(takes)):
                    break
            chosen = best(hearings)
            return self._keep(key, replace(takes[chosen], choice=choice), hearings[chosen])
        finally:
            for take in takes:
                take.path.unlink(missing_ok=True)

    def _is_late(self, began: float, made: int) -> bool:
        """Whether one more take would end after the time that a cue may take."""
        limit, spent = self._options.seconds, self._clock() - began
        return limit is not None and spent * (made + 1) / made > limit

    def _make(self, maker: SoundMaker, cue: Cue, key: str, number: int) -> tuple[Take, Measured]:
        seed = performance_seed(cue, number)
        rendering = maker.make(cue, seed)
        path = self._folder / f".{key}.{number}.part"  # swept up after a kill, as all .part files are
        facts = sound.SoundFacts(sound.frames_of(cue.duration), rendering.channels, sound.SAMPLE_RATE)
        measurement = Measurement(facts)
        with contextlib.closing(_until(self._stop, rendering.blocks)) as blocks:
            frames = sound.write_blocks(path, measurement.passing(blocks), rendering.channels)
        take = Take(
            cue=cue.id,
            identity=key,
            path=path,
            frames=frames,
            channels=rendering.channels,
            loudness=_SILENCE,
            peak=_SILENCE,
            maker=maker.facts.name,
            licence=rendering.licence,
            seed=seed,
            sources=rendering.sources,
        )
        return take, measurement.result()

    def _key(self, offers: Offers, place: int) -> str:
        """Names a take; what ears and the clock have a say in is another one than what they have not."""
        key = offers.key(place, self._options.candidates)
        heard, limit = bases(self._ears, offers.cue), self._options.seconds
        return key if not heard and limit is None else digest([key, heard, limit])

    def _keep(self, key: str, chosen: Take, hearing: Hearing) -> Take:
        path = self._folder / f"{key}.flac"
        chosen.path.replace(path)
        take = replace(
            chosen,
            path=path,
            loudness=max(hearing.loudness, _SILENCE),
            peak=max(hearing.peak, _SILENCE),
            score=hearing.score,
            scores=dict(hearing.scores),
        )
        record = _TAKE.dump_python(replace(take, path=Path(path.name)), mode="json")
        write_aside(path.with_suffix(".json"), json.dumps({**record, "seal": seal(path)}))
        return take

    def _kept(self, key: str) -> Take | None:
        path = self._folder / f"{key}.flac"
        with contextlib.suppress(OSError, ValueError):
            record = json.loads(path.with_suffix(".json").read_bytes())
            if is_whole(path, record.pop("seal", None)):
                return replace(_TAKE.validate_python(record), path=path)
        return None


def _obstacle(offers: Offers) -> str | None:
    if sound.frames_of(offers.cue.duration) < 1:
        return "It is over before a single sample has sounded; make it longer."
    return None if offers.ranked else offers.refusal()


def _is_settled(cue: Cue, label: Label | None) -> bool:
    """Whether one good take is enough: performances of speech, of a steady or a long sound hardly differ in worth."""
    return (
        cue.layer is Layer.SPEECH
        or cue.duration > _LONG_CUE
        or (label is not None and label.behaviour is Behaviour.STEADY)
    )


def performance_seed(cue: Cue, number: int) -> int:
    """Seed of the cue's candidate take `number`; the timbre of its source stays that of `cue.seed`."""
    return int(digest([cue.seed, cue.variation, number])[:12], 16)


def check_label(cue: Cue) -> None:
    """Raise BadCueSheet when a cue's label is not in the knowledge base; speech needs none."""
    if cue.layer in (Layer.SPEECH, Layer.ORIGINAL) or knowledge().find(cue.label):
        return
    near = ", ".join(match.label.name for match in knowledge().search(cue.label, limit=3))
    raise BadCueSheet(
        f"The cue {cue.id} has the unknown label {cue.label!r}; choose one that exists"
        + (f", for instance {near}." if near else " (soundstage labels QUERY).")
    )


def with_notes(sheet: CueSheet, rendered: Rendered) -> CueSheet:
    """The sheet with what rendering has to say about every cue."""

    def noted(cue: Cue) -> Cue:
        take = rendered.takes.get(cue.id)
        if take is None:
            reason = rendered.silent.get(cue.id, "not rendered")
            return cue.model_copy(update={"take": TakeNote(maker="none", licence="", score=0.0, reason=reason)})
        weakest = min(take.scores.items(), key=lambda item: item[1][0], default=("", (1.0, "")))
        reason = f"{weakest[0]}: {weakest[1][1]}" if weakest[0] else ""
        note = TakeNote(
            maker=take.maker,
            licence=take.licence,
            score=take.score,
            reason=reason,
            sources=take.sources,
            choice=take.choice[:_MOST_SAID],
        )
        return cue.model_copy(update={"take": note})

    return sheet.with_cues(noted)


def _until(stop: threading.Event, blocks: Iterator[sound.Block]) -> Generator[sound.Block]:
    """The blocks until nobody wants them any more; closes what makes them, which may hold a model, at once."""
    try:
        for block in blocks:
            if stop.is_set():
                raise StorageError("Rendering was stopped.")
            yield block
    finally:
        if isinstance(blocks, Generator):
            blocks.close()
