"""Measures by networks: what they give for a bench, and what is left out where their weights are not here.

Twice each: as published, of the beginning of each film only (`legacy`), and in windows over its whole length.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from soundstage.evaluation.bench.entries import Bench
from soundstage.evaluation.features.at_hand import NEEDED, AtHand
from soundstage.evaluation.features.extracting import Extraction, Progress, extract
from soundstage.evaluation.features.extractor import Takes
from soundstage.evaluation.features.item import WHOLE, Table, View, legacy
from soundstage.evaluation.features.items import lengths_of, of_reference, of_results
from soundstage.evaluation.features.kept import Kept
from soundstage.evaluation.features.store import read_cache, write_cache
from soundstage.evaluation.metrics import measuring
from soundstage.evaluation.metrics.agreement import along, ends
from soundstage.evaluation.metrics.bootstrap import Resampling
from soundstage.evaluation.metrics.measure import Measure
from soundstage.evaluation.metrics.windows import FilmFeatures, rows
from soundstage.evaluation.scoring.scores import LeftOut, Measures
from soundstage.evaluation.systems.results import Results

BEGINNING: Final = 10.0
"""How much of a film published tools look at (s)."""
REFERENCE: Final = "reference"
"""The folder of the films' and their references' features, among caches."""


@dataclass(frozen=True)
class Judged:
    """Of each system the measures over the whole length and those of the beginning; and what was left out."""

    systems: Mapping[str, tuple[Measures, Measures]] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()

    def of(self, system: str) -> tuple[Measures, Measures]:
        """A system's measures, whole and of the beginning."""
        return self.systems.get(system, ((), ()))


class Networks(Protocol):
    """Judges systems on a bench."""

    def __call__(self, bench: Bench, systems: Sequence[Results], resampling: Resampling) -> Judged:
        """All measures whose weights are here, and what was left out and why."""
        ...


@dataclass(frozen=True)
class Recipe:
    """A measure by networks: the arrays it takes of what was made and of the film, and how it comes of them."""

    name: str
    made: str
    truth: str | None
    measure: Callable[[FilmFeatures, FilmFeatures, Resampling], Measure]

    @property
    def arrays(self) -> tuple[str, ...]:
        """All arrays it takes."""
        return (self.made,) if self.truth is None else (self.made, self.truth)


@dataclass(frozen=True)
class NetworksAtHand:
    """Measures with all extractors that are at hand; features are `kept`, so that a run goes on where it was.

    `caches` is a folder of av-benchmark's caches, `reference` and one named after each system: what no extractor
    here gives of the beginning is read from there, and what is extracted of it is written there. `on_progress` is
    told of every item that an extractor is done with.
    """

    hands: AtHand
    kept: Kept | None = None
    caches: Path | None = None
    jobs: int = 2
    on_progress: Callable[[Progress], None] = lambda progress: None

    def __call__(self, bench: Bench, systems: Sequence[Results], resampling: Resampling) -> Judged:
        """See `Networks`."""
        if not self.hands.extractors and self.caches is None:
            return Judged(left_out=tuple(_lacking(self.hands)))
        whole, first = (self._seen(bench, systems, view) for view in (WHOLE, legacy(BEGINNING)))
        if self.caches is not None:
            first = first.exchanged(self.caches)
        judged = {
            each.system: (self._measures(whole, each, resampling), self._measures(first, each, resampling))
            for each in systems
        }
        return Judged(judged, (*_lacking(self.hands), *_troubles([*whole.all(), *first.all()])))

    def _seen(self, bench: Bench, systems: Sequence[Results], view: View) -> "_Seen":
        lengths, _ = lengths_of(bench)
        ask = partial(extract, view=view, kept=self.kept, jobs=self.jobs, on_progress=self.on_progress)
        truth = ask(of_reference(bench, lengths), self.hands.extractors)
        hearing = self.hands.taking(Takes.SOUND)
        made = {each.system: ask(of_results(bench, each, lengths), hearing) for each in systems}
        return _Seen(view, truth, made)

    def _measures(self, seen: "_Seen", results: Results, resampling: Resampling) -> Measures:
        made, truth = seen.made[results.system].features, seen.truth.features
        found = [
            recipe.measure(made[recipe.made], truth[recipe.truth] if recipe.truth else {}, resampling)
            for recipe in RECIPES
            if recipe.made in made and (recipe.truth is None or recipe.truth in truth)
        ]
        offsets = self._offsets(seen.view, made, truth)
        return (*found, *([measuring.desync(DESYNC, offsets, resampling)] if offsets is not None else []))

    def _offsets(self, view: View, made: Table, truth: Table) -> FilmFeatures | None:
        sound, pictures = made.get("synchformer_audio"), truth.get("synchformer_video")
        if self.hands.comparison is None or sound is None or pictures is None:
            return None
        found = {}
        for film in sound:
            if film in pictures:
                count = min(len(sound[film]), len(pictures[film]))
                windows = along(count) if view.whole else ends(count)
                found[film] = self.hands.comparison.logits(pictures[film], sound[film], windows)
        return found


