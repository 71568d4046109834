"""Turns names of files and folders into plain words."""

import re

# What sound editors abbreviate in file names (UCS 8.2 and common practice).
_SHORT = {
    "heli": "helicopter",
    "amb": "ambience",
    "atmo": "ambience",
    "ext": "outdoors",
    "int": "indoors",
    "veh": "vehicle",
    "gtr": "guitar",
    "mtl": "metal",
    "imp": "impact",
    "tfc": "traffic",
    "footstep": "footsteps",
    "perc": "",
    "bd": "bass drum",
    "sn": "snare drum",
    "elec": "electronic",
    "guit": "guitar",
    "misc": "",
}
_EMPTY_WORDS = (
    "sfx fx sound sounds effect effects sample samples audio recording recordings rec file take tk track "
    "mono stereo wav flac mp3 ogg aiff aif final edit master loop bip khz hz bit mix new copy freesound "
    "untitled the a an of"
)
_EMPTY = frozenset(re.findall(r"\w+", _EMPTY_WORDS))
_SEAM = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W\d_]+")
_FREESOUND = re.compile(r"^(\d+)__([A-Za-z0-9_.-]+?)__(.+)$")
_LONGEST = 160
_SHORTEST_PART = 3


def plain_words(name: str) -> str:
    """The words of a name: "SeattleRain_02(stereo)" gives "seattle rain". Empty when it says nothing."""
    words = [_SHORT.get(word, word) for word in map(str.lower, _WORD.findall(_SEAM.sub(" ", name)))]
    kept = [word for word in words if word and word not in _EMPTY and len(word) > 1]
    return " ".join(dict.fromkeys(kept))[:_LONGEST]


def parted(words: str, vocabulary: frozenset[str]) -> str:
    """The words with those written as one taken apart: "doorcreak" gives "door creak"."""
    return " ".join(_parted(word, vocabulary) for word in words.split())


def _parted(word: str, vocabulary: frozenset[str]) -> str:
    if word in vocabulary:
        return word
    cuts = (place for place in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1))
    return next((f"{word[:n]} {word[n:]}" for n in cuts if word[:n] in vocabulary and word[n:] in vocabulary), word)


def freesound(stem: str) -> tuple[str, str] | None:
    """Title and source of a file named as freesound.org names downloads (NUMBER__USER__TITLE), else None."""
    found = _FREESOUND.match(stem)
    if found is None:
        return None
    number, user, title = found.groups()
    return title, f"freesound.org/s/{number}/ by {user}"
