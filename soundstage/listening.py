"""The listening review: cues whose takes fall short go back to the Designer, and the best of all tries is kept.

The paper's loop (LVAS-Agent, arXiv 2503.10719, algorithm 2) ends before anything sounds. Here the Designer is told what
a take sounded like and may ask for another cue, in at most `ROUNDS` further rounds. What was tried is remembered by
the cue as it was designed, so that a run that goes on, in whatever place, goes on from there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from soundstage.agents.roles import Cast, Heard, SceneView, Turn
from soundstage.agents.together import at_once
from soundstage.cuesheet import Cue, Layer, Scene, digest
from soundstage.remembering import Memory
from soundstage.review.hearing import faults_of, is_good
from soundstage.synth.maker import Take

ROUNDS = 2
_UNHEARD = 0.0


class Try(BaseModel):
    """A cue that was tried, and the score of its take."""

    cue: Cue
    score: float


class Tries(BaseModel):
    """All that was tried in place of one designed cue; `current` is what the sheet holds now.

    `number` counts how often this was written down: what is remembered is added to, never changed.
    """

    current: Cue
    tried: tuple[Try, ...] = ()
    number: int = 0

    def best(self) -> Cue:
        """The cue with the best take; of equals, the first."""
        return max(self.tried, key=lambda each: each.score).cue


@dataclass(frozen=True)
class Listener:
    """Listens to the takes of one film's cues, with its cast.

    `view` shows the Designer a scene; `film` (a digest) and the cast's name tell one film's memory from another's.
    """

    cast: Cast
    memory: Memory
    film: str
    view: Callable[[Scene], SceneView]

    def current(self, designed: Cue) -> Cue:
        """What stands in the sheet for a designed cue: itself until it was listened to."""
        tries = self._latest(designed)
        return tries.current if tries else designed

    def turns(self, designed: Cue) -> tuple[Turn, ...]:
        """What became of a designed cue when it was listened to, for reading; nothing where all was well."""
        tries = self._latest(designed)
        if tries is None:
            return ()
        heard = [Turn("designer", f"heard {designed.id} as {t.cue.label}: score {t.score:.2f}") for t in tries.tried]
        return (*heard, Turn("designer", f"{designed.id} is {tries.current.label} now"))

    def listen(self, scenes: Sequence[Scene], designed: Mapping[str, Cue], takes: Mapping[str, Take]) -> bool:
        """Hear all takes, ask for other cues where they fall short; returns whether the sheet is another one now.

        Args:
            scenes: with the cues that are open to change.
            designed: those cues as they were designed, by id.
            takes: by cue id.
        """
        heard = [(scene, cue) for scene in scenes for cue in scene.cues if _is_open(cue) and cue.id in designed]
        before = {cue.id: self._tries(designed[cue.id], cue) for _, cue in heard}
        weak = [pair for pair in heard if self._falls_short(before[pair[1].id], takes.get(pair[1].id))]
        proposed = at_once(lambda pair: self._proposal(*pair, before[pair[1].id], takes), weak, self.cast)
        asked = {cue.id: new for (_, cue), new in zip(weak, proposed, strict=True)}
        told = [cue.id for _, cue in heard if cue.id in asked or before[cue.id].tried]
        changed = [self._settle(designed[id], before[id], takes.get(id), asked.get(id)) for id in told]
        return any(changed)

    def _falls_short(self, tries: Tries, take: Take | None) -> bool:
        known = len(tries.tried) >= ROUNDS or any(each.cue == tries.current for each in tries.tried)
        return not known and (take is None or not is_good(take.score, take.scores))

    def _proposal(self, scene: Scene, cue: Cue, before: Tries, takes: Mapping[str, Take]) -> Cue | None:
        """What the Designer asks for instead; None where it keeps the cue, or asks for what was tried."""
        take = takes.get(cue.id)
        faults = faults_of(take.scores) if take else ("nothing here can make it",)
        earlier = (f"tried before: {each.cue.label} (score {each.score:.2f})" for each in before.tried)
        heard = Heard(take.score if take else _UNHEARD, (*faults, *earlier))
        proposal = self.cast.designer.hear(self.view(scene), cue, heard)
        known = {cue.identity(), *(each.cue.identity() for each in before.tried)}
        return None if proposal is None or proposal.identity() in known else proposal

    def _settle(self, designed: Cue, before: Tries, take: Take | None, proposal: Cue | None) -> bool:
        """Write down what was heard, and what stands in the sheet from now on."""
        score = take.score if take else _UNHEARD
        known = any(each.cue == before.current for each in before.tried)
        tried = before.tried if known else (*before.tried, Try(cue=before.current, score=score))
        after = Tries(current=before.current, tried=tried, number=before.number + 1)
        another = proposal if proposal is not None and len(tried) <= ROUNDS else after.best()
        if not known or another != before.current:
            self.memory.remember(self._key(designed, after.number), after.model_copy(update={"current": another}))
        return another != before.current

    def _tries(self, designed: Cue, cue: Cue) -> Tries:
        return self._latest(designed) or Tries(current=cue.model_copy(update={"take": None}))

    def _latest(self, designed: Cue) -> Tries | None:
        latest, number = None, 1
        while (tries := self.memory.recall(self._key(designed, number), Tries)) is not None:
            latest, number = tries, number + 1
        return latest

    def _key(self, designed: Cue, number: int) -> str:
        return digest(["tries", self.film, self.cast.name, designed.model_dump(mode="json"), number])


def _is_open(cue: Cue) -> bool:
    return not cue.locked and cue.layer not in (Layer.SPEECH, Layer.ORIGINAL)
