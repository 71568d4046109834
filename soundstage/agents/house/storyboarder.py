"""The house Storyboarder: do place, figures, deeds, look and sound continue from one shot to the next?"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from soundstage.agents.house.scriptwriter import throughout
from soundstage.agents.house.understanding import Deed, Understanding, understand
from soundstage.agents.house.vocabulary import settings
from soundstage.agents.roles import ShotScript, Verdict
from soundstage.cuesheet import Caption, Finding, Overview
from soundstage.knowledge.base import knowledge

_OPPOSITES = (("indoors", "outdoors"), ("night", "day"))
_LIGHTS = frozenset(name for pair in _OPPOSITES for name in pair)
_SEEN = 0.25
_SURE = 0.45
_SAME_SOUND = 0.55
_MERGE_AT = 0.55
_SAME_LOOK = 0.72
_SAME_PLACE = 0.85
# How much each kind of evidence weighs; what is unknown of a pair is left out of the mean.
_WEIGHTS = {"place": 0.3, "figures": 0.25, "deeds": 0.25, "look": 0.3, "sound": 0.1}


@dataclass(frozen=True)
class _Side:
    """One of the two shots, understood."""

    caption: Caption
    settings: dict[str, float]
    figures: tuple[str, ...]
    deeds: tuple[Deed, ...]

    @property
    def sounds(self) -> tuple[str, ...]:
        return tuple(deed.sound for deed in self.deeds if deed.sound)


class HouseStoryboarder:
    """Weighs evidence; a clear contradiction decides alone."""

    def judge(self, before: ShotScript, after: ShotScript, overview: Overview) -> Verdict:
        """Whether `after` goes on with the scene that `before` shows."""
        everywhere = throughout(overview)
        left, right = _side(before.caption, everywhere), _side(after.caption, everywhere)
        if conflict := _conflict(left, right):
            return Verdict(merge=False, confidence=0.9, reason=conflict)
        evidence = _evidence(before, after, left, right)
        if not (left.figures or left.deeds) or not (right.figures or right.deeds):
            return _without_event(evidence, _similarity(left.caption.background, right.caption.background))
        return _weighed(evidence)


def _side(caption: Caption, everywhere: frozenset[str]) -> _Side:
    if everywhere:
        # What a user said of the whole film tells no two shots apart, nor ties them.
        caption = _without(caption, everywhere)
    told = _understood(" . ".join([*(finding.name for finding in caption.actions), caption.background]))
    entities = tuple(f.name for f in caption.entities if f.confidence >= _SEEN and not _is_place(f.name))
    named = {finding.name: finding.confidence for finding in caption.setting}
    for name in told.settings:
        named.setdefault(name, max(caption.confidence, 0.5))
    for name, said in (("night", told.night), ("day", told.day)):
        if said:
            named.setdefault(name, 0.6)
    return _Side(caption, named, entities, _deeds(caption.actions))


def _without(caption: Caption, names: frozenset[str]) -> Caption:
    lists = {"entities": caption.entities, "actions": caption.actions, "setting": caption.setting}
    kept = {field: tuple(f for f in found if f.name not in names) for field, found in lists.items()}
    return caption.model_copy(update={**kept, "background": ""})


def _is_place(name: str) -> bool:
    told = _understood(name)
    return bool(told.settings) or any(thing.kind == "place" for thing in told.things)


def _deeds(actions: tuple[Finding, ...]) -> tuple[Deed, ...]:
    return tuple(deed for action in actions if action.confidence >= _SEEN for deed in _understood(action.name).deeds)


@lru_cache(maxsize=4096)
def _understood(text: str) -> Understanding:
    return understand(text)


def _conflict(left: _Side, right: _Side) -> str:
    if left.caption.told and right.caption.told and left.caption.told != right.caption.told:
        return f"the user tells of another scene: {right.caption.told}"
    for one, other in _OPPOSITES:
        for first, second in ((one, other), (other, one)):
            sure = min(left.settings.get(first, 0.0), right.settings.get(second, 0.0))
            if sure >= _SURE and right.settings.get(first, 0.0) < sure and left.settings.get(second, 0.0) < sure:
                return f"{first} becomes {second}"
    places = [
        {name for name, sure in side.settings.items() if name in settings() and sure >= _SURE} for side in (left, right)
    ]
    if all(places) and not places[0] & places[1]:
        return f"{', '.join(sorted(places[0]))} becomes {', '.join(sorted(places[1]))}"
    if left.sounds and right.sounds and _best(left.sounds, right.sounds) < _SAME_SOUND:
        return f"{left.sounds[0]} gives way to {right.sounds[0]}"
    return ""


def _evidence(before: ShotScript, after: ShotScript, left: _Side, right: _Side) -> dict[str, float]:
    found = {
        "place": _place(left, right),
        "figures": _overlap(left.figures, right.figures) if left.figures and right.figures else None,
        "deeds": _continuing(left, right),
        "look": _look(before, after),
        "sound": _sound(before, after),
    }
    return {name: value for name, value in found.items() if value is not None}


def _place(left: _Side, right: _Side) -> float | None:
    named = [{name: sure for name, sure in side.settings.items() if name not in _LIGHTS} for side in (left, right)]
    if named[0] and named[1]:
        shared = sum(min(named[0][name], named[1][name]) for name in named[0].keys() & named[1].keys())
        return shared / max(min(sum(named[0].values()), sum(named[1].values())), 0.1)
    unknown = not left.caption.background or not right.caption.background
    if unknown or min(left.caption.confidence, right.caption.confidence) < 0.2:
        return None
    return _similarity(left.caption.background, right.caption.background)


def _continuing(left: _Side, right: _Side) -> float | None:
    """1 when the same is done, 0.7 when one of the two only waits, None when nobody does anything."""
    if left.sounds and right.sounds:
        return _best(left.sounds, right.sounds)
    if left.deeds and right.deeds:
        return 0.7
    return None


def _overlap(left: tuple[str, ...], right: tuple[str, ...]) -> float:
    """Mean of the best match of each figure of the smaller side."""
    few, many = sorted((left, right), key=len)
    return float(np.mean([max(_similarity(one, other) for other in many) for one in few]))


def _best(left: tuple[str, ...], right: tuple[str, ...]) -> float:
    return max(_similarity(one, other) for one in left for other in right)


def _look(before: ShotScript, after: ShotScript) -> float | None:
    """Overlap of the colour histograms, less what the brightness differs."""
    left, right = np.asarray(before.shot.colour), np.asarray(after.shot.colour)
    if not len(left) or left.shape != right.shape:
        return None
    overlap = float(np.minimum(left, right).sum())
    return max(0.0, overlap - abs(before.shot.brightness - after.shot.brightness))


def _sound(before: ShotScript, after: ShotScript) -> float | None:
    """How alike the film's own sound is in level: 1 alike, 0 from 12 dB apart."""
    if before.shot.sound_level is None or after.shot.sound_level is None:
        return None
    return max(0.0, 1 - abs(before.shot.sound_level - after.shot.sound_level) / 12)


def _without_event(evidence: dict[str, float], words: float) -> Verdict:
    # Two views of a lake are no ongoing event: only the same picture, or the same words, tie them.
    measure, threshold = (evidence["look"], _SAME_LOOK) if "look" in evidence else (words, _SAME_PLACE)
    tied = measure >= threshold
    reason = "the same view goes on" if tied else "no event ties the two views"
    return Verdict(merge=tied, confidence=_confidence(measure, threshold), reason=reason)


def _weighed(evidence: dict[str, float]) -> Verdict:
    if not evidence:
        return Verdict(merge=False, confidence=0.5, reason="nothing is known that would tie them")
    total = sum(_WEIGHTS[name] for name in evidence)
    score = sum(_WEIGHTS[name] * value for name, value in evidence.items()) / total
    told = ", ".join(f"{name} {value:.2f}" for name, value in evidence.items())
    return Verdict(merge=score >= _MERGE_AT, confidence=_confidence(score, _MERGE_AT), reason=told)


def _confidence(score: float, threshold: float) -> float:
    return round(min(1.0, 0.5 + abs(score - threshold)), 3)


@lru_cache(maxsize=65536)
def _similarity(one: str, other: str) -> float:
    return 1.0 if one == other else knowledge().similarity(one, other)
