"""Queries about what a job offers to be fetched."""

from collections.abc import Sequence

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from services.backbone.errors import NotFound
from services.backbone.ledger.tables import Asset

_NO_ARTIFACT = "The job has no such artifact (yet); list them with GET /v1/jobs/{id}/artifacts."
# What lies in a folder comes last: there may be thousands of keyframes, and nobody looks for the master behind them.
_IN_FOLDER = Asset.name.contains("/")


class Artifacts:
    """The artifacts of one account's jobs."""

    def __init__(self, session: Session, account_id: str) -> None:
        """Args: session: of the transaction that asks. account_id: whose."""
        self._session = session
        self._account_id = account_id

    def page(self, job_id: str, prefix: str, after: str | None, limit: int) -> Sequence[Asset]:
        """Those whose name begins so, behind the one named; what lies in folders comes last."""
        found = self._of(job_id).where(func.starts_with(Asset.name, prefix))
        if after is not None:
            found = found.where(tuple_(_IN_FOLDER, Asset.name) > tuple_("/" in after, after))
        return self._session.scalars(found.order_by(_IN_FOLDER, Asset.name).limit(limit)).all()

    def get(self, job_id: str, name: str) -> Asset:
        """One of them. Raises NotFound."""
        found = self._session.scalar(self._of(job_id).where(Asset.name == name)) if "\0" not in name else None
        if found is None:
            raise NotFound(_NO_ARTIFACT)
        return found

    def _of(self, job_id: str) -> Select[Asset]:
        return select(Asset).where(Asset.account_id == self._account_id, Asset.job_id == job_id, Asset.public)
