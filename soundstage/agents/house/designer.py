"""The house Designer: what should be heard in a scene, and that restraint is kept."""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace
from math import prod

from soundstage.agents import cueing
from soundstage.agents.house.language import verb_forms
from soundstage.agents.house.scriptwriter import HINTED
from soundstage.agents.house.understanding import Understanding, understand
from soundstage.agents.house.vocabulary import Concept, Setting, settings
from soundstage.agents.house.vocabulary import concept as known_concept
from soundstage.agents.instants import hits_of
from soundstage.agents.roles import Bible, Choice, Draft, Heard, Plan, Review, Rhythm, SceneView, SoundIdea
from soundstage.cuesheet import Caption, Cue, Finding, Layer, Overview, Scene
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Label

_HEARD = 0.35  # confidence below which a source on the picture stays silent
_MOSTLY = 0.7  # share from which a thing tells where it is
_PLACED = 0.25  # confidence below which a setting gets no bed of its own
_MOST_MAIN, _MOST_BEHIND = 4, 2
_MOVING = 0.08
_RECOGNISED = 0.2
_MOST_HITS = 3.0  # a second: more is no row of hits, but unrest
SOFT_HIT, SUDDEN_LIGHT = "object drop", "light switch"
_BLOW = "heavy thud"  # what hitting sounds like when nothing says what is hit with what
_LIGHTNING = "lightning"
_ABOARD = frozenset({"car interior"})
_STRUCK = ("tool", "weapon", "instrument", "thing")
_ROOMY = 0.5


class HouseDesigner:
    """Works from the caption, the user's hint, motion and its onsets."""

    def write_bible(self, overview: Overview, scenes: Sequence[Scene]) -> Bible:
        """An empty one: in the house's hands a source that recurs has the name of its label, and so its seed."""
        return Bible()

    def draft(self, view: SceneView) -> Draft:
        """Ask for sounds in free words: deeds first, then sources, then what lies behind."""
        hint = _hint(view)
        main = _distinct([*_told(hint), *_seen(view, hint)])
        main = main or list(_movements(view))
        behind = _distinct(_ambience(view, hint))
        return Draft(background=tuple(behind[:_MOST_BEHIND]), main=tuple(main[:_MOST_MAIN]))

    def review(self, view: SceneView, plan: Plan) -> Review:
        """Accept what fits; move what lies on the wrong layer, drop what is there twice or found nothing."""
        remarks = tuple(_complaints(plan))
        if not remarks:
            return Review(final=True, draft=_draft_of(plan))
        return Review(final=False, draft=_corrected(plan), remarks=remarks)

    def cue(self, view: SceneView, plan: Plan) -> tuple[Cue, ...]:
        """Set the plan in time, level and space."""
        return cueing.cues_of(view, plan, _rhythms(view))

    def hear(self, view: SceneView, cue: Cue, heard: Heard) -> Cue | None:
        """The best of the takes stands: no rule knows a better cue than the first."""
        return None


def _hint(view: SceneView) -> Understanding:
    if not view.scene.hint:
        return Understanding()
    return understand(view.scene.hint, _likely_settings(view.scene.caption, Understanding()))


def _told(hint: Understanding) -> list[SoundIdea]:
    """What the user's words make heard, whatever is seen: sounds named outright, then deeds, then things."""
    ideas = list(_told_sounds(hint))
    deeds = [deed for deed in hint.deeds if deed.sound and not (_names_what_strikes(hint) and deed.sound == _BLOW)]
    new = [deed for deed in deeds if not any(_akin(deed.sound, idea.words) for idea in ideas)]
    ideas += [SoundIdea(deed.sound, HINTED, f"hint: {deed.who} {deed.verb}", salience=0.8) for deed in new]
    busy = {deed.who for deed in deeds}
    for thing in hint.things:
        if (thing.kind == "vehicle" and _ABOARD & set(hint.settings)) or (
            thing.kind == "place" and thing.when != "seen"
        ):
            continue
        if thing.name in busy and thing.when == "moving":
            continue  # what it does is heard already: it passes, or it stands and sounds its horn
        # Who is told to do one thing is not made to do the other as well, but still may be heard softly.
        heard = _sources(thing, 0.6 if thing.name in busy else HINTED, f"hint: {thing.name}", active=True)
        ideas += [idea for idea in heard if not any(_akin(idea.words, other.words) for other in ideas)]
    return ideas


def _names_what_strikes(hint: Understanding) -> bool:
    return any(thing.sounds for thing in hint.things if thing.kind in _STRUCK)


def _told_sounds(hint: Understanding) -> Iterator[SoundIdea]:
    walking = any(deed.rhythm == "steps" for deed in hint.deeds)
    for name in hint.labels:
        label = knowledge().find(name)
        if label is None or label.layer is Layer.AMBIENCE:
            continue
        steps = label.kind == "footsteps"
        if not (steps and walking):
            walking = walking or steps
            yield SoundIdea(name, HINTED, f"hint: {hint.told}", visible=_shows(label, hint), salience=0.7)


