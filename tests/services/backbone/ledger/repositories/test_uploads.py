from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from services.backbone.clock import utc_now
from services.backbone.errors import NotFound
from services.backbone.ids import new_id
from services.backbone.ledger.repositories.uploads import Uploads
from services.backbone.ledger.tables import Account, Asset, Upload, UploadState
from tests.services import rows


def _upload(session: Session, account: Account, **columns: object) -> Upload:
    given = {
        "filename": "film.mp4",
        "content_type": "video/mp4",
        "size": 100,
        "parts": {"part_size": 100},
        "object_key": "key",
        "store_upload": "1",
        "expires_at": utc_now() + timedelta(hours=1),
        **columns,
    }
    row = Upload(id=new_id("up"), account_id=account.id, **given)
    session.add(row)
    session.flush()
    return row


def _asset(session: Session, account: Account, size: int) -> Asset:
    row = Asset(
        id=new_id("asset"),
        account_id=account.id,
        name="source",
        object_key="key",
        content_type="video/mp4",
        bytes=size,
        sha256="0" * 64,
    )
    session.add(row)
    session.flush()
    return row


def test_uploads_are_those_of_the_account(session: Session) -> None:
    mine, other = rows.account(session), rows.account(session)
    upload = _upload(session, mine)

    assert Uploads(session, mine.id).get(upload.id, lock=True) is upload
    assert Uploads(session, other.id).find(upload.id) is None
    with pytest.raises(NotFound):
        Uploads(session, other.id).get(upload.id)


def test_films_are_those_of_the_account(session: Session) -> None:
    mine, other = rows.account(session), rows.account(session)
    film = _asset(session, mine, 1)

    assert Uploads(session, mine.id).holds_film(film.id)
    assert not Uploads(session, other.id).holds_film(film.id)


def test_bytes_are_counted_that_are_there_or_announced(session: Session) -> None:
    account = rows.account(session)
    _asset(session, account, 5 << 40)
    _upload(session, account, size=30)
    _upload(session, account, size=7, state=UploadState.ABORTED)
    _upload(session, rows.account(session), size=11)

    assert Uploads(session, account.id).bytes_held() == (5 << 40) + 30
