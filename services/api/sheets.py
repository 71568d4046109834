"""Cue sheets that users send: read and checked before they replace what there is."""

import math
from collections.abc import Iterator

from sqlalchemy import func
from sqlalchemy.orm import Session

from services.api.bodies import parsed
from services.api.conditional import Version
from services.backbone.errors import Conflict, PreconditionFailed, PreconditionRequired, Unprocessable
from services.backbone.ledger.repositories.jobs import Jobs
from services.backbone.ledger.repositories.sheets import Sheets, SheetVersion
from services.backbone.ledger.tables import ACTIVE, Sheet
from services.backbone.ledger.tables.base import Document
from soundstage.cuesheet import Cue, CueSheet
from soundstage.errors import BadCueSheet
from soundstage.rendering import check_label

_SAME_LENGTH = 1e-3


def version_of(sheet: SheetVersion) -> Version:
    """A sheet's version as HTTP knows it."""
    return Version(str(sheet.number), sheet.written_at)


def version_of_row(sheet: Sheet) -> Version:
    """As `version_of`, for a sheet that was read."""
    return version_of(SheetVersion(sheet.version, sheet.updated_at))


def read_sheet(text: bytes) -> CueSheet:
    """A cue sheet that a user sends, and whose labels all exist. Takes a moment: the knowledge base may be read.

    Raises:
        BadRequest: it is no JSON.
        ValidationError: it is no cue sheet.
        Unprocessable: a label does not exist, or a number is not finite.
    """
    sheet = parsed(text, CueSheet)
    for pointer, cue in _cues(sheet):
        try:
            check_label(cue)
        except BadCueSheet as error:
            raise Unprocessable(str(error), pointer=f"{pointer}/label") from error
        for name, value in cue.parameters.items():
            if not math.isfinite(value):
                raise Unprocessable(f"The parameter {name} is not finite.", pointer=f"{pointer}/parameters")
    return sheet


def _cues(sheet: CueSheet) -> Iterator[tuple[str, Cue]]:
    for scene, within in enumerate(sheet.scenes):
        for number, cue in enumerate(within.cues):
            yield f"/scenes/{scene}/cues/{number}", cue


def replace(session: Session, account_id: str, job_id: str, edited: CueSheet, if_match: str | None) -> Version:
    """Put an edited sheet in the place of a job's; returns the new version.

    Raises:
        NotFound: there is no such job, or it has no sheet yet.
        PreconditionRequired: it is not said which version was edited.
        PreconditionFailed: it is not the present one.
        Unprocessable: the sheet is one of another film.
        Conflict: the job is under way.
    """
    job = Jobs(session, account_id).get(job_id, lock=True)
    sheet = Sheets(session, account_id).get(job_id, lock=True)
    if if_match is None:
        raise PreconditionRequired("Say which version you edited: send the ETag of your GET as the header If-Match.")
    if not version_of_row(sheet).is_meant(if_match):
        raise PreconditionFailed("The cue sheet changed since you read it; read it again and redo your edit.")
    if job.status in ACTIVE:
        raise Conflict(f"The job is {job.status.value}; wait until it has ended, or cancel it.")
    _check_film(sheet.document, edited)
    sheet.document = edited.model_dump(mode="json")
    sheet.version += 1
    sheet.updated_at = sheet.edited_at = func.now()
    session.flush()
    session.refresh(sheet, ("updated_at", "edited_at"))
    return version_of_row(sheet)


def _check_film(present: Document, edited: CueSheet) -> None:
    if edited.film != present["film"]:
        raise Unprocessable("The cue sheet is one of another film; edit the one of this job.", pointer="/film")
    if abs(edited.duration - float(present["duration"])) > _SAME_LENGTH:
        raise Unprocessable(f"The film lasts {present['duration']} s; leave it at that.", pointer="/duration")


def as_text(sheet: Sheet) -> str:
    """A sheet as it is told, its members in the order of its schema."""
    return CueSheet.model_validate(sheet.document).model_dump_json()
