"""The house Synthesizer: finds the label that each sound asked for can be made as.

The paper's rules (LVAS-Agent, appendix, figures 5 and 6): none stays none; never a label outside
the knowledge base; by meaning, else by the type of sound whatever its source; no human voices
unless the picture clearly has them. Ours: of labels that fit alike, the one that can be made well.
"""

from dataclasses import replace
from functools import lru_cache

from soundstage.agents.house.understanding import understand
from soundstage.agents.labels import serves
from soundstage.agents.roles import Choice, Draft, Plan, SceneView, SoundIdea
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import NONE, Label

_SIMILAR = 0.5  # below this a label means something else
_BY_TYPE = 0.35  # below this not even the type of sound fits
_WELL_MADE = 0.12  # how much similarity a convincing recipe is worth
_CLEAR_VOICE = 0.6
_CANDIDATES = 8


class HouseSynthesizer:
    """Looks ideas up in the knowledge base."""

    def retrieve(self, view: SceneView, draft: Draft) -> Plan:
        """Replace every idea by a label, or by silence."""
        voices = _voices_allowed(view)
        taken: set[str] = set()
        behind = tuple(_once(_choose(idea, voices, background=True), taken) for idea in draft.background)
        front = tuple(_once(_choose(idea, voices, background=False), taken) for idea in draft.main)
        return Plan(background=behind, main=front)


def _choose(idea: SoundIdea, voices: bool, background: bool) -> Choice:
    if not idea.words.strip() or idea.words.strip().lower() in (NONE, "silence", "nothing"):
        return Choice(idea, None, 1.0, "none stays none")
    named = knowledge().find(idea.words)
    if named is not None and serves(named, voices, background):
        if named.recipe is not None:
            return Choice(idea, named.name, 1.0, "named in the knowledge base")
        return _replaced(idea, named, voices, background)
    return _by_meaning(idea, voices, background)


def _replaced(idea: SoundIdea, named: Label, voices: bool, background: bool) -> Choice:
    """A near label of the same type that can be made here; else the one named, for a recording of the user's."""
    for label, similarity in _ranked(named.name, voices, background):
        if label.recipe is not None and label.kind == named.kind and similarity >= _SIMILAR:
            return Choice(idea, label.name, similarity, f"nothing here makes {named.name}; the same type of sound")
    return Choice(idea, named.name, 1.0, "only recordings can make it")


def _by_meaning(idea: SoundIdea, voices: bool, background: bool) -> Choice:
    ranked = _ranked(idea.words, voices, background)
    for floor, reason in ((_SIMILAR, "by meaning"), (_BY_TYPE, "by the type of sound")):
        fitting = [(label, near) for label, near in ranked if near >= floor]
        if fitting:
            label, near = max(fitting, key=lambda pair: pair[1] + _WELL_MADE * _makeable(pair[0]))
            return Choice(idea, label.name, near, reason)
    return Choice(idea, None, ranked[0][1] if ranked else 0.0, "no label of the knowledge base fits")


@lru_cache(maxsize=4096)
def _ranked(words: str, voices: bool, background: bool) -> tuple[tuple[Label, float], ...]:
    found = knowledge().search(words, _CANDIDATES, among=lambda label: serves(label, voices, background))
    return tuple((match.label, match.similarity) for match in found)


def _makeable(label: Label) -> float:
    return label.fidelity if label.recipe is not None else -0.5


def _voices_allowed(view: SceneView) -> bool:
    """Human voices only where the user says so or the picture clearly has people at it."""
    if view.scene.hint and understand(view.scene.hint).voices:
        return True
    told = (finding for finding in view.scene.caption.actions if finding.confidence >= _CLEAR_VOICE)
    return any(understand(finding.name).voices for finding in told) and not view.scene.dialogue


def _once(choice: Choice, taken: set[str]) -> Choice:
    """No sound lies in both layers, nor twice in one."""
    if choice.label is None or choice.label not in taken:
        if choice.label:
            taken.add(choice.label)
        return choice
    return replace(choice, label=None, reason=f"{choice.label} is there already")