def _akin(one: str, other: str) -> bool:
    """Whether two names end in a form of one word: hammer and hammering, hand bell and church bell."""
    return bool(verb_forms(one.split()[-1]) & verb_forms(other.split()[-1]))


def _shows(label: Label, hint: Understanding) -> bool:
    """Whether what sounds is on the picture: weather is not, but for lightning, nor what is far away."""
    seen = "weather" not in label.scenarios or (label.sudden and _LIGHTNING in hint.told.lower())
    return seen and label.name not in hint.afar


def _seen(view: SceneView, hint: Understanding) -> Iterator[SoundIdea]:
    caption = view.scene.caption
    named = {thing.name for thing in hint.things}
    weight = 0.4 if named or hint.labels else 1.0
    places = _likely_settings(caption, hint)
    told = {(deed.who, deed.verb) for deed in hint.deeds}
    for words, actions in _sounding(caption.actions, places, told).items():
        if not (words == _BLOW and _names_what_strikes(hint)):
            yield from _deed_idea(words, actions, weight)
    for finding in caption.entities:
        thing = known_concept(finding.name)
        if thing is not None and thing.name not in named:
            sure = finding.confidence * weight * _activity(thing, view)
            yield from _sources(thing, sure, f"seen: {thing.name} ({finding.confidence:.2f})", active=False)


def _sounding(
    actions: Iterable[Finding], places: tuple[str, ...], told: Set[tuple[str, str]]
) -> dict[str, list[Finding]]:
    """What is done, by its sound: the eye divides its belief among cars and vans that all pass by.

    `told` are who and what the user's words have made heard already.
    """
    sounding: dict[str, list[Finding]] = {}
    for action in actions:
        for deed in understand(action.name, places).deeds:
            if deed.sound and (deed.who, deed.verb) not in told:
                sounding.setdefault(deed.sound, []).append(action)
    return sounding


def _deed_idea(words: str, actions: list[Finding], weight: float) -> Iterator[SoundIdea]:
    sure = weight * (1 - prod(1 - action.confidence for action in actions))
    if sure >= _HEARD:
        seen = ", ".join(f"{action.name} ({action.confidence:.2f})" for action in actions)
        yield SoundIdea(words, sure, f"seen: {seen}", salience=0.6)


def _sources(thing: Concept, sure: float, reason: str, active: bool) -> Iterator[SoundIdea]:
    if sure < _HEARD:
        return
    salience = 0.5 if active or thing.when == "moving" else 0.35
    for words in thing.sounds:
        yield SoundIdea(words, sure, reason, salience=salience)


def _activity(thing: Concept, view: SceneView) -> float:
    """How far a thing on the picture is at work: 1 by being there, else by the motion there is."""
    if thing.when == "seen":
        return 1.0
    moving = view.scene.caption.motion
    if thing.when == "moving":
        return min(1.0, 0.5 + moving) if moving >= _MOVING else 0.0
    return 0.8 if hits_of(view) and moving >= _MOVING else 0.3


def _movements(view: SceneView) -> Iterator[SoundIdea]:
    """Nothing was recognised: at most something soft at hits that stand alone."""
    hits = hits_of(view)
    length = view.scene.end - view.scene.start
    if not hits or view.scene.caption.confidence >= _RECOGNISED or len(hits) > max(2.0, _MOST_HITS * length):
        return
    # In a still picture a sudden change is a light; in a moving one, something that hits.
    words = SOFT_HIT if view.scene.caption.motion >= _MOVING else SUDDEN_LIGHT
    yield SoundIdea(words, 0.4, f"{len(hits)} sudden changes of something that cannot be named", salience=0.4)


def _ambience(view: SceneView, hint: Understanding) -> Iterator[SoundIdea]:
    caption = view.scene.caption
    night = _at_night(caption, hint)
    told = [settings()[name] for name in hint.settings]
    yield from _beds(told, night, HINTED, "hint")
    for name in hint.labels:
        label = knowledge().find(name)
        if label and label.layer is Layer.AMBIENCE:
            yield SoundIdea(name, HINTED, f"hint: {hint.told}", visible=False, salience=0.5)
    if any(not place.weather for place in told):
        return
    seen = [finding for finding in caption.setting if finding.name in settings() and finding.confidence >= _PLACED]
    for finding in seen[:_MOST_BEHIND]:
        yield from _beds([settings()[finding.name]], night, finding.confidence, f"seen {finding.confidence:.2f}")
    if not seen and not told:
        yield from _where(hint, night) or _fallback(view, night)


def _beds(places: Iterable[Setting], night: bool, sure: float, source: str) -> Iterator[SoundIdea]:
    for place in places:
        for words in place.ambience(night):
            reason = f"{source}: {place.caption}{' at night' if night else ''}"
            yield SoundIdea(words, sure, reason, visible=False, salience=0.5 if place.weather else 0.4)


