"""The Scriptwriter with a model: looks at pictures, reads lines, writes captions, overviews and narration."""

from collections.abc import Callable, Sequence

from soundstage.agents.llm import pictures, told
from soundstage.agents.llm.answers import (
    CaptionAnswer,
    NarrationAnswer,
    OverviewAnswer,
    ShotAnswer,
    SplitAnswer,
)
from soundstage.agents.llm.desk import Desk, Question
from soundstage.agents.llm.pictures import Shown
from soundstage.agents.llm.summaries import grouped, sum_up
from soundstage.agents.roles import MOST_STILLS, FilmView, Pause, ShotScript, ShotView, Split
from soundstage.cuesheet import NARRATOR, Caption, Line, Overview, Scene, Speaker
from soundstage.reading import FilmFacts

_MOST_SCENES = 60
_MOST_SHOTS = 40
_WORDS_A_SECOND = 2.5
_SHORTEST = 0.6


class LlmScriptwriter:
    """Asks the Scriptwriter's model."""

    def __init__(self, desk: Desk) -> None:
        """Args: desk: where it is asked."""
        self._desk = desk

    def glimpse(self, view: FilmView) -> Overview | None:
        """A first look at stills of the whole film, and at what is said."""
        material = {
            "film lasts": round(view.facts.duration, 2),
            "the user says": view.hint,
            "spoken": told.dialogue(view.dialogue),
        }
        shown = pictures.stills(view.stills, MOST_STILLS, self._desk.settings.picture_side)
        answer = self._desk.ask(Question("scriptwriter_film", OverviewAnswer, material, shown))
        return told.as_overview(answer, 0.0, view.facts.duration)

    def describe_shot(self, view: ShotView, overview: Overview | None) -> Caption:
        """Caption one shot from pictures of it or its clip, its motion, and what is said in it."""
        material = {
            "shot": view.shot.index,
            **told.span(view.shot.start, view.shot.end),
            "motion": round(view.shot.motion, 3),
            "spoken": told.dialogue(view.dialogue),
            "the user says": view.hint,
            "the whole film": told.overview(overview),
        }
        check = _lines_exist(len(view.dialogue))
        answer = self._desk.ask(Question("scriptwriter_shot", ShotAnswer, material, self._seen(view), check))
        speakers = {each.line: each.who for each in answer.speakers}
        named = [Speaker(time=view.dialogue[line - 1].start, name=who) for line, who in speakers.items()]
        return told.as_caption(answer, view.shot.motion).model_copy(update={"speakers": tuple(named)})

    def unify(self, captions: Sequence[ShotScript]) -> Caption:
        """One caption for shots that were merged; of very many shots, for stretches of them first."""
        while len(captions) > _MOST_SHOTS:
            groups = grouped(captions, _MOST_SHOTS)
            answers = self._desk.ask_all([_unifying(group) for group in groups])
            captions = [_whole(group, answer) for group, answer in zip(groups, answers, strict=True)]
        return told.as_caption(self._desk.ask(_unifying(captions)), _mean_motion(captions))

    def split(self, scripts: Sequence[ShotScript], overview: Overview) -> Split | None:
        """Whether the model finds two events in a scene; a very long one is read on from shot to shot, in stretches."""
        for first in range(0, len(scripts) - 1, _MOST_SHOTS - 1):
            if split := self._split(scripts[first : first + _MOST_SHOTS], overview):
                return Split(first + split.place, split.reason)
        return None

    def _split(self, scripts: Sequence[ShotScript], overview: Overview) -> Split | None:
        numbers = [script.shot.index for script in scripts]
        material = {"the whole film": told.overview(overview), "shots": [told.script(script) for script in scripts]}
        question = Question("scriptwriter_split", SplitAnswer, material, check=_begins_within(numbers))
        answer = self._desk.ask(question)
        if not answer.two_events or answer.begins_with_shot is None:
            return None
        return Split(place=numbers.index(answer.begins_with_shot), reason=answer.reason or "another event")

    def describe_film(self, facts: FilmFacts, scripts: Sequence[ShotScript]) -> Overview:
        """The film summed up from its shots, in a tree."""
        return sum_up(self._desk, facts, scripts)

    def narrate(self, overview: Overview, scenes: Sequence[Scene], pauses: Sequence[Pause]) -> tuple[Line, ...]:
        """Lines for a narrator, asked for in stretches of the film so that no question grows with it."""
        lines: list[Line] = []
        for first in range(0, len(scenes), _MOST_SCENES):
            stretch = scenes[first : first + _MOST_SCENES]
            names = {scene.id for scene in stretch}
            lines += self._narrated(overview, stretch, [pause for pause in pauses if pause.scene in names])
        return tuple(lines)

    def _narrated(self, overview: Overview, scenes: Sequence[Scene], pauses: Sequence[Pause]) -> list[Line]:
        if not pauses:
            return []
        material = {
            "the whole film": told.overview(overview),
            "scenes": [told.scene(scene) for scene in scenes],
            "pauses": [
                {"pause": number, "scene": pause.scene, **told.span(pause.start, pause.end), "words": pause.words}
                for number, pause in enumerate(pauses, start=1)
            ],
        }
        answer = self._desk.ask(
            Question("scriptwriter_narration", NarrationAnswer, material, check=_fits_pauses(pauses))
        )
        return [_line(pauses[each.pause - 1], each.text) for each in answer.lines]

    def _seen(self, view: ShotView) -> Sequence[Shown]:
        settings = self._desk.settings
        clip = pictures.clip_of(view) if settings.looks == "clip" else []
        return clip or pictures.of_shot(view, settings.pictures, settings.picture_side)


