"""The Synthesizer with a model: labels near in meaning are offered, suggested from, and planned with.

The knowledge base finds the labels nearest to each sound, the model suggests those that suit the scene (paper,
figure 6), then gives each sound one of them or none (figure 5). No answer leaves what was offered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from soundstage.agents.labels import serves
from soundstage.agents.llm import told
from soundstage.agents.llm.answers import PlanAnswer, RetrievalAnswer
from soundstage.agents.llm.desk import Desk, Question
from soundstage.agents.roles import Bible, Choice, Draft, Plan, SceneView, SoundIdea
from soundstage.knowledge.base import Match, knowledge
from soundstage.knowledge.label import NONE, Label

OFFERED = 8
_NOTHING = frozenset({"", NONE, "nothing", "silence"})


@dataclass(frozen=True)
class Wanted:
    """A sound with the labels offered for it; `number` counts from 1."""

    number: int
    idea: SoundIdea
    background: bool
    offered: tuple[Match, ...]

    def names(self) -> tuple[str, ...]:
        """The labels, by name."""
        return tuple(match.label.name for match in self.offered)


class LlmSynthesizer:
    """Asks the Synthesizer's model."""

    def __init__(self, desk: Desk) -> None:
        """Args: desk: where it is asked."""
        self._desk = desk

    def retrieve(self, view: SceneView, draft: Draft) -> Plan:
        """Replace every idea by a label that was offered for it, or by silence."""
        ideas = [*((idea, False) for idea in draft.main), *((idea, True) for idea in draft.background)]
        known = {place: label for place, (idea, _) in enumerate(ideas) if (label := _of_bible(view.bible, idea))}
        voices = not view.scene.dialogue
        wanted = [
            Wanted(place + 1, idea, background, offered_for(idea.words, voices, background))
            for place, (idea, background) in enumerate(ideas)
            if place not in known and idea.words.strip().lower() not in _NOTHING
        ]
        suggested = suggest(self._desk, wanted, {"scene": told.caption(view.scene.caption)})
        chosen = self._planned(view, wanted, suggested, frozenset(known.values())) if any(suggested.values()) else {}
        choices = [_choice(idea, place, known, chosen) for place, (idea, _) in enumerate(ideas)]
        return Plan(background=tuple(choices[len(draft.main) :]), main=tuple(choices[: len(draft.main)]))

    def _planned(
        self,
        view: SceneView,
        wanted: Sequence[Wanted],
        suggested: Mapping[int, Sequence[str]],
        taken: frozenset[str],
    ) -> dict[int, tuple[str | None, float, str]]:
        sounds = [{**_asked(each), "suggested": list(suggested[each.number])} for each in wanted]
        material = {
            "scene": told.caption(view.scene.caption),
            "the user says": view.scene.hint,
            "people speak in the film's own sound": bool(view.scene.dialogue),
            "labels that are in the scene already": sorted(taken),
            "sounds": sounds,
        }
        check = _planned_within(suggested, taken)
        answer = self._desk.ask(Question("synthesizer_plan", PlanAnswer, material, check=check))
        return {each.sound: (each.label, each.fit, each.reason) for each in answer.choices}


def offered_for(words: str, voices: bool, background: bool) -> tuple[Match, ...]:
    """The labels nearest in meaning that may serve for a sound."""
    return knowledge().search(words, OFFERED, among=lambda label: serves(label, voices, background))


def suggest(desk: Desk, wanted: Sequence[Wanted], scene: Mapping[str, object]) -> dict[int, tuple[str, ...]]:
    """The labels that the model suggests for each sound, by its number; none for what nothing suits.

    Args:
        desk: where it is asked; nothing is asked when nothing is wanted.
        wanted: the sounds, with what is offered for them.
        scene: what the scene shows.
    """
    if not wanted:
        return {}
    sounds = [{**_asked(each), "labels": [_offer(match) for match in each.offered]} for each in wanted]
    question = Question(
        "synthesizer_retrieval", RetrievalAnswer, {**scene, "sounds": sounds}, check=_suggested_within(wanted)
    )
    answer = desk.ask(question)
    given = {each.sound: tuple(label.label for label in each.labels) for each in answer.suggestions}
    return {each.number: given.get(each.number, ()) for each in wanted}


def describe(label: Label) -> dict[str, object]:
    """A label as a model is told it."""
    return {
        "label": label.name,
        "type of sound": label.kind,
        "in time": label.behaviour.value,
        "voice": label.voice,
        "made here": label.recipe is not None,
    }


def _of_bible(bible: Bible, idea: SoundIdea) -> str | None:
    source = bible.find(idea.source)
    return source.label if source else None


def _asked(wanted: Wanted) -> dict[str, object]:
    where = "background" if wanted.background else "main"
    return {"sound": wanted.number, "list": where, "words": wanted.idea.words, "reason": wanted.idea.reason}


def _offer(match: Match) -> dict[str, object]:
    return {**describe(match.label), "nearness": round(match.similarity, 2)}


def _choice(
    idea: SoundIdea, place: int, known: Mapping[int, str], chosen: Mapping[int, tuple[str | None, float, str]]
) -> Choice:
    if place in known:
        return Choice(idea, known[place], 1.0, f"{idea.source} of the sound bible")
    label, fit, reason = chosen.get(place + 1, (None, 0.0, "no label of the knowledge base suits"))
    return Choice(idea, label, fit, reason or "chosen among what was offered")


def _suggested_within(wanted: Sequence[Wanted]) -> Callable[[RetrievalAnswer], str | None]:
    offered = {each.number: each.names() for each in wanted}

    def check(answer: RetrievalAnswer) -> str | None:
        for each in answer.suggestions:
            if each.sound not in offered:
                return f"There is no sound {each.sound}."
            for label in each.labels:
                if label.label not in offered[each.sound]:
                    return f"{label.label!r} is not among the labels of sound {each.sound}; choose among them or none."
        return None

    return check


def _planned_within(
    suggested: Mapping[int, Sequence[str]], taken: frozenset[str]
) -> Callable[[PlanAnswer], str | None]:
    def check(answer: PlanAnswer) -> str | None:
        used = set(taken)
        for each in answer.choices:
            if each.sound not in suggested:
                return f"There is no sound {each.sound}."
            if each.label is None:
                continue
            if each.label not in suggested[each.sound]:
                return f"{each.label!r} was not suggested for sound {each.sound}; choose a suggestion or none."
            if each.label in used:
                return f"{each.label!r} is in the scene twice; keep it for one sound and give the other none."
            used.add(each.label)
        missing = [number for number in suggested if number not in {each.sound for each in answer.choices}]
        return f"Sound {missing[0]} has no answer; give it a label or none." if missing else None

    return check
