"""The Storyboarder with a model: judges two neighbours, and captions what it merges."""

from soundstage.agents.llm import told
from soundstage.agents.llm.answers import MergeAnswer
from soundstage.agents.llm.desk import Desk, Question
from soundstage.agents.roles import ShotScript, Verdict
from soundstage.cuesheet import Caption, Overview


class LlmStoryboarder:
    """Asks the Storyboarder's model."""

    def __init__(self, desk: Desk) -> None:
        """Args: desk: where it is asked."""
        self._desk = desk

    def judge(self, before: ShotScript, after: ShotScript, overview: Overview) -> Verdict:
        """Whether two neighbours are one scene; on a merge with one caption for both (paper, figure 1)."""
        material = {
            "before": told.script(before),
            "after": told.script(after),
            "the whole film": told.overview(Overview(summary=overview.summary)),
        }
        answer = self._desk.ask(Question("storyboarder_merge", MergeAnswer, material))
        caption = _both(answer, before, after) if answer.merge else None
        return Verdict(answer.merge, answer.confidence, answer.reason, caption)


def _both(answer: MergeAnswer, before: ShotScript, after: ShotScript) -> Caption | None:
    if answer.caption is None:
        return None
    lengths = [script.shot.end - script.shot.start for script in (before, after)]
    motion = before.caption.motion * lengths[0] + after.caption.motion * lengths[1]
    return told.as_caption(answer.caption, round(motion / (sum(lengths) or 1.0), 4))
