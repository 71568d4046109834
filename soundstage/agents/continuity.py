"""The film-wide pass over designed scenes: what runs on, what recurs, and how borders are joined."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from soundstage.cuesheet import Cue, Layer, Scene

OVERLAP = 0.8
_SAME_LEVEL = 6.0  # dB up to which two beds of one label are one bed
_UNSURE = 0.25  # caption confidence below which a bed between two like ones may run on
_AT_BORDER = 0.05
_LEAST_OVERLAP = 0.05


@dataclass
class _Desk:
    """Scenes with their cues on the table, to be moved about."""

    scene: Scene
    cues: list[Cue]
    shares: list[str] = field(default_factory=list)


def settle(scenes: Sequence[Scene]) -> tuple[Scene, ...]:
    """Make the scenes of a film one soundtrack.

    A bed that adjacent scenes share becomes one cue of the earlier scene that runs on under the
    cut; the later one names it in `shares`. Other beds overlap their neighbours' by up to
    `OVERLAP` seconds, with fades of that length. Cues of one source share one seed; ids are unique.
    Locked cues stay as they are. A scene without cues stays silent unless nothing was recognised
    in it and its neighbours' bed would only be interrupted.
    """
    desks = [_Desk(scene, list(scene.cues)) for scene in scenes]
    _name_apart(desks)
    _seed_alike(desks)
    _share_beds(desks)
    _overlap(desks)
    return tuple(
        desk.scene.model_copy(update={"cues": tuple(desk.cues), "shares": tuple(desk.shares)}) for desk in desks
    )


def _name_apart(desks: Sequence[_Desk]) -> None:
    taken = Counter(cue.id for desk in desks for cue in desk.cues if cue.locked)
    for desk in desks:
        for place, cue in enumerate(desk.cues):
            if not cue.locked:
                desk.cues[place] = cue.model_copy(update={"id": _free_name(cue.id, taken)})


def _free_name(wanted: str, taken: Counter[str]) -> str:
    name, number = wanted, 2
    while taken[name]:
        name, number = f"{wanted[:58]}-{number}", number + 1
    taken[name] += 1
    return name


def _seed_alike(desks: Sequence[_Desk]) -> None:
    seeds: dict[str, int] = {}
    for cue in _cues(desks):
        if cue.source is not None and (cue.locked or cue.source not in seeds):
            seeds.setdefault(cue.source, cue.seed)
    for desk in desks:
        for place, cue in enumerate(desk.cues):
            if cue.source in seeds and not cue.locked:
                desk.cues[place] = cue.model_copy(update={"seed": seeds[cue.source]})


def _cues(desks: Iterable[_Desk]) -> Iterator[Cue]:
    for desk in desks:
        yield from desk.cues


def _share_beds(desks: Sequence[_Desk]) -> None:
    running: dict[str, tuple[_Desk, str]] = {}
    for number, desk in enumerate(desks):
        still: dict[str, tuple[_Desk, str]] = {}
        for cue in [cue for cue in desk.cues if _is_bed(cue, desk.scene)]:
            carrier = running.get(cue.label)
            if carrier is not None and _runs_on(carrier, cue, desk):
                desk.cues.remove(cue)
                still[cue.label] = carrier
            else:
                still[cue.label] = (desk, cue.id)
        still |= _bridged(desk, running, desks[number + 1 : number + 2])
        running = still


def _runs_on(carrier: tuple[_Desk, str], cue: Cue, desk: _Desk) -> bool:
    """Extend the carrying cue to the end of `cue` when the two are alike enough."""
    home, name = carrier
    place = next(index for index, each in enumerate(home.cues) if each.id == name)
    first = home.cues[place]
    if abs(first.level - cue.level) > _SAME_LEVEL or first.parameters != cue.parameters:
        return False
    level = (first.level * first.duration + cue.level * cue.duration) / (first.duration + cue.duration)
    sure = max(first.confidence, cue.confidence)
    home.cues[place] = first.model_copy(update={"end": cue.end, "level": round(level, 1), "confidence": sure})
    desk.shares.append(name)
    return True


def _bridged(
    desk: _Desk, running: dict[str, tuple[_Desk, str]], following: Sequence[_Desk]
) -> dict[str, tuple[_Desk, str]]:
    """A bed runs on under an unrecognised scene when it would only be interrupted there."""
    if desk.cues or desk.scene.hint or desk.scene.caption.confidence >= _UNSURE or not following:
        return {}
    after = {cue.label for cue in following[0].cues if _is_bed(cue, following[0].scene)}
    for label in running.keys() & after:
        home, name = running[label]
        place = next(index for index, each in enumerate(home.cues) if each.id == name)
        home.cues[place] = home.cues[place].model_copy(update={"end": desk.scene.end})
        desk.shares.append(name)
    return {label: running[label] for label in running.keys() & after}


def _is_bed(cue: Cue, scene: Scene) -> bool:
    spans = cue.start <= scene.start + _AT_BORDER and cue.end >= scene.end - _AT_BORDER
    return cue.layer is Layer.AMBIENCE and not cue.locked and not cue.anchors and spans


def _overlap(desks: Sequence[_Desk]) -> None:
    """Let beds reach over scene borders, half the overlap to each side, fading as they do."""
    borders = [desk.scene.start for desk in desks[1:]]
    reaches = {
        border: min(OVERLAP, *(0.8 * (desk.scene.end - desk.scene.start) for desk in desks[number : number + 2]))
        for number, border in enumerate(borders)
    }
    for desk in desks:
        for place, cue in enumerate(desk.cues):
            if cue.layer is Layer.AMBIENCE and not cue.locked and not cue.anchors:
                desk.cues[place] = _faded(cue, _reach(cue.start, reaches), _reach(cue.end, reaches))


def _reach(time: float, reaches: dict[float, float]) -> float:
    return next((reach for border, reach in reaches.items() if abs(border - time) <= _AT_BORDER), 0.0)


def _faded(cue: Cue, before: float, after: float) -> Cue:
    changes: dict[str, float] = {}
    if before >= _LEAST_OVERLAP:
        changes |= {"start": round(cue.start - before / 2, 6), "fade_in": before}
    if after >= _LEAST_OVERLAP:
        changes |= {"end": round(cue.end + after / 2, 6), "fade_out": after}
    faded = cue.model_copy(update=changes)
    room = faded.duration / 2
    return faded.model_copy(update={"fade_in": min(faded.fade_in, room), "fade_out": min(faded.fade_out, room)})
