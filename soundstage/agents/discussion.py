"""Discussion-Correction: Storyboarder and Scriptwriter make a storyboard of the shots.

A left fold over adjacent shots (LVAS-Agent, arXiv 2503.10719, algorithm 1, mended): each shot is
compared with the scene so far, and a merge gives the scene one unified caption. So that a long
film does not wait for one answer after another, all neighbouring pairs are judged at the same
time first; a pair that is not to be merged ends a scene whatever came before it, and only the runs
between such borders are folded in order, several runs at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from soundstage.agents.roles import Cast, ShotScript, ShotView, Turn, Verdict
from soundstage.agents.together import Progress, at_once
from soundstage.cuesheet import Caption, Line, Overview, Scene
from soundstage.reading import FilmFacts, Onset, Shot

SHORTEST = 1.2
LONGEST = 90.0
_SPLITTABLE = 3  # shots from which a scene may hold two events


@dataclass(frozen=True)
class Storyboard:
    """The film as scenes that cover it exactly, its overview, and what was said on the way."""

    overview: Overview
    scenes: tuple[Scene, ...]
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True)
class _Part:
    """A scene in the making: its shots in order, and the one script that stands for them all.

    `told` is whether that script has its own caption yet: it is asked for when the borders stand.
    """

    scripts: tuple[ShotScript, ...]
    whole: ShotScript
    start: float
    end: float
    told: bool = True


@dataclass(frozen=True)
class _Run:
    """Shots of which every neighbouring pair is to be merged, and the verdicts on the pairs."""

    scripts: tuple[ShotScript, ...]
    verdicts: tuple[Verdict, ...]


def describe_shots(
    views: Sequence[ShotView],
    cast: Cast,
    workers: int = 4,
    progress: Progress = lambda fraction: None,
    rough: Overview | None = None,
) -> tuple[ShotScript, ...]:
    """Caption every shot, up to `workers` at a time; the order is that of `views`. `rough` is a first look's."""

    def describe(view: ShotView) -> ShotScript:
        return ShotScript(view.shot, cast.scriptwriter.describe_shot(view, rough))

    return tuple(at_once(describe, views, cast, workers, progress))


def storyboard(
    facts: FilmFacts,
    scripts: Sequence[ShotScript],
    dialogue: Sequence[Line],
    cast: Cast,
    workers: int = 4,
    progress: Progress = lambda fraction: None,
) -> Storyboard:
    """Merge the shots into scenes.

    The scenes lie end to end from 0 to the film's duration. Scenes shorter than `SHORTEST` seconds
    join the neighbour they fit best; longer than `LONGEST` are cut where they hold together least.
    The same scripts give the same storyboard, whatever the number of workers.
    """
    overview = cast.scriptwriter.describe_film(facts, scripts)
    turns = [Turn("scriptwriter", overview.summary), *(_told(script) for script in scripts)]
    verdicts = _judge_pairs(scripts, overview, cast, workers, progress)
    turns += [_decided(pair, verdict) for pair, verdict in zip(pairwise(scripts), verdicts, strict=True)]
    runs = _runs(scripts, verdicts)
    folded = at_once(lambda run: _fold(run, overview, cast), runs, cast, workers)
    turns += [turn for _, said in folded for turn in said]
    parts = _lengthened([part for found, _ in folded for part in found], verdicts)
    parts = [piece for part in parts for piece in _shortened(part, verdicts)]
    scenes = _scenes(_told_all(parts, cast, workers), facts.duration, _attributed(dialogue, scripts))
    return Storyboard(overview=overview, scenes=scenes, turns=tuple(turns))


def _judge_pairs(
    scripts: Sequence[ShotScript], overview: Overview, cast: Cast, workers: int, progress: Progress
) -> list[Verdict]:
    def judge(pair: tuple[ShotScript, ShotScript]) -> Verdict:
        return cast.storyboarder.judge(pair[0], pair[1], overview)

    return at_once(judge, list(pairwise(scripts)), cast, workers, progress)


def _runs(scripts: Sequence[ShotScript], verdicts: Sequence[Verdict]) -> list[_Run]:
    """The longest runs in which every neighbouring pair is to be merged."""
    borders = [0, *(place for place, verdict in enumerate(verdicts, start=1) if not verdict.merge), len(scripts)]
    return [_Run(tuple(scripts[a:b]), tuple(verdicts[a : b - 1])) for a, b in pairwise(borders)]


