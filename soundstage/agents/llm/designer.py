"""The Designer with a model: asks for sounds, reviews what was found for them, and hears what was made."""

from collections.abc import Callable, Collection, Sequence

from soundstage.agents import cueing
from soundstage.agents.instants import onsets_of
from soundstage.agents.labels import serves
from soundstage.agents.llm import told
from soundstage.agents.llm.answers import BibleAnswer, DraftAnswer, HearAnswer, ReviewAnswer, SoundAnswer, SourceAnswer
from soundstage.agents.llm.desk import Desk, Question
from soundstage.agents.llm.synthesizer import Wanted, describe, offered_for, suggest
from soundstage.agents.roles import (
    Bible,
    Choice,
    Draft,
    Heard,
    Plan,
    Review,
    SceneView,
    SoundIdea,
    Source,
    Wish,
)
from soundstage.cuesheet import Cue, Layer, Method, Overview, Perspective, Scene
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Label

_MOST_ONSETS = 24
_MOST_SCENES = 120
_MOST_KIN = 8


class LlmDesigner:
    """Asks the Designer's model."""

    def __init__(self, desk: Desk) -> None:
        """Args: desk: where it is asked."""
        self._desk = desk

    def write_bible(self, overview: Overview, scenes: Sequence[Scene]) -> Bible:
        """The sources that recur, each with the label that it keeps through the film; what finds none is left out."""
        if len(scenes) < 2:
            return Bible()
        step = -(-len(scenes) // _MOST_SCENES)
        shown = scenes[::step]
        material = {"the whole film": told.overview(overview), "scenes": [told.scene(scene) for scene in shown]}
        check = _written_well(frozenset(scene.id for scene in shown))
        answer = self._desk.ask(Question("designer_bible", BibleAnswer, material, check=check))
        wanted = [_wanted(number, source) for number, source in enumerate(answer.sources, start=1)]
        suggested = suggest(self._desk, wanted, {"the whole film": told.overview(overview)})
        return Bible(
            tuple(
                Source(source.name, source.words, suggested[number][0], source.level, source.note, source.scenes)
                for number, source in enumerate(answer.sources, start=1)
                if suggested[number]
            )
        )

    def draft(self, view: SceneView) -> Draft:
        """Ask for sounds in free words, with how they are wanted."""
        answer = self._desk.ask(Question("designer_draft", DraftAnswer, _known(view), check=_drafted_well(view)))
        return _draft(answer, view)

    def review(self, view: SceneView, plan: Plan) -> Review:
        """Accept the plan, or correct the design; silence that was asked for needs no second word."""
        if not plan.main and not plan.background:
            return Review(final=True, draft=_draft_of(plan))
        material = {**_known(view), "plan": {"main": _plan(plan.main), "background": _plan(plan.background)}}
        answer = self._desk.ask(Question("designer_review", ReviewAnswer, material, check=_reviewed_well(view)))
        if answer.final or answer.corrected is None:
            return Review(final=True, draft=_draft_of(plan))
        return Review(final=False, draft=_draft(answer.corrected, view), remarks=answer.remarks)

    def cue(self, view: SceneView, plan: Plan) -> tuple[Cue, ...]:
        """Set the plan in time, level and space as it was wished, where the picture agrees."""
        return cueing.cues_of(view, plan, {})

    def hear(self, view: SceneView, cue: Cue, heard: Heard) -> Cue | None:
        """Another label for a cue whose take fell short, of those that behave alike; None keeps it.

        A source of the sound bible keeps its label: it must not sound otherwise in one scene than in the next.
        """
        others = () if _recurs(view.bible, cue) else _alternatives(view, cue)
        if not others:
            return None
        material = {
            "scene": told.caption(view.scene.caption),
            "asked for": {"label": cue.label, "words": cue.prompt, "reason": cue.reason},
            "from": [round(cue.start, 2), round(cue.end, 2)],
            "to hit": [round(anchor.time, 2) for anchor in cue.anchors],
            "score": round(heard.score, 2),
            "heard": list(heard.faults),
            "labels": [describe(label) for label in others],
        }
        question = Question("designer_hear", HearAnswer, material, check=_changed_within(others))
        answer = self._desk.ask(question)
        if answer.action == "keep" or answer.label is None:
            return None
        reason = f"{cue.reason}; heard: {'; '.join(heard.faults)}; {answer.label} instead: {answer.reason}"
        changes = {"label": answer.label, "prompt": answer.words or cue.prompt, "reason": reason[:2000]}
        return cue.model_copy(update={**changes, "method": Method.AUTO, "parameters": {}, "take": None})


def _known(view: SceneView) -> dict[str, object]:
    """All that a Designer is told of a scene."""
    scene = view.scene
    onsets = sorted(onsets_of(view), key=lambda onset: -onset.strength)[:_MOST_ONSETS]
    return {
        "scene": {"id": scene.id, **told.span(scene.start, scene.end), **told.caption(scene.caption)},
        "the user says": scene.hint,
        "spoken in the film's own sound": told.dialogue(scene.dialogue),
        "motion": round(scene.caption.motion, 3),
        "onsets": [
            {"time": round(onset.time, 2), "strength": round(onset.strength, 2), "pan": round(onset.pan, 2)}
            for onset in sorted(onsets, key=lambda onset: onset.time)
        ],
        "the whole film": told.overview(Overview(summary=view.overview.summary)),
        "sound bible": [_known_source(source, scene) for source in view.bible.sources],
    }


def _known_source(source: Source, scene: Scene) -> dict[str, object]:
    told_of = {"source": source.name, "words": source.words, "label": source.label, "level": source.level}
    return {**told_of, **({"note": source.note} if source.note else {}), "expected here": scene.id in source.scenes}


def _draft(answer: DraftAnswer, view: SceneView) -> Draft:
    return Draft(
        background=tuple(_idea(sound, view) for sound in answer.background),
        main=tuple(_idea(sound, view) for sound in answer.main),
    )


def _idea(sound: SoundAnswer, view: SceneView) -> SoundIdea:
    source = view.bible.find(sound.source)
    level = source.level if source else sound.level
    return SoundIdea(
        words=sound.words,
        confidence=sound.confidence,
        reason=sound.reason,
        visible=sound.visible and sound.perspective is not Perspective.OFF_SCREEN,
        salience=sound.salience,
        source=source.name if source else None,
        wish=Wish(level, sound.pan, sound.perspective, sound.rhythm, sound.moments),
    )


def _draft_of(plan: Plan) -> Draft:
    return Draft(tuple(choice.idea for choice in plan.background), tuple(choice.idea for choice in plan.main))


def _plan(choices: Sequence[Choice]) -> list[dict[str, object]]:
    return [{"asked for": c.idea.words, "label": c.label or "none", "because": c.reason} for c in choices]


def _wanted(number: int, source: SourceAnswer) -> Wanted:
    idea = SoundIdea(source.words, 1.0, source.note or "recurs in the film", source=source.name)
    return Wanted(number, idea, background=False, offered=offered_for(source.words, voices=False, background=False))


def _recurs(bible: Bible, cue: Cue) -> bool:
    return cue.source in {cueing.slug(source.name) for source in bible.sources}


def _alternatives(view: SceneView, cue: Cue) -> tuple[Label, ...]:
    """Labels that could be tried in place of a cue's, near in meaning or of its type, of the same behaviour."""
    label = knowledge().find(cue.label)
    if label is None:
        return ()
    background = cue.layer is Layer.AMBIENCE
    near = [match.label for match in offered_for(cue.prompt or cue.label, not view.scene.dialogue, background)]
    kin = [other for other in knowledge().of_kind(label.kind) if other.recipe is not None][:_MOST_KIN]
    voices = not view.scene.dialogue
    fitting = {
        other.name: other
        for other in (*near, *kin)
        if other.behaviour is label.behaviour and serves(other, voices, background) and other.name != label.name
    }
    return tuple(fitting.values())


def _written_well(scenes: Collection[str]) -> Callable[[BibleAnswer], str | None]:
    def check(answer: BibleAnswer) -> str | None:
        names = [source.name for source in answer.sources]
        if twice := [name for name in names if names.count(name) > 1]:
            return f"The source {twice[0]} is there twice; name each once."
        if strange := [scene for source in answer.sources for scene in source.scenes if scene not in scenes]:
            return f"There is no scene {strange[0]!r}; name scenes by the ids given."
        return None

    return check


def _drafted_well(view: SceneView) -> Callable[[DraftAnswer], str | None]:
    def check(answer: DraftAnswer) -> str | None:
        if not answer.model_fields_set & {"main", "background"}:
            return "Neither main nor background is there; give both lists, empty where nothing is heard."
        main = {sound.words.lower() for sound in answer.main}
        both = [sound.words for sound in answer.background if sound.words.lower() in main]
        if both:
            return f"{both[0]!r} is in both lists; keep it in main."
        return _sourced_well(view.bible, answer)

    return check


def _sourced_well(bible: Bible, answer: DraftAnswer) -> str | None:
    named = [sound.source for sound in (*answer.main, *answer.background) if sound.source]
    if strange := [name for name in named if bible.find(name) is None]:
        return f"The sound bible has no source {strange[0]!r}; leave source out."
    if twice := [name for name in named if named.count(name) > 1]:
        return f"The source {twice[0]!r} is there twice; keep it once."
    if striking := [sound.source for sound in answer.background if _strikes(bible.find(sound.source))]:
        return f"The source {striking[0]!r} does not sound all the time; keep it in main."
    return None


def _strikes(source: Source | None) -> bool:
    label = knowledge().find(source.label) if source else None
    return label is not None and not serves(label, voices=True, background=True)


def _reviewed_well(view: SceneView) -> Callable[[ReviewAnswer], str | None]:
    drafted_well = _drafted_well(view)

    def check(answer: ReviewAnswer) -> str | None:
        if answer.final:
            return None
        if answer.corrected is None:
            return "The plan is not final, but there is no corrected design; give it whole, or call the plan final."
        return drafted_well(answer.corrected)

    return check


def _changed_within(others: Sequence[Label]) -> Callable[[HearAnswer], str | None]:
    names = [label.name for label in others]

    def check(answer: HearAnswer) -> str | None:
        if answer.action == "keep" or answer.label in names:
            return None
        return f"{answer.label!r} is not among the labels offered; choose one of them, or keep the sound."

    return check
