"""The house Scriptwriter: says what the eye sees, what the user told, and how much it moves."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from soundstage.agents.house.eye import Sight, look
from soundstage.agents.house.telling import statements, tell, told_at
from soundstage.agents.house.understanding import Understanding, understand
from soundstage.agents.house.vocabulary import Concept, settings
from soundstage.agents.roles import FilmView, Pause, ShotScript, ShotView, Split, Storyboarder
from soundstage.cuesheet import Caption, Finding, Line, Moment, Overview, Scene
from soundstage.errors import MissingPart
from soundstage.reading import FilmFacts

HINTED = 0.95  # how far a user's word is believed
NO_NARRATION = "The house cast writes no narration; give lines of your own, or choose the llm cast."
THROUGHOUT = "Told throughout: "
_LEAST = 0.15
_OVERRULED = 0.2  # what is left of something seen when the user names something else
_CONTRADICTED = 0.8  # how sure the judge must be that a scene's ends differ to split it again
_MOVING = 0.08  # motion energy from which something moves
_LIGHTS = ("indoors", "outdoors", "night", "day")
_TIMELINE = 60
_PROSE = 600
_THEN = "; then "
_MOST_PICTURES = 3


class HouseScriptwriter:
    """Works offline from keyframes, motion and dialogue."""

    def __init__(self, judge: Storyboarder) -> None:
        """Args: judge: asked whether the ends of a scene still belong together."""
        self._judge = judge

    def glimpse(self, view: FilmView) -> Overview | None:
        """What of a longer hint holds when; else None: the house sees every shot for itself."""
        if len(statements(view.hint or "")) < 2:
            return None
        return tell(view, _seen_in(view))

    def describe_shot(self, view: ShotView, overview: Overview | None) -> Caption:
        """Caption one shot; a hint outweighs what is seen."""
        sight = look(*_telling(view))
        told = told_at(overview, view.shot.start)
        hint = understand(told or view.hint) if view.hint else Understanding()
        moving = view.shot.motion
        entities = _entities(sight, hint)
        places = _places(sight, hint)
        deeds = [*_told_deeds(hint), *_seen_deeds(sight, moving, bool(hint.things))]
        if view.dialogue:
            deeds.append(Finding(name="person talking", confidence=0.8))
        background = _background(places)
        return Caption(
            background=background,
            entities=entities,
            actions=tuple(deeds),
            summary=_summary(background, entities, deeds, moving),
            setting=places,
            motion=moving,
            confidence=_surest((*entities, *places)) if not sight.blank or hint else 0.0,
            told=told,
        )

    def unify(self, captions: Sequence[ShotScript]) -> Caption:
        """One caption for merged shots: what is surest for place, all that is seen and done."""
        lengths = [script.shot.end - script.shot.start for script in captions]
        main = max(
            captions, key=lambda script: (script.caption.confidence + 0.05) * (script.shot.end - script.shot.start)
        )
        each = [script.caption for script in captions]
        return Caption(
            background=main.caption.background,
            entities=_joined([caption.entities for caption in each], lengths),
            actions=_joined([caption.actions for caption in each], lengths),
            summary=_in_turn([caption.summary for caption in each])[:_PROSE],
            setting=_where(each, lengths),
            motion=_mean([caption.motion for caption in each], lengths),
            confidence=_mean([caption.confidence for caption in each], lengths),
            told=". ".join(dict.fromkeys(caption.told for caption in each if caption.told)),
        )

    def split(self, scripts: Sequence[ShotScript], overview: Overview) -> Split | None:
        """The weakest link of a scene that drifted in small steps until its ends contradict each other."""
        ends = self._judge.judge(scripts[0], scripts[-1], overview)
        if ends.merge or ends.confidence < _CONTRADICTED:
            return None
        links = [self._judge.judge(one, other, overview).confidence for one, other in pairwise(scripts)]
        return Split(place=links.index(min(links)) + 1, reason=ends.reason)

    def describe_film(self, facts: FilmFacts, scripts: Sequence[ShotScript]) -> Overview:
        """Where the film mostly is, what is seen in it, and a timeline of its places."""
        lengths = [script.shot.end - script.shot.start for script in scripts]
        places = _where([script.caption for script in scripts], lengths)
        seen = _joined([script.caption.entities for script in scripts], lengths)
        summary = f"A film of {facts.duration:.0f} seconds and {len(scripts)} shots, mostly {_background(places)}."
        if seen:
            summary += f" Seen: {', '.join(finding.name for finding in seen[:5])}."
        if told := _told_throughout(scripts):
            summary += f" {THROUGHOUT}{', '.join(told)}."
        return Overview(summary=summary, timeline=tuple(_timeline(scripts)))

    def narrate(self, overview: Overview, scenes: Sequence[Scene], pauses: Sequence[Pause]) -> tuple[Line, ...]:
        """Raises MissingPart: rules write no narration."""
        raise MissingPart(NO_NARRATION)


def _seen_in(view: FilmView) -> dict[int, dict[str, float]]:
    """What the eye sees in the stills, by the index of their shots."""
    starts = [shot.start for shot in view.shots]
    seen: dict[int, dict[str, float]] = {}
    for still in view.stills:
        sight = look([still.path])
        named = {thing.name: sure for thing, sure in sight.things} | dict(sight.settings)
        seen[max(0, bisect_right(starts, still.time) - 1)] = named
    return seen


def _told_throughout(scripts: Sequence[ShotScript]) -> list[str]:
    """What the user said of the whole film: it is in every shot, with the confidence of a user's word."""
    told = [
        [
            finding.name
            for finding in (*caption.entities, *caption.actions, *caption.setting)
            if finding.confidence == HINTED
        ]
        for caption in (script.caption for script in scripts)
    ]
    return [name for name in told[0] if all(name in names for names in told)] if told else []