def _fold(run: _Run, overview: Overview, cast: Cast) -> tuple[list[_Part], list[Turn]]:
    """Fold one run from the left: each shot is compared with the scene so far."""
    parts = [_part(run.scripts[:1], run.scripts[0])]
    turns: list[Turn] = []
    for script, pair in zip(run.scripts[1:], run.verdicts, strict=True):
        current = parts[-1]
        # A scene of one shot was compared with its neighbour already, as a pair.
        alone = len(current.scripts) == 1
        verdict = pair if alone else cast.storyboarder.judge(current.whole, script, overview)
        if verdict.merge:
            parts[-1] = _extended(current, script, verdict, cast)
            turns.append(Turn("scriptwriter", f"shots {_numbers(parts[-1])}: {parts[-1].whole.caption.summary}"))
        else:
            turns.append(Turn("storyboarder", f"shot {script.shot.index} leaves the scene: {verdict.reason}"))
            parts.append(_part([script], script))
    return [piece for part in parts for piece in _split_again(part, overview, cast, turns)], turns


def _split_again(part: _Part, overview: Overview, cast: Cast, turns: list[Turn]) -> list[_Part]:
    """Cut a scene in which the Scriptwriter finds two events."""
    if len(part.scripts) < _SPLITTABLE:
        return [part]
    split = cast.scriptwriter.split(part.scripts, overview)
    if split is None:
        return [part]
    first = part.scripts[split.place].shot.index
    turns.append(
        Turn("scriptwriter", f"shots {_numbers(part)} hold two events ({split.reason}); cut before shot {first}")
    )
    return [_joined(part.scripts[: split.place]), _joined(part.scripts[split.place :])]


def _lengthened(parts: list[_Part], verdicts: Sequence[Verdict]) -> list[_Part]:
    """Join scenes that are too short for a sound with the neighbour they fit best."""
    while len(parts) > 1:
        place = min(range(len(parts)), key=lambda index: (parts[index].end - parts[index].start, index))
        if parts[place].end - parts[place].start >= SHORTEST:
            break
        first = place - 1 if _joins_backward(parts, place, verdicts) else place
        parts[first : first + 2] = [_joined(parts[first].scripts + parts[first + 1].scripts)]
    return parts


def _joins_backward(parts: Sequence[_Part], place: int, verdicts: Sequence[Verdict]) -> bool:
    if place in (0, len(parts) - 1):
        return place > 0
    first, last = parts[place].scripts[0].shot.index, parts[place].scripts[-1].shot.index
    return _affinity(verdicts[first - 1]) >= _affinity(verdicts[last])


def _affinity(verdict: Verdict) -> float:
    return verdict.confidence if verdict.merge else -verdict.confidence


def _shortened(part: _Part, verdicts: Sequence[Verdict]) -> list[_Part]:
    """Cut a scene that is too long: between shots where it holds least, else where it is calm."""
    if part.end - part.start <= LONGEST:
        return [part]
    cuts = [script.shot.start for script in part.scripts[1:]]
    worth = {
        place: _balance(part, time) - _affinity(verdicts[part.scripts[place].shot.index - 1])
        for place, time in enumerate(cuts, start=1)
        if min(time - part.start, part.end - time) >= SHORTEST
    }
    if not worth:
        return _cut_in_time(part)
    cut = max(worth, key=lambda place: worth[place])
    halves = (_joined(part.scripts[:cut]), _joined(part.scripts[cut:]))
    return [piece for half in halves for piece in _shortened(half, verdicts)]


def _balance(part: _Part, time: float) -> float:
    """1 for a cut in the middle of a scene, 0 at its ends."""
    return 1 - abs(2 * time - part.start - part.end) / (part.end - part.start)


def _cut_in_time(part: _Part) -> list[_Part]:
    count = int(np.ceil((part.end - part.start) / LONGEST))
    step = (part.end - part.start) / count
    inner = [_calm_near(part.start + step * number, step / 4, part.whole.shot.onsets) for number in range(1, count)]
    borders = [part.start, *inner, part.end]
    return [replace(part, start=start, end=end) for start, end in pairwise(borders)]


