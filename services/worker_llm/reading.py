"""Steps that bring a film in and read it."""

from services.backbone.dispatch.claims import Claim
from services.backbone.dispatch.products import NewAsset, Product
from services.backbone.dispatch.running import Tell
from services.backbone.ledger.tables.base import Document
from services.backbone.quotas import hold_minutes, most_bytes
from services.backbone.workbench import READING, Workbench, workbench
from services.worker_llm.sources import bring_source
from soundstage.reading import Reading


def fetch(claim: Claim, tell: Tell) -> Product:
    """Bring a film from where the job says it lies into the store."""
    with workbench(claim) as bench:
        bench.film.parent.mkdir()
        name = bring_source(bench.order.source, bench.film, most_bytes(claim.account_id), tell)
        return Product(source=bench.keep(bench.film, "source", public=False), source_name=name)


def read(claim: Claim, tell: Tell) -> Product:
    """Read all that can be read off the film; nothing decodes it again."""
    with workbench(claim) as bench:
        bench.fetch_film()
        reading = bench.studio(tell).reading
        hold_minutes(claim.account_id, claim.job_id, reading.facts.duration)
        return Product(film=_facts(reading), assets=_kept(bench))


def _facts(reading: Reading) -> Document:
    facts = reading.facts.model_dump(mode="json")
    return {**facts, "shots": len(reading.shots), "lines": len(reading.dialogue), "notes": list(reading.notes)}


def _kept(bench: Workbench) -> tuple[NewAsset, ...]:
    files = sorted(path for path in bench.folder.reading.rglob("*") if path.is_file())
    names = [(path, READING + str(path.relative_to(bench.folder.reading))) for path in files]
    return tuple(bench.keep(path, name, public=path.suffix == ".jpg") for path, name in names)