def _line(pause: Pause, text: str) -> Line:
    length = max(_SHORTEST, len(text.split()) / _WORDS_A_SECOND)
    return Line(start=pause.start, end=min(pause.end, pause.start + length), text=text, speaker=NARRATOR)


def _unifying(scripts: Sequence[ShotScript]) -> Question[CaptionAnswer]:
    return Question("scriptwriter_unify", CaptionAnswer, {"shots": [told.script(script) for script in scripts]})


def _whole(scripts: Sequence[ShotScript], answer: CaptionAnswer) -> ShotScript:
    shot = scripts[0].shot.model_copy(update={"end": scripts[-1].shot.end})
    return ShotScript(shot, told.as_caption(answer, _mean_motion(scripts)))


def _mean_motion(scripts: Sequence[ShotScript]) -> float:
    lengths = [script.shot.end - script.shot.start for script in scripts]
    weighed = sum(script.caption.motion * length for script, length in zip(scripts, lengths, strict=True))
    return round(weighed / (sum(lengths) or 1.0), 4)


def _lines_exist(count: int) -> Callable[[ShotAnswer], str | None]:
    def check(answer: ShotAnswer) -> str | None:
        wrong = [each.line for each in answer.speakers if each.line > count]
        return f"There is no line {wrong[0]}; name only speakers of the {count} lines given." if wrong else None

    return check


def _begins_within(numbers: Sequence[int]) -> Callable[[SplitAnswer], str | None]:
    def check(answer: SplitAnswer) -> str | None:
        if not answer.two_events or answer.begins_with_shot in numbers[1:]:
            return None
        return f"The second event must begin with one of the shots {', '.join(map(str, numbers[1:]))}."

    return check


def _fits_pauses(pauses: Sequence[Pause]) -> Callable[[NarrationAnswer], str | None]:
    def check(answer: NarrationAnswer) -> str | None:
        taken: set[int] = set()
        for line in answer.lines:
            if line.pause > len(pauses):
                return f"There is no pause {line.pause}; the last is {len(pauses)}."
            if line.pause in taken:
                return f"Pause {line.pause} has more than one line; make them one."
            taken.add(line.pause)
            words, room = len(line.text.split()), pauses[line.pause - 1].words
            if words > room:
                return f"The line for pause {line.pause} has {words} words, but only {room} can be spoken in it."
        return None

    return check