def throughout(overview: Overview) -> frozenset[str]:
    """The findings that an overview says hold throughout the film."""
    _, _, told = overview.summary.partition(THROUGHOUT)
    return frozenset(told.removesuffix(".").split(", ")) if told else frozenset()


def _telling(view: ShotView) -> tuple[list[Path], list[float]]:
    """The few keyframes that stand for most of the shot, with their shares: each costs the classifier its time."""
    frames = view.shot.keyframes
    if len(frames) != len(view.pictures):
        return list(view.pictures[:_MOST_PICTURES]), [1.0] * min(len(view.pictures), _MOST_PICTURES)
    # A shot too short to have been looked at may carry its neighbour's picture, which says nothing of it.
    own = [place for place, frame in enumerate(frames) if view.shot.start <= frame.time < view.shot.end]
    heaviest = sorted(sorted(own, key=lambda place: -frames[place].weight)[:_MOST_PICTURES])
    return [view.pictures[place] for place in heaviest], [frames[place].weight for place in heaviest]


def _entities(sight: Sight, hint: Understanding) -> tuple[Finding, ...]:
    weight = _OVERRULED if hint.things else 1.0
    told = [(thing.name, HINTED) for thing in hint.things]
    seen = [(thing.name, sure * weight) for thing, sure in sight.things if thing.kind != "place"]
    return _findings([*told, *seen])


def _places(sight: Sight, hint: Understanding) -> tuple[Finding, ...]:
    told = [(name, HINTED) for name in hint.settings]
    weight = _OVERRULED if any(not settings()[name].weather for name in hint.settings) else 1.0
    seen = [(name, sure * weight) for name, sure in sight.settings.items()]
    return _findings([*told, *seen, *_light(sight, hint)])


def _light(sight: Sight, hint: Understanding) -> list[tuple[str, float]]:
    inside = {settings()[name].inside for name in hint.settings}
    sided = [("indoors", sight.indoors), ("outdoors", sight.outdoors)]
    if len(inside) == 1:
        sided = [("indoors" if inside.pop() else "outdoors", HINTED)]
    lit = [("night", sight.night), ("day", sight.day)]
    if hint.night or hint.day:
        lit = [("night" if hint.night else "day", HINTED)]
    return [*sided, *lit]


def _told_deeds(hint: Understanding) -> list[Finding]:
    return list(_findings([(f"{deed.who} {gerund(deed.verb)}", HINTED) for deed in hint.deeds]))


def _seen_deeds(sight: Sight, moving: float, overruled: bool) -> list[Finding]:
    if overruled or moving < _MOVING:
        return []
    drive = min(1.0, 0.5 + moving)
    passing = [(f"{thing.name} passing", sure * drive) for thing, sure in sight.things if _drives(thing)]
    return list(_findings(passing))


def _drives(thing: Concept) -> bool:
    return thing.kind == "vehicle" and thing.when == "moving"


