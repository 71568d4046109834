"""The takes of a job's cues, as the ledger has them and as the engine knows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter
from sqlalchemy import select

from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Cue, Take
from soundstage.rendering import Rendered
from soundstage.synth.maker import Take as EngineTake

_TAKE = TypeAdapter(EngineTake)


@dataclass(frozen=True)
class Wanted:
    """The cues to be heard, and the takes that they use, by id."""

    cues: Sequence[Cue]
    takes: Mapping[str, Take]

    def rendered(self, made: Mapping[str, EngineTake]) -> Rendered:
        """As the engine would have rendered them; `made` are the takes by id."""
        heard = {cue.name: replace(made[cue.take_id], cue=cue.name) for cue in self.cues if cue.take_id is not None}
        silent = {cue.name: cue.silent or "not rendered" for cue in self.cues if cue.take_id is None}
        return Rendered(takes=heard, silent=silent)


def wanted(job_id: str) -> Wanted:
    """What is to be heard of a job."""
    with transaction() as session:
        cues = session.scalars(select(Cue).where(Cue.job_id == job_id)).all()
        takes = {take.id: take for take in session.scalars(select(Take).where(Take.job_id == job_id))}
    return Wanted(cues, {cue.take_id: takes[cue.take_id] for cue in cues if cue.take_id is not None})


def as_made(take: Take) -> EngineTake:
    """A take by its record: its path is a name only."""
    return _TAKE.validate_python(take.record)