def _where(hint: Understanding, night: bool) -> list[SoundIdea]:
    """What lies behind where the things that are told of are mostly met: food fries in a kitchen."""
    met = [name for thing in hint.things for name, share in thing.setting.items() if share >= _MOSTLY]
    return list(_beds([settings()[name] for name in met[:1]], night, _MOSTLY, "hint, where it is mostly met"))


def _fallback(view: SceneView, night: bool) -> Iterator[SoundIdea]:
    """No setting is known: what the film mostly shows, else open air or a room, quietly; else nothing."""
    caption = view.scene.caption
    rest = [place for place in understand(view.overview.summary).settings if not settings()[place].weather]
    lights = {finding.name: finding.confidence for finding in caption.setting}
    inside = lights.get("indoors", 0.0) > lights.get("outdoors", 0.0)
    fitting = [name for name in rest if not lights or settings()[name].inside is inside]
    if fitting and (caption.motion >= _MOVING or caption.entities or lights):
        yield from _beds([settings()[fitting[0]]], night, 0.4, "the film mostly shows")
    elif lights.get("outdoors", 0.0) >= _ROOMY:
        words = "night insects" if night else "breeze"
        yield SoundIdea(words, lights["outdoors"] * 0.6, "somewhere outdoors", visible=False, salience=0.3)
    elif caption.entities or view.scene.dialogue:
        yield SoundIdea("quiet room", 0.3, "a place that cannot be told", visible=False, salience=0.25)
    elif caption.motion >= _MOVING and caption.confidence > 0:
        yield SoundIdea("quiet room", 0.25, "something moves, nothing is recognised", visible=False, salience=0.2)


def _at_night(caption: Caption, hint: Understanding) -> bool:
    if hint.night or hint.day:
        return hint.night
    lights = {finding.name: finding.confidence for finding in caption.setting}
    return lights.get("night", 0.0) > max(0.4, lights.get("day", 0.0)) or understand(caption.background).night


def _likely_settings(caption: Caption, hint: Understanding) -> tuple[str, ...]:
    seen = tuple(f.name for f in caption.setting if f.name in settings() and f.confidence >= _PLACED)
    return (*hint.settings, *seen)


def _rhythms(view: SceneView) -> dict[str, Rhythm]:
    """How the sounds asked for sit on the onsets of motion, by their words."""
    hint = _hint(view)
    places = _likely_settings(view.scene.caption, hint)
    seen = (deed for action in view.scene.caption.actions for deed in understand(action.name, places).deeds)
    seen_things = (known_concept(finding.name) for finding in view.scene.caption.entities)
    things = [thing for thing in (*seen_things, *hint.things) if thing]
    by_kind: dict[str, Rhythm] = {sound: "hits" for thing in things if _is_struck(thing) for sound in thing.sounds}
    by_kind |= {name: "hits" for name in hint.labels if any(_akin(name, sound) for sound in by_kind)}
    by_kind |= {sound: "pass" for thing in things if thing.when == "moving" for sound in thing.sounds}
    told: dict[str, Rhythm] = {deed.sound: deed.rhythm for deed in (*seen, *hint.deeds)}
    return told | by_kind | {SOFT_HIT: "hits", SUDDEN_LIGHT: "hits"}


def _is_struck(thing: Concept) -> bool:
    """A hammer at work sounds when it strikes, not when it likes."""
    return thing.kind in _STRUCK and thing.when == "acting"


def _distinct(ideas: Iterable[SoundIdea]) -> list[SoundIdea]:
    """Each sound once, with its surest reason; the order of first mention stays."""
    best: dict[str, SoundIdea] = {}
    for idea in ideas:
        known = best.get(idea.words)
        if known is None or idea.confidence > known.confidence:
            best[idea.words] = idea
    return list(best.values())


def _complaints(plan: Plan) -> Iterator[str]:
    for choice in (*plan.background, *plan.main):
        if choice.label is None and choice.idea.words:
            yield f"{choice.idea.words}: {choice.reason}; leave it out"
    for choice in plan.main:
        if _lies_behind(choice):
            yield f"{choice.label} is ambience; put it behind"


def _lies_behind(choice: Choice) -> bool:
    label = knowledge().find(choice.label) if choice.label else None
    return label is not None and label.layer is Layer.AMBIENCE and not choice.idea.visible


def _draft_of(plan: Plan) -> Draft:
    return Draft(tuple(choice.idea for choice in plan.background), tuple(choice.idea for choice in plan.main))


def _corrected(plan: Plan) -> Draft:
    behind = [choice.idea for choice in plan.background if choice.label]
    moved = [choice.idea for choice in plan.main if choice.label and _lies_behind(choice)]
    front = [choice.idea for choice in plan.main if choice.label and not _lies_behind(choice)]
    return Draft(
        background=tuple((behind + [replace(idea, visible=False) for idea in moved])[:_MOST_BEHIND]), main=tuple(front)
    )
