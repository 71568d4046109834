"""The step that makes the soundtrack of all takes, and everything that is delivered with it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter
from sqlalchemy import select

from services.backbone.dispatch.claims import Claim
from services.backbone.dispatch.products import NewAsset, Product
from services.backbone.dispatch.running import Tell
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Cue, Take
from services.backbone.workbench import Workbench, workbench
from soundstage.cuesheet import write_aside
from soundstage.delivery import Delivery, Order, deliver
from soundstage.inspection import draw, page
from soundstage.inspection.preview import small_copy
from soundstage.inspection.waveform import waveform_peaks
from soundstage.pipeline import Studio
from soundstage.rendering import Rendered
from soundstage.synth.maker import Take as EngineTake

_PEAKS_A_SECOND = 20
_TAKE = TypeAdapter(EngineTake)
_DOCUMENTS = ("master.flac", "captions.vtt", "timeline.otio", "talk.txt", "report.json", "cuesheet.schema.json")


def mix(claim: Claim, tell: Tell) -> Product:
    """Mix, master and deliver."""
    with workbench(claim) as bench:
        bench.fetch_film()
        bench.fetch_reading(lambda name: True)
        bench.recall()
        bench.lay_sheet()
        rendered, kept = _rendered(bench)
        studio = bench.studio(tell, as_it_is=True)
        studio.accept(rendered)
        delivery = deliver(studio, _order(bench))
        made = [*_delivered(bench, delivery), *_pictured(bench, studio, delivery)]
        assets = tuple(bench.keep(path, name) for name, path in made)
        return Product(assets=(*assets, *kept), sheet=bench.sheet())


def _rendered(bench: Workbench) -> tuple[Rendered, tuple[NewAsset, ...]]:
    """All takes, brought from the store, as the engine would have rendered them; and how they are offered."""
    with transaction() as session:
        cues = session.scalars(select(Cue).where(Cue.job_id == bench.claim.job_id)).all()
        takes = {t.id: t for t in session.scalars(select(Take).where(Take.job_id == bench.claim.job_id))}
    used = {cue.take_id: takes[cue.take_id] for cue in cues if cue.take_id is not None}
    brought = {name: _brought(bench, take) for name, take in used.items()}
    heard = {cue.name: replace(brought[cue.take_id], cue=cue.name) for cue in cues if cue.take_id is not None}
    silent = {cue.name: cue.silent or "not rendered" for cue in cues if cue.take_id is None}
    kept = tuple(_offered(take, brought[name].path.name) for name, take in used.items())
    return Rendered(takes=heard, silent=silent), kept


def _brought(bench: Workbench, take: Take) -> EngineTake:
    made = _TAKE.validate_python(take.record)
    path = bench.folder.takes / made.path.name
    bench.bring(take.object_key, path, take.sha256)
    return replace(made, path=path)


def _offered(take: Take, name: str) -> NewAsset:
    return NewAsset(f"takes/{name}", take.object_key, take.bytes, take.sha256, "audio/flac")


def _order(bench: Workbench) -> Order:
    options = bench.order.options
    place = bench.root / "out"
    place.mkdir()
    return Order(
        output=place / f"film.{options.format.value}",
        target=options.target,
        original=options.original,
        format=options.format.value,
    )


def _delivered(bench: Workbench, delivery: Delivery) -> Iterator[tuple[str, Path]]:
    yield delivery.film.name, delivery.film
    yield "cuesheet.json", bench.folder.sheet
    for stem in sorted(delivery.stems.glob("*.flac")):
        yield f"stems/{stem.name}", stem
    for name in _DOCUMENTS:
        if (path := bench.folder.root / name).exists():
            yield name, path


def _pictured(bench: Workbench, studio: Studio, delivery: Delivery) -> Iterator[tuple[str, Path]]:
    """The result to look at: peaks for a player, a picture, and a page."""
    root, reading, sheet = bench.root, bench.folder.reading, bench.folder.saved_sheet()
    master = delivery.film if delivery.film.suffix == ".flac" else bench.folder.root / "master.flac"
    write_aside(root / "peaks.json", _peaks(master, studio.reading.facts.duration))
    draw(studio.reading, reading, sheet, master, root / "inspection.png")
    page(studio.reading, reading, sheet, master, root / "inspection.html", small_copy(master, root))
    for name in ("peaks.json", "inspection.png", "inspection.html"):
        yield name, root / name


def _peaks(master: Path, duration: float) -> str:
    """Lowest and highest sample of each twentieth of a second."""
    peaks = waveform_peaks(master, max(1, round(duration * _PEAKS_A_SECOND)))
    return json.dumps({"per_second": _PEAKS_A_SECOND, "peaks": [[round(float(v), 4) for v in pair] for pair in peaks]})
