"""The step that makes the soundtrack of all takes, and everything that is delivered with it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from services.backbone.dispatch.claims import Claim
from services.backbone.dispatch.products import NewAsset, Product
from services.backbone.dispatch.running import Tell
from services.backbone.ledger.repositories.talks import Talks
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Take
from services.backbone.workbench import CLIPS, Workbench, workbench
from services.worker_llm.takes import as_made, wanted
from soundstage.agents.names import CastName
from soundstage.cuesheet import write_aside
from soundstage.delivery import Delivery, Order, deliver
from soundstage.inspection import draw, page
from soundstage.inspection.preview import small_copy
from soundstage.inspection.waveform import waveform_peaks
from soundstage.pipeline import Studio
from soundstage.rendering import Rendered
from soundstage.synth.maker import Take as EngineTake
from soundstage.turns import TurnLog

_PEAKS_A_SECOND = 20
_DOCUMENTS = ("master.flac", "captions.vtt", "timeline.otio", "talk.txt", "report.json", "cuesheet.schema.json")


def mix(claim: Claim, tell: Tell) -> Product:
    """Mix, master and deliver."""
    with workbench(claim) as bench:
        bench.fetch_film()
        bench.fetch_reading(lambda name: not name.startswith(CLIPS))
        bench.recall()
        bench.lay_sheet()
        _lay_turns(bench)
        rendered, kept = _rendered(bench)
        studio = bench.studio(tell, as_it_is=True)
        studio.accept(rendered)
        delivery = deliver(studio, _order(bench))
        made = [*_delivered(bench, delivery), *_pictured(bench, studio, delivery)]
        assets = tuple(bench.keep(path, name) for name, path in made)
        return Product(assets=(*assets, *kept), sheet=bench.sheet())


def _lay_turns(bench: Workbench) -> None:
    """What models were asked, for the report to sum up."""
    if bench.order.options.cast is CastName.HOUSE:
        return
    log = TurnLog(bench.folder.root)
    with transaction() as session:
        for exchange in Talks(session, bench.claim.job_id).exchanges():
            log.add(exchange)


def _rendered(bench: Workbench) -> tuple[Rendered, tuple[NewAsset, ...]]:
    """All takes, brought from the store, as the engine would have rendered them; and how they are offered."""
    heard = wanted(bench.claim.job_id)
    brought = {id: _brought(bench, take) for id, take in heard.takes.items()}
    kept = tuple(_offered(take, brought[id].path.name) for id, take in heard.takes.items())
    return heard.rendered(brought), kept


def _brought(bench: Workbench, take: Take) -> EngineTake:
    made = as_made(take)
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
