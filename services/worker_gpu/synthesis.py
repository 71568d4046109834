"""The step that makes sounds: some cues of a film to takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from services.backbone.dispatch.claims import Claim
from services.backbone.dispatch.products import NewTake, Product
from services.backbone.dispatch.running import Tell
from services.backbone.ledger.tables.base import Document
from services.backbone.workbench import Workbench, workbench
from soundstage import cuesheet
from soundstage.cuesheet import Cue
from soundstage.makers import permitted
from soundstage.reading import READING_FILE, Reading, Shot
from soundstage.review.sync import WINDOW
from soundstage.soundmodels import NOBODY, SoundModels
from soundstage.synth.maker import SoundMaker, Take

_TAKE = TypeAdapter(Take)


# Seconds of the film around a cue that a model may watch: windows of makers begin with the cue and may go on after it,
# that of the ear for timing lies around a short one.
_BEFORE, _AFTER = WINDOW, 10.0


@dataclass(frozen=True)
class Synthesis:
    """Makes takes with the sound makers at hand, and with the models that a job allows."""

    makers: Sequence[SoundMaker]
    models: SoundModels

    def __call__(self, claim: Claim, tell: Tell) -> Product:
        """Render the cues of a claim and put their takes into the store."""
        with workbench(claim) as bench:
            bench.lay_sheet()
            cues = _cues(bench, claim.unit["cues"])
            wishes = bench.order.options.wishes()
            crew, makers = self.models.crew(wishes), permitted(self.makers, wishes.commercial_use)
            if crew is not NOBODY:
                _fetch_pictures(bench, cues)
            rendered = bench.studio(tell, makers, as_it_is=True, crew=crew).render(cues)
            takes = tuple(_kept(bench, cue, rendered.takes[cue.id]) for cue in cues if cue.id in rendered.takes)
            silent = {cue.identity(): rendered.silent[cue.id] for cue in cues if cue.id in rendered.silent}
            return Product(takes=takes, silent=silent)


def _cues(bench: Workbench, names: Sequence[str]) -> list[Cue]:
    sheet = cuesheet.load(bench.folder.sheet)
    return [cue for cue in sheet.cues() if cue.id in names]


def _fetch_pictures(bench: Workbench, cues: Sequence[Cue]) -> None:
    """Bring the reading, and the clips of the shots that the cues lie in."""
    bench.fetch_reading(lambda name: name == READING_FILE)
    shots = Reading.load(bench.folder.reading).shots
    wanted = {READING_FILE, *(shot.clip for shot in shots if shot.clip and any(sees(cue, shot) for cue in cues))}
    bench.fetch_reading(wanted.__contains__)


def sees(cue: Cue, shot: Shot) -> bool:
    """Whether a model that works at a cue may be shown something of a shot."""
    return shot.start < cue.end + _AFTER and shot.end > cue.start - _BEFORE


def _kept(bench: Workbench, cue: Cue, take: Take) -> NewTake:
    stored = bench.keep(take.path, f"takes/{take.path.name}")
    return NewTake(cue.identity(), stored.object_key, stored.bytes, stored.sha256, _record(take))


def _record(take: Take) -> Document:
    record: Document = _TAKE.dump_python(take, mode="json")
    return {**record, "path": take.path.name}
