"""What is known of a film as models are told it: small JSON values, times rounded, nothing of use left out."""

from collections.abc import Sequence

from soundstage.agents.llm.answers import CaptionAnswer, Found, OverviewAnswer
from soundstage.agents.roles import ShotScript
from soundstage.cuesheet import Caption, Finding, Line, Moment, Overview, Scene

_MOST_LINES = 40
_LONGEST_LINE = 300
_MOST_MOMENTS = 20


def caption(found: Caption) -> dict[str, object]:
    """A caption."""
    return {
        "background": found.background,
        "setting": _names(found.setting),
        "entities": _names(found.entities),
        "actions": _names(found.actions),
        "summary": found.summary,
    }


def script(found: ShotScript) -> dict[str, object]:
    """A shot, or a scene so far, with its caption."""
    return {"shot": found.shot.index, **span(found.shot.start, found.shot.end), **caption(found.caption)}


def scene(found: Scene) -> dict[str, object]:
    """A scene in a line, for who looks at the whole film."""
    return {"scene": found.id, **span(found.start, found.end), "summary": found.caption.summary}


def span(start: float, end: float) -> dict[str, float]:
    """From when to when, in seconds."""
    return {"start": round(start, 2), "end": round(end, 2)}


def overview(found: Overview | None) -> dict[str, object] | None:
    """The film as a whole, marked as the rough view it is."""
    if found is None:
        return None
    timeline = [{**span(m.start, m.end), "text": m.text} for m in _spread(found.timeline)]
    return {"this is": "rough and partly wrong", "summary": found.summary, "timeline": timeline}


def dialogue(lines: Sequence[Line]) -> list[dict[str, object]]:
    """Lines spoken in the film's own sound, numbered from 1; of very many the first."""
    return [
        {"line": number, **span(line.start, line.end), "speaker": line.speaker, "text": line.text[:_LONGEST_LINE]}
        for number, line in enumerate(lines[:_MOST_LINES], start=1)
    ]


def as_caption(answer: CaptionAnswer, motion: float) -> Caption:
    """A model's caption as the studio's; `motion` is measured, not told."""
    return Caption(
        background=answer.background,
        setting=_findings(answer.setting),
        entities=_findings(answer.entities),
        actions=_findings(answer.actions),
        summary=answer.summary,
        motion=motion,
        confidence=answer.confidence,
    )


def as_overview(answer: OverviewAnswer, start: float, end: float) -> Overview:
    """A model's overview as the studio's, its timeline within the stretch that it is of."""
    inside = [(max(m.start, start), min(m.end, end), m.text) for m in answer.timeline]
    moments = tuple(Moment(start=a, end=b, text=text) for a, b, text in sorted(inside) if b > a)
    return Overview(summary=answer.summary, timeline=moments)


def _spread(timeline: Sequence[Moment]) -> Sequence[Moment]:
    """Of a long timeline entries from all of it."""
    step = -(-len(timeline) // _MOST_MOMENTS)
    return timeline[:: step or 1]


def _names(found: Sequence[Finding]) -> list[str]:
    return [each.name for each in found]


def _findings(found: Sequence[Found]) -> tuple[Finding, ...]:
    surest: dict[str, float] = {}
    for each in found:
        surest[each.name] = max(surest.get(each.name, 0.0), each.confidence)
    return tuple(Finding(name=name, confidence=round(sure, 3)) for name, sure in surest.items())
