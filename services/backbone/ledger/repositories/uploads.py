"""Queries about uploads, and about what an account keeps in the store."""

from collections.abc import Collection

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from services.backbone.errors import NotFound
from services.backbone.ids import is_id
from services.backbone.ledger.tables import Asset, Upload, UploadState

NO_UPLOAD = "There is no such upload; begin one with POST /v1/uploads."


class Uploads:
    """The uploads of one account."""

    def __init__(self, session: Session, account_id: str) -> None:
        """Args: session: of the transaction that asks. account_id: whose uploads."""
        self._session = session
        self._account_id = account_id

    def find(self, upload_id: str, *, lock: bool = False) -> Upload | None:
        """One of them; `lock` holds it until the transaction ends."""
        if not is_id(upload_id, "up"):
            return None
        found = self._own().where(Upload.id == upload_id)
        return self._session.scalar(found.with_for_update() if lock else found)

    def get(self, upload_id: str, *, lock: bool = False) -> Upload:
        """As `find`. Raises NotFound when there is none."""
        upload = self.find(upload_id, lock=lock)
        if upload is None:
            raise NotFound(NO_UPLOAD)
        return upload

    def holds_film(self, asset_id: str) -> bool:
        """Whether a film is still there; it stays until the transaction ends."""
        film = select(Asset.id).where(Asset.id == asset_id, Asset.account_id == self._account_id)
        return self._session.scalar(film.with_for_update(read=True, key_share=True)) is not None

    def several(self, upload_ids: Collection[str]) -> dict[str, tuple[Upload, bool]]:
        """Those that are there of many, by id, and whether each one's film is there; it stays as `holds_film` says."""
        wanted = [upload_id for upload_id in upload_ids if is_id(upload_id, "up")]
        uploads = self._session.scalars(self._own().where(Upload.id.in_(wanted))).all()
        films = select(Asset.id).where(Asset.account_id == self._account_id)
        named = films.where(Asset.id.in_([upload.asset_id for upload in uploads if upload.asset_id is not None]))
        held = set(self._session.scalars(named.order_by(Asset.id).with_for_update(read=True, key_share=True)))
        return {upload.id: (upload, upload.asset_id in held) for upload in uploads}

    def bytes_held(self) -> int:
        """Bytes that the account has in the store, and those that it announced."""
        kept = select(func.coalesce(func.sum(Asset.bytes), 0)).where(Asset.account_id == self._account_id)
        coming = select(func.coalesce(func.sum(Upload.size), 0)).where(
            Upload.account_id == self._account_id, Upload.state == UploadState.WAITING
        )
        return int(self._session.scalar(kept) or 0) + int(self._session.scalar(coming) or 0)

    def _own(self) -> Select[Upload]:
        return select(Upload).where(Upload.account_id == self._account_id)
