"""What a sentence says of a film: who, what they do, where and when, and what of it can be heard.

Hints of users and captions (the house's own, a model's, or written by hand) are read alike:
noun and verb phrases are looked up among the house's words and the names of the knowledge base.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

from soundstage.agents.house.language import (
    DETERMINERS,
    base,
    clauses,
    is_inflected,
    is_noun_at,
    phrases,
    tokens,
    verb_forms,
)
from soundstage.agents.house.vocabulary import Action, Concept, actions, concept, settings
from soundstage.agents.roles import Rhythm
from soundstage.cuesheet import Layer
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Label

_NIGHT = frozenset({"night", "midnight", "nighttime", "moonlight", "moonlit"})
_DAY = frozenset({"day", "morning", "noon", "afternoon", "daylight", "sunny", "midday"})
_SPEAKING = frozenset({"talk", "speak", "say", "tell", "sing", "shout", "scream", "laugh", "cry", "cheer", "whisper"})
_PLAIN = frozenset({"be", "do", "have", "go", "come", "make", "get", "thing", "place", "way", "scene", "film"})
_AFAR = frozenset({"distant", "far", "faraway", "offscreen", "somewhere"})
_IGNORED = _PLAIN | _NIGHT | _DAY
_ACTING = frozenset({"animal", "vehicle", "person", "weapon", "instrument"})
_DEFAULT_SURFACE = "pavement"
# What falls, runs, blows or strikes with nobody doing it: rain that falls takes no step.
_LIFELESS = frozenset(
    {"water", "rain", "snow", "hail", "leaf", "leaves", "night", "darkness", "dawn", "sun", "moon", "star", "light"}
    | {"wind", "storm", "lightning", "thunder", "river", "stream", "wave", "waves", "cloud", "smoke", "fog", "mist"}
    | {"camera", "machine", "engine", "motor", "tree", "branch", "rock", "stone", "time", "credit", "title"}
)
_HELPING = frozenset({"is", "are", "was", "were", "be", "being", "has", "have", "again", "slowly", "softly", "loudly"})
_COMPOUND = "-"  # stands in a clause for the words of a sound that was named by several
_PLURALS = frozenset({"men", "women", "children", "people", "they", "we", "you", "mice", "geese"})

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Deed:
    """Something done: the verb, who does it, the words for its sound ("" makes none), its rhythm."""

    verb: str
    who: str
    sound: str
    rhythm: Rhythm


@dataclass(frozen=True)
class Understanding:
    """What was understood of a text.

    `labels` are names of the knowledge base that it says
    outright, `afar` those of them that are heard from a distance.
    """

    things: tuple[Concept, ...] = ()
    deeds: tuple[Deed, ...] = ()
    settings: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    afar: frozenset[str] = frozenset()
    night: bool = False
    day: bool = False
    voices: bool = False
    told: str = field(default="", compare=False)

    def __bool__(self) -> bool:
        return bool(self.things or self.deeds or self.settings or self.labels or self.night or self.day)


def understand(text: str, known: Sequence[str] = ()) -> Understanding:
    """Read a sentence or a few words; `known` are settings that are known already."""
    parts = [part for part in clauses(text) if part]
    places = _unique(name for part in parts for name in _settings_in(_without_compounds(part)[1]))
    surface = _ground_in(parts) or surface_of([*places, *known])
    things: list[Concept] = []
    deeds: list[Deed] = []
    labels: list[str] = []
    afar: list[str] = []
    for part in parts:
        compounds, rest = _without_compounds(part)
        here = _things_in(rest)
        things += here
        # Where only a named sound acts ("a church bell rings"), the verb is its own and nobody else's.
        done = _deeds_in(rest, here or things, surface) if here or not compounds else []
        deeds += done
        named = [*compounds, *_labels_in(rest, {verb for deed in done for verb in verb_forms(deed.verb)})]
        labels += named
        afar += named if _AFAR & set(part) else []
    words = {base(token) for token in tokens(text)}
    return Understanding(
        things=tuple({thing.name: thing for thing in things}.values()),
        deeds=_unique(deeds),
        settings=places,
        labels=_unique(labels),
        afar=frozenset(afar),
        night=bool(words & _NIGHT),
        day=bool(words & _DAY),
        voices=any(verb_forms(token) & _SPEAKING for token in tokens(text)),
        told=text,
    )


def surface_of(places: Iterable[str]) -> str:
    """What feet walk on in these settings; snow wins, then the first that says."""
    surfaces = [settings()[name].surface for name in places if settings()[name].surface]
    return "snow" if "snow" in surfaces else next(iter(surfaces), _DEFAULT_SURFACE)


def _ground_in(parts: Iterable[list[str]]) -> str:
    """Ground that is named for itself: gravel, stairs, a wooden floor."""
    words = (base(word) for part in parts for word in part)
    return next((word for word in words if knowledge().find(f"footsteps on {word}") is not None), "")


def _things_in(clause: list[str]) -> list[Concept]:
    # A word that tells what somebody does is no thing: a soldier fires, a bird flies, a camera pans.
    taken = {place for place in range(1, len(clause)) if _tells_a_deed(clause, place)}
    found: list[tuple[int, Concept]] = []
    for start, end, phrase in phrases(clause):
        known = concept(phrase)
        if known and not taken & set(range(start, end)):
            taken |= set(range(start, end))
            found.append((start, known))
    return [known for _, known in sorted(found, key=lambda item: item[0])]


def _tells_a_deed(clause: list[str], place: int) -> bool:
    """Whether the word there is the verb of the word before it: the dog barks, the guns fire."""
    word, subject = clause[place], _subject(clause, place)
    if not subject or subject == _COMPOUND or is_noun_at(clause, place) or not _is_verb(word):
        return False
    plural = subject in _PLURALS or (subject.endswith("s") and not subject.endswith("ss"))
    return word.endswith("s") is not plural


def _subject(clause: list[str], place: int) -> str:
    """The word that the verb there follows: "" where it stands alone, or after "to" or "of" and the like."""
    before = [word for word in clause[:place] if word not in _HELPING]
    return "" if not before or before[-1] in DETERMINERS else before[-1]


def _settings_in(clause: list[str]) -> list[str]:
    found: list[tuple[int, str]] = []
    taken: set[int] = set()
    for start, end, phrase in phrases(clause, longest=4):
        name = _setting_words().get(phrase) or _setting_words().get(" ".join(clause[start:end]))
        if name and not taken & set(range(start, end)):
            taken |= set(range(start, end))
            found.append((start, name))
    return [name for _, name in sorted(found)]


@cache
def _setting_words() -> dict[str, str]:
    by_word = {word: each.name for each in settings().values() for word in each.words}
    return by_word | {name: name for name in settings()}


def _deeds_in(clause: list[str], things: list[Concept], surface: str) -> list[Deed]:
    deeds = []
    for place, word in enumerate(clause):
        if is_noun_at(clause, place) and not word.endswith("ing"):
            continue
        if not is_inflected(word) and place == 0:
            continue
        for action in actions():
            verbs = [verb for verb in action.verbs if verb in verb_forms(word)]
            deed = _done(action, verbs[0], _subject(clause, place), things, surface) if verbs else None
            if deed is not None:
                deeds.append(deed)
                break
    return deeds


def _done(action: Action, verb: str, subject: str, things: list[Concept], surface: str) -> Deed | None:
    """What is done, by whom; None where it is done by nobody that the verb is known of."""
    if concept(base(subject)) is None:
        itself = _sounding(subject)
        if itself is not None:
            # What is named by its sound does nothing else: a bomb explodes, a laser fires.
            return Deed(verb, subject, itself.name, "hits" if action.rhythm == "hits" else "none")
        if {subject, base(subject)} & _LIFELESS or subject in _setting_words() or subject == _COMPOUND:
            return None
    doer = _doer(action, things)
    return None if doer is None else _deed(action, verb, doer, surface)


def _sounding(subject: str) -> Label | None:
    """The label that a subject is named by, unless it is ambience, which has no moments."""
    label = knowledge().find(_label_words().get(base(subject), "")) if subject else None
    return None if label is None or label.layer is Layer.AMBIENCE else label


def _doer(action: Action, things: list[Concept]) -> str | None:
    """Who of those named does it; someone unnamed may, None when only others are named."""
    acting = [thing for thing in things if thing.kind in _ACTING]
    fitting = [thing for thing in acting if not action.by or {thing.kind, thing.name} & set(action.by)]
    if fitting:
        return fitting[0].name
    if action.by:
        return None if acting or "person" not in action.by else "person"
    return next((thing.name for thing in things if thing.kind in ("tool", "thing")), "person")


def _deed(action: Action, verb: str, who: str, surface: str) -> Deed:
    sound = action.sound.format(surface=surface, who=who, verb=f"{verb}ing")
    doer = concept(who)
    own = doer.sounds if doer else ()
    named = [words for words in own if verb in verb_forms(words.split()[-1])]
    if named:
        sound = named[0]  # a telephone rings as telephones do
    elif doer and doer.kind == "vehicle" and own and knowledge().find(sound) is None:
        sound = own[0]
    return Deed(verb=verb, who=who, sound=sound, rhythm=action.rhythm)


def _without_compounds(clause: list[str]) -> tuple[list[str], list[str]]:
    """Sounds named by several nouns (a church bell is no church), and the clause without their words."""
    for start, end, phrase in phrases(clause, longest=4):
        name = _label_words().get(phrase)
        compound = end - start > 1 and not any(_is_verb(word) for word in clause[start:end])
        if name and compound and phrase not in _setting_words() and concept(phrase) is None:
            names, rest = _without_compounds([*clause[:start], _COMPOUND, *clause[end:]])
            return [name, *names], rest
    return [], clause


@cache
def _is_verb(word: str) -> bool:
    return any(verb in verb_forms(word) for action in actions() for verb in action.verbs)


def _labels_in(clause: list[str], verbs: set[str]) -> list[str]:
    """Labels that the clause names in so many words, unless the words are a deed already told."""
    taken: set[int] = set()
    found: list[tuple[int, str]] = []
    for start, end, phrase in phrases(clause, longest=4):
        told = end - start == 1 and _tells_a_deed(clause, start)
        if (
            told
            or taken & set(range(start, end))
            or phrase in verbs
            or phrase in _IGNORED
            or phrase in _setting_words()
        ):
            continue
        name = _label_words().get(phrase)
        if name:
            taken |= set(range(start, end))
            found.append((start, name))
    return [name for _, name in sorted(found)]


@cache
def _label_words() -> dict[str, str]:
    """Names and aliases of labels in base form; names win over aliases."""
    named: dict[str, str] = {}
    for label in knowledge().labels.values():
        for alias in label.aliases:
            # "stairs" alone says nothing of footsteps; one word that is a place does mean its ambience.
            if label.layer is Layer.AMBIENCE or " " in alias:
                named.setdefault(_based(alias), label.name)
    return named | {_based(label.name): label.name for label in knowledge().labels.values()}


def _based(phrase: str) -> str:
    words = tokens(phrase)
    return " ".join([*words[:-1], base(words[-1])]) if words else ""


def _unique(items: Iterable[_Item]) -> tuple[_Item, ...]:
    return tuple(dict.fromkeys(items))
