"""One film of the parts that were sent: all there, of the sizes and digests that were declared."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress

from services.api.films import Arrived
from services.api.plans import PartPlan
from services.backbone.errors import Conflict, NotFound, Unprocessable
from services.backbone.ledger.tables import Upload
from services.backbone.objects.parts import Part
from services.backbone.objects.store import ObjectStore

_MOST_NAMED = 10
_LOST = "The store lost the parts that were sent; GET the upload's parts_url and send all of them again, then complete."


def made_whole(store: ObjectStore, upload: Upload) -> Arrived:
    """Make one object of an upload's parts, and read it once through for its digests. May be called again.

    Raises:
        Conflict: parts are missing, or were lost by the store; they can still be sent.
        Unprocessable: what came is not what was declared, and is deleted.
    """
    key, plan = upload.object_key, PartPlan.of_upload(upload)
    with suppress(NotFound):  # a call whose answer was lost may have made it whole already
        _check_all_there(plan, store.arrived_parts(key, upload.store_upload))
    try:
        size = store.complete_upload(key, upload.store_upload, size=upload.size, digests=plan.digests)
    except NotFound as error:  # the store of one machine forgets what is under way when it ends
        raise Conflict(_LOST) from error
    try:
        sha256 = _read_through(plan, store.read(key))
        if upload.sha256 is not None and sha256 != upload.sha256:
            raise Unprocessable("The film has another SHA-256 than declared; begin a new upload.", pointer="/sha256")
    except Unprocessable:
        store.delete([key])
        raise
    return Arrived(key, upload.content_type, size, sha256)


def _check_all_there(plan: PartPlan, parts: list[Part]) -> None:
    missing = plan.missing({part.number: part.bytes for part in parts})
    if missing:
        named = ", ".join(map(str, missing[:_MOST_NAMED])) + (" and more" if len(missing) > _MOST_NAMED else "")
        raise Conflict(
            f"{len(missing)} of {plan.count} parts have not arrived whole: {named}; send them, then complete again."
        )


def _read_through(plan: PartPlan, chunks: Iterator[bytes]) -> str:
    """SHA-256 of the whole. The parts' are looked at too: not every store did when they came."""
    whole = hashlib.sha256()
    number, left = 1, plan.part(1)[0]
    part = hashlib.sha256()
    for chunk in chunks:
        whole.update(chunk)
        view = memoryview(chunk) if plan.has_digests else memoryview(b"")
        while view:
            part.update(view[:left])
            view, left = view[left:], max(0, left - len(view))
            if left == 0:
                _check_part(plan, number, part.hexdigest())
                number, part = number + 1, hashlib.sha256()
                left = plan.part(number)[0] if number <= plan.count else 0
    return whole.hexdigest()


def _check_part(plan: PartPlan, number: int, sha256: str) -> None:
    if plan.part(number)[1] != sha256:
        raise Unprocessable(
            f"Part {number} has another SHA-256 than declared; begin a new upload.",
            pointer=f"/parts/{number - 1}/sha256",
        )
