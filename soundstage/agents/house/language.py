"""Small English: base forms and clauses of captions and hints, enough to look words up."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

_TOKEN = re.compile(r"[a-zA-Z][a-zA-Z'-]*|[.,;:!?]")
_BREAKS = frozenset({".", ",", ";", ":", "!", "?", "and", "while", "then", "as", "but", "when", "with"})
_IRREGULAR = {
    "ran": "run", "went": "go", "fell": "fall", "rode": "ride", "drove": "drive", "flew": "fly", "swam": "swim",
    "hit": "hit", "rang": "ring", "blew": "blow", "shot": "shoot", "broke": "break", "shut": "shut", "cut": "cut",
    "dug": "dig", "sang": "sing", "stood": "stand", "sat": "sit", "lay": "lie", "lying": "lie", "slept": "sleep",
    "spoke": "speak", "fought": "fight", "struck": "strike", "swept": "sweep", "wrote": "write", "men": "man",
    "women": "woman", "children": "child", "people": "people", "leaves": "leaves", "geese": "goose", "mice": "mouse",
    "wolves": "wolf", "knives": "knife", "waves": "waves", "glass": "glass", "grass": "grass", "bus": "bus",
    "dies": "die", "lies": "lie", "ties": "tie", "tyres": "tyre", "horses": "horse", "houses": "house",
    "noises": "noise", "voices": "voice", "is": "be", "are": "be", "was": "be", "were": "be", "has": "have",
    "does": "do", "goes": "go", "dives": "dive", "his": "his", "its": "its", "this": "this", "us": "us",
}  # fmt: skip
DETERMINERS = frozenset(
    {"a", "an", "the", "his", "her", "its", "their", "our", "my", "your", "this", "that", "some"}
    | {"of", "in", "on", "at", "by", "from", "into", "through", "over", "under"}
)
_NEGATIONS = frozenset({"no", "without", "not", "never"})
_DOUBLED = re.compile(r"([bdgkmnprt])\1$")


def tokens(text: str) -> list[str]:
    """Words and breaks in lower case."""
    return [token.lower().removesuffix("'s") for token in _TOKEN.findall(text)]


@cache
def base(word: str) -> str:
    """The base form of a noun or verb, by rule: runs, running -> run; stories -> story."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending, stem in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word.removesuffix(ending) + stem
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


@cache
def verb_forms(word: str) -> frozenset[str]:
    """Base forms that a word may be a form of: riding -> rid, ride; stopped -> stop, stopp."""
    forms = {word, base(word)}
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 1:
            forms |= {stem, stem + "e", _DOUBLED.sub(r"\1", stem)}
    return frozenset(forms)


def is_inflected(word: str) -> bool:
    """Whether a word looks like a verb's form rather than a bare noun."""
    return word.endswith(("ing", "ed", "s")) or word in _IRREGULAR


def clauses(text: str) -> Iterator[list[str]]:
    """The words of each clause; what is said not to be there is left out."""
    clause: list[str] = []
    denied = False
    for token in tokens(text):
        if token in _BREAKS:
            if clause:
                yield clause
            clause, denied = [], False
        elif token in _NEGATIONS:
            denied = True
        elif not denied:
            clause.append(token)
    if clause:
        yield clause


def is_noun_at(clause: Sequence[str], place: int) -> bool:
    """Whether the word there follows a determiner or preposition, and so is no verb."""
    return place > 0 and clause[place - 1] in DETERMINERS


def phrases(clause: Sequence[str], longest: int = 3) -> Iterator[tuple[int, int, str]]:
    """All runs of up to `longest` words as (start, end, text in base forms), longest first."""
    for length in range(min(longest, len(clause)), 0, -1):
        for start in range(len(clause) - length + 1):
            run = clause[start : start + length]
            yield start, start + length, " ".join([*run[:-1], base(run[-1])])
