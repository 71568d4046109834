"""Generation-Retrieval-Optimization: Designer and Synthesizer agree on the sounds of a scene.

LVAS-Agent (arXiv 2503.10719), algorithm 2: the Designer drafts, the Synthesizer replaces every
sound by a label that can be made, the Designer declares the plan final or corrects it, up to a limit.
Then the plan becomes cues. Takes are listened to later, when they are made.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from soundstage.agents.roles import Cast, Choice, Draft, Plan, SceneView, SoundIdea, Turn
from soundstage.cuesheet import Cue

ROUNDS = 3


@dataclass(frozen=True)
class Design:
    """A scene's cues, and what was said until they stood."""

    cues: tuple[Cue, ...]
    turns: tuple[Turn, ...]


def design_scene(view: SceneView, cast: Cast, rounds: int = ROUNDS) -> Design:
    """Design the sounds of one scene in at most `rounds` rounds; none at all is a design too."""
    draft = cast.designer.draft(view)
    turns = [Turn("designer", _asked(draft))]
    plan = Plan(background=(), main=())
    for _ in range(max(1, rounds)):
        plan = cast.synthesizer.retrieve(view, draft)
        turns.append(Turn("synthesizer", _found(plan)))
        review = cast.designer.review(view, plan)
        turns.append(Turn("designer", "final" if review.final else "; ".join(review.remarks)))
        if review.final:
            break
        draft = review.draft
    cues = cast.designer.cue(view, plan)
    return Design(cues=cues, turns=tuple(turns))


def _asked(draft: Draft) -> str:
    return f"main: {_ideas(draft.main)}; behind: {_ideas(draft.background)}"


def _ideas(ideas: Sequence[SoundIdea]) -> str:
    return ", ".join(f"{idea.words} ({idea.reason})" for idea in ideas) or "none"


def _found(plan: Plan) -> str:
    return f"main: {_choices(plan.main)}; behind: {_choices(plan.background)}"


def _choices(choices: Sequence[Choice]) -> str:
    return (
        ", ".join(f"{choice.idea.words} -> {choice.label or 'none'} ({choice.reason})" for choice in choices) or "none"
    )
