"""Cues to takes: chooses the maker, renders candidates, listens to them and keeps the best."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from pydantic import TypeAdapter

from soundstage import sound
from soundstage.cuesheet import Cue, CueSheet, Layer, Method, TakeNote, digest, write_aside
from soundstage.errors import BadCueSheet, BadSound, MissingPart, StorageError
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Behaviour, Label
from soundstage.review.hearing import Hearing, best, good_enough, listen
from soundstage.seals import is_whole, seal
from soundstage.synth.maker import SoundMaker, Take

VERSION = 1
_LONG_CUE = 20.0
_SILENCE = -120.0
_TAKE = TypeAdapter(Take)
_log = structlog.get_logger()


@dataclass(frozen=True)
class RenderOptions:
    """`candidates` takes are made of a short cue; long and steady ones stop at the first good take."""

    candidates: int = 2
    workers: int = 2


@dataclass(frozen=True)
class Rendered:
    """Takes by cue id, and a sentence for each cue that nothing here can make."""

    takes: Mapping[str, Take]
    silent: Mapping[str, str]
    fresh: int = 0


@dataclass(frozen=True)
class _Offer:
    maker: SoundMaker
    fit: float


class Stage:
    """The sound makers at hand, and the folder where their takes are kept."""

    def __init__(self, makers: Sequence[SoundMaker], folder: Path, options: RenderOptions | None = None) -> None:
        """Args: makers: in order of preference where they fit alike. folder: for takes, exists."""
        self._makers = tuple(makers)
        self._folder = folder
        self._options = options or RenderOptions()

    def render(self, cues: Sequence[Cue], progress: Callable[[float], None]) -> Rendered:
        """Render what is not there yet; several cues at a time, identical ones once.

        Raises:
            BadCueSheet: a cue's label is unknown.
            StorageError: the disk is full.
        """
        for cue in cues:
            check_label(cue)
        silent = {cue.id: why for cue in cues if (why := self._obstacle(cue))}
        wanted = [cue for cue in cues if cue.id not in silent]
        unique = {self._key(cue): cue for cue in wanted}
        total = sum(cue.duration for cue in unique.values()) or 1.0
        done: dict[str, Take | str] = {}
        fresh = 0
        counted = 0.0
        for key, (result, was_fresh) in self._in_parallel(unique):
            done[key] = result
            fresh += was_fresh
            counted += unique[key].duration
            progress(counted / total)
        takes = {}
        for cue in wanted:
            outcome = done[self._key(cue)]
            if isinstance(outcome, str):
                silent[cue.id] = outcome
            else:
                takes[cue.id] = replace(outcome, cue=cue.id)
        return Rendered(takes=takes, silent=silent, fresh=fresh)

    def _in_parallel(self, cues: Mapping[str, Cue]) -> Iterator[tuple[str, tuple[Take | str, bool]]]:
        stop = threading.Event()
        longest_first = sorted(cues, key=lambda key: -cues[key].duration)
        with ThreadPoolExecutor(self._options.workers) as pool:
            running: dict[Future[tuple[Take | str, bool]], str] = {
                pool.submit(self._render_one, key, cues[key], stop): key for key in longest_first
            }
            try:
                while running:
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        yield running.pop(future), future.result()
            finally:
                stop.set()
                pool.shutdown(cancel_futures=True)

    def _render_one(self, key: str, cue: Cue, stop: threading.Event) -> tuple[Take | str, bool]:
        if (take := self._kept(key)) is not None:
            return take, False
        try:
            return self._best_take(key, cue, stop), True
        except (BadSound, MissingPart) as problem:
            _log.warning("cue stays silent", cue=cue.id, label=cue.label, problem=str(problem))
            return str(problem), False

    def _best_take(self, key: str, cue: Cue, stop: threading.Event) -> Take:
        """The best of several takes by the best maker; a maker that fails gives way to the next."""
        problem: BadSound | MissingPart | None = None
        for offer in self._offers(cue):
            try:
                return self._best_of(offer.maker, key, cue, stop)
            except (BadSound, MissingPart) as error:
                problem = error
        raise problem or BadSound(f"Nothing here can make {cue.label!r}.")

    def _best_of(self, maker: SoundMaker, key: str, cue: Cue, stop: threading.Event) -> Take:
        label = knowledge().find(cue.label)
        takes: list[Take] = []
        hearings: list[Hearing] = []
        try:
            for number in range(self._options.candidates):
                takes.append(self._make(maker, cue, key, number, stop))
                hearings.append(listen(takes[-1].path, cue, label))
                if good_enough(hearings[-1]) and _is_settled(cue, label):
                    break
            chosen = best(hearings)
            return self._keep(key, takes, chosen, hearings[chosen])
        finally:
            for take in takes:
                take.path.unlink(missing_ok=True)

    def _make(self, maker: SoundMaker, cue: Cue, key: str, number: int, stop: threading.Event) -> Take:
        seed = performance_seed(cue, number)
        rendering = maker.make(cue, seed)
        path = self._folder / f".{key}.{number}.part"  # swept up after a kill, as all .part files are
        frames = sound.write_blocks(path, _until(stop, rendering.blocks), rendering.channels)
        return Take(
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

    def _keep(self, key: str, tries: Sequence[Take], chosen: int, hearing: Hearing) -> Take:
        path = self._folder / f"{key}.flac"
        tries[chosen].path.replace(path)
        take = replace(
            tries[chosen],
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

    def _offers(self, cue: Cue) -> list[_Offer]:
        allowed = [m for m in self._makers if cue.method in (Method.AUTO, m.facts.method)]
        offers = [_Offer(maker, maker.can_make(cue).score) for maker in allowed]
        return sorted((o for o in offers if o.fit > 0), key=lambda o: -o.fit)

    def _obstacle(self, cue: Cue) -> str | None:
        if sound.frames_of(cue.duration) < 1:
            return "It is over before a single sample has sounded; make it longer."
        if self._offers(cue):
            return None
        reasons = "; ".join(f"{m.facts.name}: {m.can_make(cue).reason}" for m in self._makers) or "no sound makers"
        return f"Nothing here can make {cue.label!r} ({reasons}); add recordings with: soundstage library add FOLDER"

    def _key(self, cue: Cue) -> str:
        label = knowledge().find(cue.label)
        offers = [(o.maker.facts.name, o.maker.facts.licence, round(o.fit, 3)) for o in self._offers(cue)]
        recipe = label.recipe.model_dump() if label and label.recipe else None
        return digest([VERSION, cue.identity(), recipe, offers, self._options.candidates])


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
        note = TakeNote(maker=take.maker, licence=take.licence, score=take.score, reason=reason, sources=take.sources)
        return cue.model_copy(update={"take": note})

    return sheet.with_cues(noted)


def _until(stop: threading.Event, blocks: Iterator[sound.Block]) -> Iterator[sound.Block]:
    for block in blocks:
        if stop.is_set():
            raise StorageError("Rendering was stopped.")
        yield block