def _findings(named: Iterable[tuple[str, float]]) -> tuple[Finding, ...]:
    """The surest word on each name, surest first, without the unlikely."""
    best: dict[str, float] = {}
    for name, sure in named:
        best[name] = max(best.get(name, 0.0), sure)
    kept = [(name, sure) for name, sure in best.items() if sure >= _LEAST]
    return tuple(
        Finding(name=name, confidence=round(sure, 3)) for name, sure in sorted(kept, key=lambda item: -item[1])
    )


def _joined(lists: Sequence[Sequence[Finding]], lengths: Sequence[float]) -> tuple[Finding, ...]:
    """Findings of several shots: half the surest word on each, half its mean over time."""
    total = sum(lengths) or 1.0
    most: dict[str, float] = defaultdict(float)
    mean: dict[str, float] = defaultdict(float)
    for findings, length in zip(lists, lengths, strict=True):
        for finding in findings:
            most[finding.name] = max(most[finding.name], finding.confidence)
            mean[finding.name] += finding.confidence * length / total
    return _findings((name, min(1.0, (sure + mean[name]) / 2)) for name, sure in most.items())


def _in_turn(summaries: Iterable[str]) -> str:
    """What is told one after the other, each thing once; summaries may be told in turn themselves."""
    parts = [part.rstrip(".") for summary in summaries for part in summary.split(_THEN) if part]
    told = _THEN.join(dict.fromkeys(part[0].lower() + part[1:] for part in parts))
    return told[:1].upper() + told[1:]


def _where(captions: Sequence[Caption], lengths: Sequence[float]) -> tuple[Finding, ...]:
    """Places by the share of time that they are seen in, of the time in which any place is: a glimpse is no scene."""
    total: dict[bool, float] = defaultdict(float)
    mean: dict[str, float] = defaultdict(float)
    for caption, length in zip(captions, lengths, strict=True):
        known = {finding.name in settings() for finding in caption.setting}
        for side in known:
            total[side] += length
        for finding in caption.setting:
            mean[finding.name] += finding.confidence * length
    return _findings((name, sure / max(total[name in settings()], 1e-6)) for name, sure in mean.items())


def _background(places: Sequence[Finding]) -> str:
    named = [
        settings()[place.name].caption for place in places if place.name in settings() and place.confidence >= 0.25
    ]
    lights = {place.name: place.confidence for place in places if place.name in _LIGHTS and place.confidence >= 0.3}
    where = " and ".join(named[:2]) or next(
        (f"somewhere {side}" for side in ("indoors", "outdoors") if side in lights), ""
    )
    if not where:
        return "a place that cannot be told"
    light = max((name for name in ("night", "day") if name in lights), key=lambda name: lights[name], default="")
    return f"{where} {'at night' if light == 'night' else 'by day'}" if light else where


def _summary(background: str, entities: Sequence[Finding], deeds: Sequence[Finding], moving: float) -> str:
    likely = [finding.name for finding in entities if finding.confidence >= 0.3][:3]
    subject = " and ".join(deed.name for deed in deeds[:2]) or " and ".join(likely)
    subject = subject or ("something moving" if moving >= _MOVING else "nothing moving")
    return f"{subject[0].upper()}{subject[1:]}: {background}."


def _surest(findings: Iterable[Finding]) -> float:
    return max((finding.confidence for finding in findings if finding.name not in ("day", "night")), default=0.0)


def _mean(values: Sequence[float], lengths: Sequence[float]) -> float:
    total = sum(lengths) or 1.0
    return round(sum(value * length for value, length in zip(values, lengths, strict=True)) / total, 4)


def _timeline(scripts: Sequence[ShotScript]) -> Iterable[Moment]:
    """Runs of shots in one place, coarsened until the timeline is short enough to read."""
    moments: list[Moment] = []
    for script in scripts:
        shot, text = script.shot, script.caption.summary or script.caption.background
        if moments and moments[-1].text == text:
            moments[-1] = moments[-1].model_copy(update={"end": shot.end})
        else:
            moments.append(Moment(start=shot.start, end=shot.end, text=text))
    step = -(-len(moments) // _TIMELINE)
    for first in range(0, len(moments), step or 1):
        run = moments[first : first + step]
        yield run[0].model_copy(update={"end": run[-1].end})


def gerund(verb: str) -> str:
    """The -ing form by rule: run -> running, drive -> driving."""
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    short = len(verb) >= 3 and verb[-1] in "bdgmnprt" and verb[-2] in "aeiou" and verb[-3] not in "aeiou"
    return verb + (verb[-1] if short and len(verb) <= 4 else "") + "ing"
