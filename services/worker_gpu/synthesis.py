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
from soundstage.synth.maker import SoundMaker, Take

_TAKE = TypeAdapter(Take)


@dataclass(frozen=True)
class Synthesis:
    """Makes takes with the sound makers at hand."""

    makers: Sequence[SoundMaker]

    def __call__(self, claim: Claim, tell: Tell) -> Product:
        """Render the cues of a claim and put their takes into the store."""
        with workbench(claim) as bench:
            bench.lay_sheet()
            cues = _cues(bench, claim.unit["cues"])
            rendered = bench.studio(tell, self.makers, as_it_is=True).render(cues)
            takes = tuple(_kept(bench, cue, rendered.takes[cue.id]) for cue in cues if cue.id in rendered.takes)
            silent = {cue.identity(): rendered.silent[cue.id] for cue in cues if cue.id in rendered.silent}
            return Product(takes=takes, silent=silent)


def _cues(bench: Workbench, names: Sequence[str]) -> list[Cue]:
    sheet = cuesheet.load(bench.folder.sheet)
    return [cue for cue in sheet.cues() if cue.id in names]


def _kept(bench: Workbench, cue: Cue, take: Take) -> NewTake:
    stored = bench.keep(take.path, f"takes/{take.path.name}")
    return NewTake(cue.identity(), stored.object_key, stored.bytes, stored.sha256, _record(take))


def _record(take: Take) -> Document:
    record: Document = _TAKE.dump_python(take, mode="json")
    return {**record, "path": take.path.name}