def _calm_near(time: float, reach: float, onsets: Iterable[Onset]) -> float:
    """The middle of the longest stretch without onsets within reach of `time`; `time` itself when all is calm."""
    near = [time - reach, *(onset.time for onset in onsets if abs(onset.time - time) < reach), time + reach]
    start, end = max(pairwise(near), key=lambda gap: gap[1] - gap[0])
    return (start + end) / 2


def _part(scripts: Sequence[ShotScript], whole: ShotScript) -> _Part:
    return _Part(tuple(scripts), whole, scripts[0].shot.start, scripts[-1].shot.end)


def _extended(part: _Part, script: ShotScript, verdict: Verdict, cast: Cast) -> _Part:
    both = (part.whole, script)
    whole = ShotScript(_whole_shot([each.shot for each in both]), verdict.caption or cast.scriptwriter.unify(both))
    return _part((*part.scripts, script), whole)


def _joined(scripts: Sequence[ShotScript]) -> _Part:
    if len(scripts) == 1:
        return _part(scripts, scripts[0])
    whole = ShotScript(_whole_shot([script.shot for script in scripts]), scripts[0].caption)
    return replace(_part(scripts, whole), told=False)


def _told_all(parts: Sequence[_Part], cast: Cast, workers: int) -> list[_Part]:
    """The scenes, all with captions: what is missing is asked for at the same time, once for each run of shots."""
    untold = {part.scripts[0].shot.index: part for part in parts if not part.told}
    asked = at_once(lambda part: cast.scriptwriter.unify(part.scripts), list(untold.values()), cast, workers)
    captions = dict(zip(untold, asked, strict=True))
    return [
        part if part.told else replace(part, whole=replace(part.whole, caption=captions[part.scripts[0].shot.index]))
        for part in parts
    ]


def _whole_shot(shots: Sequence[Shot]) -> Shot:
    """Several shots as one: means over time, everything else in order. The last shot's look stands for what follows."""
    lengths = np.array([shot.end - shot.start for shot in shots])
    levels = [shot.sound_level for shot in shots if shot.sound_level is not None]
    return shots[0].model_copy(
        update={
            "end": shots[-1].end,
            "keyframes": tuple(frame for shot in shots for frame in shot.keyframes),
            "onsets": tuple(onset for shot in shots for onset in shot.onsets),
            "motion": float(np.average([shot.motion for shot in shots], weights=lengths)),
            "sound_level": float(np.mean(levels)) if levels else None,
            "colour": shots[-1].colour,
            "brightness": shots[-1].brightness,
            "saturation": shots[-1].saturation,
            "texture": shots[-1].texture,
        }
    )


def _scenes(parts: Sequence[_Part], duration: float, dialogue: Sequence[Line]) -> tuple[Scene, ...]:
    # Borders are taken from one list, so that scenes meet exactly and end with the film.
    borders = [0.0, *(part.start for part in parts[1:]), duration]
    return tuple(
        Scene(
            id=f"s{number:03}",
            start=start,
            end=end,
            shots=(part.scripts[0].shot.index, part.scripts[-1].shot.index),
            caption=part.whole.caption,
            dialogue=tuple(line for line in dialogue if start <= line.start < end),
        )
        for number, (part, (start, end)) in enumerate(zip(parts, pairwise(borders), strict=True), start=1)
    )


def _attributed(dialogue: Sequence[Line], scripts: Sequence[ShotScript]) -> list[Line]:
    """The lines, each with its speaker where the captions of the shots tell and the film does not."""
    names = {speaker.time: speaker.name for script in scripts for speaker in script.caption.speakers}
    return [line.model_copy(update={"speaker": line.speaker or names.get(line.start)}) for line in dialogue]


def _told(script: ShotScript) -> Turn:
    return Turn("scriptwriter", f"shot {script.shot.index}: {_short(script.caption)}")


def _short(caption: Caption) -> str:
    return f"{caption.summary or caption.background} (sure {caption.confidence:.2f})"


def _decided(pair: tuple[ShotScript, ShotScript], verdict: Verdict) -> Turn:
    word = "go together" if verdict.merge else "part"
    return Turn("storyboarder", f"shots {pair[0].shot.index} and {pair[1].shot.index} {word}: {verdict.reason}")


def _numbers(part: _Part) -> str:
    return f"{part.scripts[0].shot.index}-{part.scripts[-1].shot.index}"
