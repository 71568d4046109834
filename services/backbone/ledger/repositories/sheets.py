"""Queries about cue sheets, and what was said over them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.backbone.errors import NotFound
from services.backbone.ledger.tables import Job, Sheet, Turn

_NO_SHEET = "The job has no cue sheet yet; it has one when the stage design has ended."


class SheetVersion(NamedTuple):
    """Which version of a sheet there is."""

    number: int
    written_at: datetime


class Sheets:
    """The cue sheets of one account's jobs."""

    def __init__(self, session: Session, account_id: str) -> None:
        """Args: session: of the transaction that asks. account_id: whose."""
        self._session = session
        self._account_id = account_id

    def version(self, job_id: str) -> SheetVersion:
        """That of a job's sheet, without reading all of it. Raises NotFound."""
        found = select(Sheet.version, Sheet.updated_at).join(Job, Job.id == Sheet.job_id)
        row = self._session.execute(
            found.where(Job.account_id == self._account_id, Sheet.job_id == job_id)
        ).one_or_none()
        if row is None:
            raise NotFound(_NO_SHEET)
        return SheetVersion(*row)

    def get(self, job_id: str, *, lock: bool = False) -> Sheet:
        """A job's sheet. Raises NotFound."""
        found = self._of(job_id)
        sheet = self._session.scalar(found.with_for_update(of=Sheet) if lock else found)
        if sheet is None:
            raise NotFound(_NO_SHEET)
        return sheet

    def turns(self, job_id: str, after: int, limit: int, *, asked: bool = True) -> Sequence[Turn]:
        """What the agents said over a job's film, behind the turn numbered so, in order.

        Args:
            job_id: of the film.
            after: the position of the last turn that is known.
            limit: how many at most.
            asked: whether with the questions that models were asked.
        """
        found = (
            select(Turn)
            .join(Job, Job.id == Turn.job_id)
            .where(Job.account_id == self._account_id, Turn.job_id == job_id, Turn.position > after)
        )
        said = found if asked else found.where(Turn.model.is_(None))
        return self._session.scalars(said.order_by(Turn.position).limit(limit)).all()

    def _of(self, job_id: str) -> Select[Sheet]:
        return (
            select(Sheet)
            .join(Job, Job.id == Sheet.job_id)
            .where(Job.account_id == self._account_id, Sheet.job_id == job_id)
        )