@dataclass(frozen=True)
class _Seen:
    """All features in a view: of the films and their references, and of what each system made."""

    view: View
    truth: Extraction
    made: Mapping[str, Extraction]

    def exchanged(self, caches: Path) -> "_Seen":
        """With what caches hold and this does not; they hold all of it from then on."""
        made = {system: _exchanged(caches / system, each) for system, each in self.made.items()}
        return replace(self, truth=_exchanged(caches / REFERENCE, self.truth), made=made)

    def all(self) -> Iterator[Extraction]:
        yield self.truth
        yield from self.made.values()


def _exchanged(cache: Path, found: Extraction) -> Extraction:
    features = {**read_cache(cache), **found.features}
    write_cache(cache, features)
    return replace(found, features=features)


def no_networks(bench: Bench, systems: Sequence[Results], resampling: Resampling) -> Judged:
    """None of them."""
    names = (*(recipe.name for recipe in RECIPES), DESYNC)
    return Judged(left_out=(LeftOut(metrics=names, why="They were left out on request (--offline)."),))


def _words(name: str, made: FilmFeatures, words: FilmFeatures, resampling: Resampling) -> Measure:
    """Words are the same for each window of a film."""
    told = {film: np.repeat(rows(words[film]), len(rows(made[film])), axis=0) for film in made if film in words}
    return measuring.similarity(name, made, told, resampling)


def _fd(name: str, made: FilmFeatures, truth: FilmFeatures, resampling: Resampling) -> Measure:
    return measuring.fd(name, made, truth)


def _fd_unbiased(name: str, made: FilmFeatures, truth: FilmFeatures, resampling: Resampling) -> Measure:
    return measuring.fd_unbiased(name, made, truth)


def _kd(name: str, made: FilmFeatures, truth: FilmFeatures, resampling: Resampling) -> Measure:
    return measuring.kd(name, made, truth)


def _is(name: str, made: FilmFeatures, truth: FilmFeatures, resampling: Resampling) -> Measure:
    return measuring.inception(name, made)


def _recipe(name: str, made: str, truth: str | None, how: Callable[..., Measure]) -> Recipe:
    return Recipe(name, made, truth, partial(how, name))


DESYNC: Final = "DeSync"
RECIPES: Final = (
    _recipe("FD-VGG", "vggish", "vggish", _fd),
    _recipe("FD-PANN", "pann_2048", "pann_2048", _fd),
    _recipe("FD-PASST", "passt", "passt", _fd),
    _recipe("FD-VGG, unbiased", "vggish", "vggish", _fd_unbiased),
    _recipe("KD-VGG", "vggish", "vggish", _kd),
    _recipe("KD-PANN", "pann_2048", "pann_2048", _kd),
    _recipe("KD-PASST", "passt", "passt", _kd),
    _recipe("KL-PANNS", "pann_logits", "pann_logits", measuring.kl),
    _recipe("KL-PASST", "passt_logits", "passt_logits", measuring.kl),
    _recipe("IS-PANNS", "pann_logits", None, _is),
    _recipe("IS-PASST", "passt_logits", None, _is),
    _recipe("IB-Score", "imagebind_audio", "imagebind_video", measuring.similarity),
    _recipe("LAION-CLAP", "clap_laion_audio", "clap_laion_text", _words),
    _recipe("MS-CLAP", "clap_ms_audio", "clap_ms_text", _words),
)
"""All measures by networks but DeSync, which takes a network to compare, too."""


def _lacking(hands: AtHand) -> Iterator[LeftOut]:
    for left in hands.left_out:
        if metrics := metrics_of(left.model):
            yield LeftOut(metrics=metrics, why=left.why)


def metrics_of(model: str) -> tuple[str, ...]:
    """The measures that a model is needed for."""
    arrays = set(NEEDED.get(model, ()))
    found = [recipe.name for recipe in RECIPES if arrays & set(recipe.arrays)]
    return (*found, DESYNC) if "synchformer_audio" in arrays else tuple(found)


def _troubles(extractions: Sequence[Extraction]) -> Iterator[LeftOut]:
    """What could not be extracted, each once."""
    broken = [problem for each in extractions for problem in each.broken.items()]
    unread = [(one.extractor, f"{one.item}: {one.why}") for each in extractions for one in each.unread]
    for name, why in dict.fromkeys([*broken, *unread]):
        yield LeftOut(metrics=(name,), why=why)
