"""Films that come in: announced, completed, and kept as assets once all their bytes are there."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from services.backbone.clock import utc_now
from services.backbone.errors import Conflict, Gone, TooMany, Unprocessable
from services.backbone.ids import new_id
from services.backbone.ledger.repositories.accounts import Accounts
from services.backbone.ledger.tables import Asset, Upload, UploadState
from services.backbone.quotas import bytes_left
from services.backbone.settings import settings

_WAIT = 60.0


@dataclass(frozen=True)
class Arrived:
    """A film that is in the store, whole."""

    object_key: str
    content_type: str
    bytes: int
    sha256: str


def check_room(session: Session, account_id: str, size: int) -> float:
    """Look whether a film of so many bytes may come in; returns how many the account has room for.

    What is found holds until the transaction ends.

    Raises:
        Unprocessable: no film may have so many.
        TooMany: the account would hold more than it may.
    """
    if size > settings().max_upload:
        raise Unprocessable(f"A film may have {settings().max_upload} bytes; send a smaller one.", pointer="/size")
    account = Accounts(session).lock(account_id)
    room = bytes_left(session, account)
    if size > room:
        raise TooMany(
            f"The account may keep {account.max_bytes} bytes and has room for {room}; delete jobs first.",
            pointer="/size",
            wait=_WAIT,
        )
    return room


def room_for(session: Session, account_id: str) -> int:
    """The most bytes that a film may have that comes in now. Raises TooMany when there is no room at all."""
    return int(min(check_room(session, account_id, 1), settings().max_upload))


def life_of_upload() -> timedelta:
    """How long an upload may take."""
    return timedelta(seconds=settings().upload_life)


def check_waiting(upload: Upload) -> None:
    """Raises Conflict or Gone when an upload takes no more parts."""
    if upload.state is UploadState.COMPLETED:
        raise Conflict("The upload is completed already; create a job with it.")
    if upload.state is not UploadState.WAITING or upload.expires_at <= utc_now():
        what = UploadState.EXPIRED if upload.state is UploadState.WAITING else upload.state
        raise Gone(f"The upload is {what.value}; begin a new one.")


def keep(session: Session, upload: Upload, film: Arrived) -> None:
    """Complete an upload, whose row is locked: its film is an asset from now on."""
    asset = Asset(
        id=new_id("asset"),
        account_id=upload.account_id,
        name="source",
        object_key=film.object_key,
        content_type=film.content_type,
        bytes=film.bytes,
        sha256=film.sha256,
    )
    session.add(asset)
    session.flush()
    upload.state, upload.asset_id, upload.completed_at = UploadState.COMPLETED, asset.id, utc_now()
    upload.size, upload.sha256 = film.bytes, film.sha256
    session.flush()
