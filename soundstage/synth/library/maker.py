"""The library maker: cues made from the user's own recordings."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np

from soundstage.cuesheet import Cue, Layer, Method
from soundstage.errors import BadSound
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Behaviour, Label
from soundstage.knowledge.ranking import names_of
from soundstage.sound import Block, frames_of
from soundstage.synth.library.beds import SHORTEST, Material, bed, material
from soundstage.synth.library.hits import Hit, hits_in, whole_events
from soundstage.synth.library.index import Library
from soundstage.synth.library.licences import together
from soundstage.synth.library.meaning import ENOUGH, Catalogue, Found, says_all
from soundstage.synth.library.recording import Recording
from soundstage.synth.library.scheduling import Event, played
from soundstage.synth.library.sounding import from_afar
from soundstage.synth.maker import Fit, MakerFacts, Rendering

# Scores of the poorest fit that is taken at all, and of a perfect one.
_POOREST, _BEST = 0.5, 0.98

# Recordings this little below the best one may be chosen in its place.
_NEARLY_AS_GOOD = 0.06
_MOST_CHOSEN_FROM = 12
_IN_TURN = 3
_RUNS_ALONE = 20.0
_ENOUGH_VARIATIONS = 4

_SEMITONES = 1.0
_PEAK = 0.35
_WEAKEST = 0.3
_UNEVEN = 0.15
_LONGEST_HIT = 12.0
_LONGEST_OVERLAP = 2.5
_OWN_RHYTHM = 3
_PACE = (0.6, 1.5)


@dataclass(frozen=True)
class _Variation:
    recording: Recording
    hit: Hit


@dataclass(frozen=True)
class _Beat:
    """When to strike (seconds from the take's start; None: as soon as the hit's beginning allows), and how hard."""

    time: float | None
    strength: float = 1.0


class LibraryMaker:
    """Chooses recordings by meaning, trims them to the hit, or loops them into beds."""

    facts = MakerFacts(name="library", method=Method.LIBRARY, channels=2, longest=None, cost=0.01, licence="unknown")

    def __init__(self, library: Library) -> None:
        """Args: library: where to look."""
        self._library = library
        self._fits: tuple[Catalogue | None, dict[str, tuple[Found, ...]]] = (None, {})

    def can_make(self, cue: Cue) -> Fit:
        """How near the nearest recording comes to the cue's label."""
        found = self._fitting(cue)
        if not found:
            return Fit(0.0, "no recording of it in the library")
        nearness = (found[0].similarity - ENOUGH) / (1 - ENOUGH)
        score = _POOREST + (_BEST - _POOREST) * nearness
        return Fit(round(score, 3), f"{found[0].recording.title} (similarity {found[0].similarity:.2f})")

    def make(self, cue: Cue, seed: int) -> Rendering:
        """Start rendering from the recordings that fit best; which of them is the choice of the cue's own seed.

        Raises:
            BadSound: no recording fits, or those that do cannot be read any more.
        """
        label, found = knowledge().find(cue.label), self._fitting(cue)
        if label is None or not found:
            raise BadSound(f"The library has no recording of {cue.label!r}; add one: soundstage library add FOLDER")
        rng = np.random.default_rng(seed)
        recordings = _in_seeds_order(found, np.random.default_rng(cue.seed))
        if label.behaviour is Behaviour.STEADY:
            return _bed(recordings, cue, rng)
        variations = _variations(recordings, label)
        first = variations[0].recording
        if cue.anchors:
            return _hits(variations, cue, [_Beat(each.time - cue.start, each.strength) for each in cue.anchors], rng)
        if label.behaviour is Behaviour.SINGLE:
            return _hits(variations, cue, [_Beat(None)], rng)
        if len(_hits_of(first)) >= _OWN_RHYTHM and _material_of(first):
            return _bed([first], cue, rng)
        return _hits(variations, cue, _beats(variations, cue.duration, rng), rng)

    def _fitting(self, cue: Cue) -> tuple[Found, ...]:
        label = knowledge().find(cue.label)
        if label is None or cue.layer in (Layer.SPEECH, Layer.ORIGINAL):
            return ()
        catalogue = self._library.catalogue()
        if self._fits[0] is not catalogue:
            self._fits = (catalogue, {})
        fits = self._fits[1]
        if label.name not in fits:
            fits[label.name] = _fitting(catalogue, label)
        return fits[label.name]


def _fitting(catalogue: Catalogue, label: Label) -> tuple[Found, ...]:
    shortest = SHORTEST if label.behaviour is Behaviour.STEADY else 0.0
    found = catalogue.matching(names_of(label), label.ucs)
    fits = (each for each in found if each.recording.duration >= shortest and _may_serve(each.recording, label))
    return tuple(fits)[:_MOST_CHOSEN_FROM]


def _may_serve(recording: Recording, label: Label) -> bool:
    """Not if it bears the name of another label, unless that is a special case of this one (heavy rain is rain)."""
    named = knowledge().find(recording.words)
    return named in (None, label) or (named.kind == label.kind and says_all(recording, names_of(label)))


def _in_seeds_order(found: Sequence[Found], rng: np.random.Generator) -> list[Recording]:
    """The best recordings, one of them chosen by the seed and put first, with those that belong to it next."""
    good = [each.recording for each in found if each.similarity >= found[0].similarity - _NEARLY_AS_GOOD]
    first = good[int(rng.integers(len(good)))]
    others = [good[n] for n in rng.permutation(len(good)) if good[n] is not first]
    return [first, *sorted(others, key=lambda other: not _belong_together(first, other))]


