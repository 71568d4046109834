"""A scripted studio: sensible answers to every question, made only from what was asked."""

import json
from collections.abc import Mapping
from typing import Any

from tests.agents.llm.asked import Asked
from tests.agents.llm.standin import Reply, by_purpose, said

STREET: Mapping[str, Any] = {
    "background": "a street by day, traffic",
    "setting": [{"name": "street", "confidence": 0.9}, {"name": "outdoors", "confidence": 0.9}],
    "entities": [{"name": "bicycle", "confidence": 0.8}],
    "actions": [{"name": "bicycle passing", "confidence": 0.8}],
    "summary": "A cyclist rides down a street.",
    "confidence": 0.8,
}
DRAFT: Mapping[str, Any] = {
    "thoughts": "A bicycle passes; traffic is behind.",
    "main": [
        {"words": "bicycle bell rings", "reason": "a cyclist comes by", "visible": True, "level": -22, "rhythm": "none"}
    ],
    "background": [{"words": "city traffic", "reason": "a street", "visible": False, "level": -34}],
}


def material(asked: Asked) -> Any:
    """The material of a question."""
    return json.loads(asked.user.partition("The material:\n")[2])


def first_offered(asked: Asked) -> Reply:
    """Of each sound the label that was offered first."""
    sounds = material(asked)["sounds"]
    return said({"suggestions": [{"sound": s["sound"], "labels": s["labels"][:1]} for s in sounds]})


def first_suggested(asked: Asked) -> Reply:
    """Of each sound the first suggestion that no other sound has yet; else none."""
    taken: set[str] = set()
    choices = []
    for sound in material(asked)["sounds"]:
        label = next((name for name in sound["suggested"] if name not in taken), None)
        taken |= {label} if label else set()
        choices.append({"sound": sound["sound"], "label": label, "fit": 0.8, "reason": "near"})
    return said({"choices": choices})


SENSIBLE: Mapping[str, Reply] = {
    "shown stills of a whole film": said({"summary": "A street, then a meadow.", "timeline": []}),
    "shown one shot of a film": said(STREET),
    "Sum them up as one": said({"summary": "Cyclists on streets.", "timeline": []}),
    "You are the Storyboarder": said({"merge": False, "confidence": 0.9, "reason": "another place"}),
    "captions of shots that belong to one scene": said(STREET),
    "say whether they are one": said({"two_events": False}),
    "lines for a narrator": said({"lines": []}),
    "sound bible: the sources": said({"sources": []}),
    "Decide what should be heard in one scene": said(DRAFT),
    "Check\nits plan": said({"final": True}),
    "was made and listened to": said({"action": "keep"}),
    "could stand for the sounds": first_offered,
    "which label each sound of the scene gets": first_suggested,
}


def sensible(**others: Reply) -> Reply:
    """The scripted studio; `others` are replies by words of a prompt, asked first and in place of the studio's own."""
    return by_purpose({**others, **{words: reply for words, reply in SENSIBLE.items() if words not in others}})
