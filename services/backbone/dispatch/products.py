"""What a step makes, and how it enters the ledger with the step's end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Update, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.backbone.ids import new_id
from services.backbone.ledger.repositories.talks import next_position
from services.backbone.ledger.tables import Asset, Cue, Job, Memory, Scene, Sheet, Take, Turn
from services.backbone.ledger.tables.base import Document
from soundstage.cuesheet import CueSheet
from soundstage.cuesheet import Scene as SheetScene


@dataclass(frozen=True)
class NewAsset:
    """An object that the step put into the store, under a key of its own attempt."""

    name: str
    object_key: str
    bytes: int
    sha256: str
    content_type: str
    public: bool = True


@dataclass(frozen=True)
class NewTake:
    """A take in the store, for all cues of one identity; `record` is the engine's own."""

    identity: str
    object_key: str
    bytes: int
    sha256: str
    record: Document


@dataclass(frozen=True)
class NewSheet:
    """A cue sheet that was composed or annotated, with the studio's own and what was said."""

    sheet: CueSheet
    baseline: CueSheet
    talk: str


@dataclass(frozen=True)
class Product:
    """All that one step made; what it did not make is empty.

    `silent` says by cue identity why nothing can be heard. `wanted` are the cues to be heard, when the sheet is new.
    """

    source: NewAsset | None = None
    source_name: str | None = None
    film: Document | None = None
    assets: tuple[NewAsset, ...] = ()
    memories: Mapping[str, Document] = field(default_factory=dict)
    scenes: tuple[SheetScene, ...] = ()
    turns: tuple[str, ...] = ()
    sheet: NewSheet | None = None
    wanted: tuple[str, ...] | None = None
    takes: tuple[NewTake, ...] = ()
    silent: Mapping[str, str] = field(default_factory=dict)


def store(session: Session, job: Job, step_id: str, attempt: int, product: Product) -> None:
    """Write what a step made, in the transaction that ends the step; the job is locked."""
    if product.source is not None:
        job.asset_id = _add_source(session, job, product.source)
        job.source = {**job.source, "name": product.source_name or job.source.get("name")}
    if product.film is not None:
        job.film = product.film
    if product.scenes:
        write_scenes(session, job, product.scenes)
    if product.sheet is not None:
        _write_sheet(session, job, product.sheet)
    if product.wanted is not None and product.sheet is not None:
        _write_cues(session, job, product.sheet.sheet, product.wanted)
    _put_assets(session, job, product.assets)
    _remember(session, job, product.memories)
    _add_takes(session, job, step_id, attempt, product)
    _add_turns(session, job, step_id, product.turns)


def _add_source(session: Session, job: Job, new: NewAsset) -> str:
    asset = Asset(id=new_id("asset"), account_id=job.account_id, revision=job.revision, **_columns(new))
    session.add(asset)
    session.flush()
    return asset.id


def _put_assets(session: Session, job: Job, new: Sequence[NewAsset]) -> None:
    """The job's assets of those names are these from now on; older objects are left to the sweeper of orphans."""
    rows = [{"id": new_id("asset"), "revision": job.revision, **_columns(asset)} for asset in new]
    if rows:
        adding = insert(Asset).values(account_id=job.account_id, job_id=job.id)
        kept = {name: adding.excluded[name] for name in rows[0] if name != "id"}
        replacing = adding.on_conflict_do_update(
            index_elements=["job_id", "name"], set_=kept | {"created_at": func.now()}
        )
        session.execute(replacing, rows)


def _columns(new: NewAsset) -> dict[str, object]:
    return {
        "name": new.name,
        "object_key": new.object_key,
        "bytes": new.bytes,
        "sha256": new.sha256,
        "content_type": new.content_type,
        "public": new.public,
    }


def _remember(session: Session, job: Job, memories: Mapping[str, Document]) -> None:
    rows = [{"job_id": job.id, "key": key, "document": document} for key, document in memories.items()]
    if rows:
        session.execute(insert(Memory).on_conflict_do_nothing(), rows)


def write_scenes(session: Session, job: Job, scenes: tuple[SheetScene, ...]) -> None:
    """The scenes that are designed from now on."""
    session.execute(delete(Scene).where(Scene.job_id == job.id))
    session.add_all(
        Scene(
            job_id=job.id,
            name=scene.id,
            position=position,
            start=scene.start,
            end=scene.end,
            summary=scene.hint or scene.caption.summary,
        )
        for position, scene in enumerate(scenes)
    )


def _write_sheet(session: Session, job: Job, new: NewSheet) -> None:
    """A new version of the sheet; an edit that came while it was made stays in the sheet's place as it is."""
    values = {"document": new.sheet.model_dump(mode="json"), "baseline": new.baseline.model_dump(mode="json")}
    session.execute(
        insert(Sheet)
        .values(job_id=job.id, version=1, talk=new.talk, **values)
        .on_conflict_do_update(
            index_elements=["job_id"],
            set_={
                **values,
                "version": Sheet.version + 1,
                "talk": new.talk,
                "updated_at": func.now(),
                "edited_at": None,
            },
        )
    )


def _write_cues(session: Session, job: Job, sheet: CueSheet, wanted: tuple[str, ...]) -> None:
    takes = select(Take.identity, Take.id).where(Take.job_id == job.id)
    known = dict(iter(session.execute(takes)))
    homes = {cue.id: scene.id for scene in sheet.scenes for cue in scene.cues}
    session.execute(delete(Cue).where(Cue.job_id == job.id))
    session.add_all(
        Cue(
            job_id=job.id,
            name=cue.id,
            scene=homes[cue.id],
            layer=cue.layer,
            label=cue.label,
            start=cue.start,
            end=cue.end,
            identity=cue.identity(),
            take_id=known.get(cue.identity()),
        )
        for cue in sheet.cues()
        if cue.id in wanted
    )


def _add_takes(session: Session, job: Job, step_id: str, attempt: int, product: Product) -> None:
    if product.takes:
        session.add_all(_take(job, step_id, attempt, new) for new in product.takes)
        session.flush()
        made = select(Take.id).where(Take.job_id == job.id, Take.identity == Cue.identity).scalar_subquery()
        session.execute(_of_identities(job, [new.identity for new in product.takes]).values(take_id=made))
    for reason in sorted(set(product.silent.values())):
        silent = [identity for identity, why in product.silent.items() if why == reason]
        session.execute(_of_identities(job, silent).values(silent=reason))


def _take(job: Job, step_id: str, attempt: int, new: NewTake) -> Take:
    return Take(
        id=new_id("take"),
        job_id=job.id,
        identity=new.identity,
        step_id=step_id,
        attempt=attempt,
        object_key=new.object_key,
        bytes=new.bytes,
        sha256=new.sha256,
        record=new.record,
    )


def _of_identities(job: Job, identities: Sequence[str]) -> Update:
    changed = update(Cue).where(Cue.job_id == job.id, Cue.identity.in_(identities))
    return changed.execution_options(synchronize_session=False)


def _add_turns(session: Session, job: Job, step_id: str, turns: tuple[str, ...]) -> None:
    if not turns:
        return
    for position, line in enumerate(turns, start=next_position(session, job.id)):
        role, _, text = line.partition(": ")
        session.add(
            Turn(id=new_id("turn"), job_id=job.id, step_id=step_id, position=position, role=role[:24], text=text)
        )