def _belong_together(one: Recording, other: Recording) -> bool:
    """Takes of one sound: named alike, in one folder (footstep_01, footstep_02, …)."""
    return one.path.parent == other.path.parent and one.words == other.words


def _bed(recordings: Sequence[Recording], cue: Cue, rng: np.random.Generator) -> Rendering:
    chosen: list[Material] = []
    for recording in recordings:
        found = _material_of(recording)
        chosen += [found] if found else []
        if chosen and (len(chosen) == _IN_TURN or chosen[0].duration >= min(cue.duration, _RUNS_ALONE)):
            break
    if not chosen:
        raise BadSound(f"The recordings of {cue.label!r} are silent or too short to loop; add a longer one.")
    used = [each.recording for each in chosen]
    channels = _channels(used)
    return _rendering(cue, used, channels, bed(chosen, frames_of(cue.duration), channels, rng))


def _hits(variations: Sequence[_Variation], cue: Cue, beats: Sequence[_Beat], rng: np.random.Generator) -> Rendering:
    beats = sorted(beats, key=lambda beat: beat.time or 0.0)
    times = [beat.time or 0.0 for beat in beats]
    gaps = [*(after - before for before, after in pairwise(times)), np.inf]
    events: list[Event] = []
    last: _Variation | None = None
    for beat, gap in zip(beats, gaps, strict=True):
        last = _another(variations, last, rng)
        events.append(_event(last, beat, gap, rng))
    events = _with_headroom(events)
    used = list(dict.fromkeys(event.recording for event in events))
    channels = _channels(used)
    return _rendering(cue, used, channels, played(events, frames_of(cue.duration), channels))


def _event(variation: _Variation, beat: _Beat, gap: float, rng: np.random.Generator) -> Event:
    hit = variation.hit
    speed = float(2 ** (rng.uniform(-_SEMITONES, _SEMITONES) / 12))
    strength = (_WEAKEST + (1 - _WEAKEST) * beat.strength) * float(1 + rng.uniform(-_UNEVEN, _UNEVEN))
    lead = (hit.strike - hit.start) / speed
    return Event(
        time=lead if beat.time is None else beat.time,
        recording=variation.recording,
        hit=hit,
        gain=_PEAK / hit.peak * strength,
        speed=speed,
        longest=min(_LONGEST_HIT, lead + max(0.25, _LONGEST_OVERLAP * gap)),
    )


def _with_headroom(events: Sequence[Event]) -> list[Event]:
    """Softer by as much as the most that sound at once ask for; how they compare stays."""
    starts = np.sort([event.start for event in events])
    ends = np.sort([event.end for event in events])
    at_once = int(np.max(np.arange(1, len(events) + 1) - np.searchsorted(ends, starts, side="right")))
    return [replace(event, gain=event.gain / max(1.0, at_once / 2)) for event in events]


def _another(variations: Sequence[_Variation], last: _Variation | None, rng: np.random.Generator) -> _Variation:
    """Any variation but the last one."""
    others = [each for each in variations if each is not last] or list(variations)
    return others[int(rng.integers(len(others)))]


def _variations(recordings: Sequence[Recording], label: Label) -> list[_Variation]:
    """Hits to choose from: of the first recording and those that belong to it; of others only if there are too few."""
    found: list[_Variation] = []
    for recording in recordings:
        enough = len(found) >= (_ENOUGH_VARIATIONS if _belong_together(recordings[0], recording) else 2)
        if enough or (found and label.behaviour is Behaviour.SINGLE):
            continue
        with contextlib.suppress(BadSound):
            hits = _hits_of(recording)
            hits = whole_events(hits) if label.behaviour is Behaviour.SINGLE else hits
            found += [_Variation(recording, hit) for hit in hits]
    if not found:
        raise BadSound(f"The recordings of {label.name!r} are silent or cannot be read; add others.")
    return found


def _beats(variations: Sequence[_Variation], duration: float, rng: np.random.Generator) -> list[_Beat]:
    """An easy, uneven pace for a repeated sound of which nobody said when it strikes."""
    usual = max(0.5, 1.2 * float(np.median([each.hit.duration for each in variations])))
    beats = [_Beat(None)]
    time = usual * float(rng.uniform(*_PACE))
    while time < duration - 0.1:
        beats.append(_Beat(time))
        time += usual * float(rng.uniform(*_PACE))
    return beats


def _channels(recordings: Sequence[Recording]) -> int:
    return 2 if any(recording.channels > 1 for recording in recordings) else 1


def _rendering(cue: Cue, used: Sequence[Recording], channels: int, blocks: Iterator[Block]) -> Rendering:
    return Rendering(
        channels=channels,
        blocks=from_afar(blocks, cue.perspective, channels),
        licence=together(recording.licence for recording in used),
        sources=tuple(recording.credit for recording in used),
    )


@lru_cache(maxsize=256)
def _hits_of(recording: Recording) -> tuple[Hit, ...]:
    return hits_in(recording)


@lru_cache(maxsize=256)
def _material_of(recording: Recording) -> Material | None:
    return material(recording)
