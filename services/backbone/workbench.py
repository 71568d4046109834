"""A workbench: one job's film on a worker's desk, for one step of the engine.

The engine works in a work folder. The bench lays it out from the ledger and the store with just what the step needs,
and carries what the step made back under keys of its own attempt.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path

from sqlalchemy import select

from services.backbone.dispatch.claims import Claim
from services.backbone.dispatch.products import NewAsset, NewSheet
from services.backbone.dispatch.scratch import scratch_folder
from services.backbone.errors import Gone
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Asset, Job, Memory, Sheet
from services.backbone.ledger.tables.base import Document
from services.backbone.objects.keys import step_key
from services.backbone.objects.store import ObjectStore
from services.backbone.options import JobOptions, speech_kind
from services.backbone.settings import settings
from soundstage import cuesheet
from soundstage.agents.house import house_cast
from soundstage.agents.roles import Cast
from soundstage.cuesheet import write_aside
from soundstage.options import StudioOptions
from soundstage.pipeline import Studio
from soundstage.soundmodels import NOBODY, Crew
from soundstage.synth.maker import SoundMaker
from soundstage.workfolder import WorkFolder

READING = "reading/"
# Within the reading; only who describes shots looks at them.
CLIPS = "clips/"
_SAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Order:
    """What the ledger knows of the job, as it was when the step began."""

    options: JobOptions
    source: Document
    film: Asset | None
    assets: dict[str, Asset]
    sheet: Sheet | None
    usage: Document | None = None


@dataclass(frozen=True)
class Workbench:
    """A scratch folder with the engine's work folder in it, for one claim."""

    claim: Claim
    order: Order
    root: Path
    store: ObjectStore

    @property
    def folder(self) -> WorkFolder:
        """The engine's work folder."""
        return WorkFolder(self.root / "work")

    @property
    def film(self) -> Path:
        """Where the film lies, once `fetch_film` brought it."""
        name = _SAFE.sub("-", str(self.order.source.get("name") or "film"))[-80:].lstrip(".-")
        return self.root / "film" / (name or "film")

    def studio(
        self,
        tell: Callable[[float], None],
        makers: Sequence[SoundMaker] = (),
        as_it_is: bool = False,
        cast: Cast | None = None,
        crew: Crew = NOBODY,
    ) -> Studio:
        """The engine's studio for this job.

        Args:
            tell: told how far it is.
            makers: the sound makers at hand.
            as_it_is: takes the cue sheet as it stands and designs nothing.
            cast: who is asked; None where nobody is.
            crew: sound models that help.
        """
        asked = cast or house_cast(self.order.options.seed)
        digest = self.order.film.sha256 if self.order.film else None
        options = self._options(as_it_is)
        return Studio(
            self.film, self.folder, asked, makers, options, lambda _, done: tell(done), film_digest=digest, crew=crew
        )

    def fetch_film(self) -> Path:
        """Bring the film from the store, its digest checked. Raises Gone when it is not there any more."""
        if self.order.film is None:
            raise Gone("The film of this job is gone; upload it again and create a new job.")
        self.film.parent.mkdir(exist_ok=True)
        self._bring(self.order.film, self.film)
        return self.film

    def fetch_reading(self, wanted: Callable[[str], bool]) -> None:
        """Bring the files of the reading that are `wanted`, by their name in it; what is brought counts as whole."""
        for name, asset in self.order.assets.items():
            if name.startswith(READING) and wanted(name.removeprefix(READING)):
                path = self.folder.root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                self._bring(asset, path)
        self.folder.seal_reading(speech=self.order.options.transcript)

    def recall(self) -> frozenset[str]:
        """Lay out all that the agents remember of this film; returns its keys."""
        with transaction() as session:
            rows = session.execute(select(Memory.key, Memory.document).where(Memory.job_id == self.claim.job_id)).all()
        for key, document in rows:
            write_aside(self.folder.memory / f"{key}.json", json.dumps(document))
        return frozenset(key for key, _ in rows)

    def remembered(self, known: Iterable[str]) -> dict[str, Document]:
        """What the agents remember that was not `known`."""
        new = {path.stem: path for path in self.folder.memory.glob("*.json")}
        return {key: json.loads(path.read_bytes()) for key, path in new.items() if key not in known}

    def lay_sheet(self) -> None:
        """Lay out the cue sheet as it stands, where there is one."""
        if self.order.sheet is not None:
            write_aside(self.folder.sheet, json.dumps(self.order.sheet.document))
            write_aside(self.folder.baseline, json.dumps(self.order.sheet.baseline))
            write_aside(self.folder.talk, self.order.sheet.talk)

    def sheet(self) -> NewSheet:
        """The cue sheet as the engine left it."""
        talk = self.folder.talk.read_text(encoding="utf-8") if self.folder.talk.exists() else ""
        return NewSheet(cuesheet.load(self.folder.sheet), cuesheet.load(self.folder.baseline), talk)

    def keep(self, path: Path, name: str, public: bool = True) -> NewAsset:
        """Put a file into the store, under a key that no other attempt writes."""
        kind = _TYPES.get(path.suffix) or guess_type(path.name)[0] or "application/octet-stream"
        key = step_key(self.claim.account_id, self.claim.job_id, self.claim.step_id, self.claim.attempt, name)
        stored = self.store.put_file(path, key, kind)
        return NewAsset(name, stored.key, stored.bytes, stored.sha256, kind, public)

    def bring(self, key: str, path: Path, sha256: str) -> None:
        """Bring an object from the store, its digest checked."""
        self.store.get_file(key, path, sha256)

    def _bring(self, asset: Asset, path: Path) -> None:
        self.bring(asset.object_key, path, asset.sha256)

    def _options(self, as_it_is: bool) -> StudioOptions:
        return self.order.options.studio(self._lines(), as_it_is, clips=bool(self.claim.unit.get("clips")))

    def _lines(self) -> Path | None:
        text = self.order.options.speech
        if text is None:
            return None
        path = self.root / f"lines.{speech_kind(text)}"
        write_aside(path, text)
        return path


@contextmanager
def workbench(claim: Claim) -> Iterator[Workbench]:
    """A bench for one claim; all that lies on it is gone when the block is left."""
    with scratch_folder(settings().scratch, claim.step_id) as root:
        bench = Workbench(claim, _order(claim.job_id), root, ObjectStore.of(settings()))
        with bench.folder.locked():
            bench.folder.reading.mkdir(exist_ok=True)
            yield bench


def _order(job_id: str) -> Order:
    with transaction() as session:
        job = session.get(Job, job_id)
        if job is None:
            raise Gone("The job was deleted.")
        assets = session.scalars(select(Asset).where(Asset.job_id == job_id))
        return Order(
            options=JobOptions.model_validate(job.options),
            source=job.source,
            film=session.get(Asset, job.asset_id) if job.asset_id else None,
            assets={asset.name: asset for asset in assets},
            sheet=session.get(Sheet, job_id),
            usage=job.usage,
        )


_TYPES = {
    ".flac": "audio/flac",
    ".json": "application/json",
    ".mkv": "video/x-matroska",
    ".mp4": "video/mp4",
    ".npz": "application/octet-stream",
    ".otio": "application/json",
    ".vtt": "text/vtt; charset=utf-8",
    ".ts": "video/mp2t",
    ".txt": "text/plain; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".webm": "video/webm",
}
