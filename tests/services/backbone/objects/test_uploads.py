"""Films that a client sends straight to the store, with nothing but HTTP."""

import hashlib
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import pytest

from services.backbone.errors import NotFound, Unprocessable
from services.backbone.objects.store import ObjectStore, PartUrl
from tests.services.backbone.objects.conftest import PART

KEY = "a/film"
PARTS = (os.urandom(PART), os.urandom(PART), os.urandom(1000))
WHOLE = b"".join(PARTS)
REFUSED = range(400, 500)


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def signed(store: ObjectStore, upload: str, number: int, part: bytes, sha256: str | None = None) -> PartUrl:
    return store.presign_part(KEY, upload, number, len(part), sha256, 60)


def put(place: PartUrl, data: bytes) -> int:
    headers = {name: value for name, value in place.headers.items() if name != "Content-Length"}
    return httpx.put(place.url, content=data, headers=headers).status_code


def send(store: ObjectStore, upload: str, numbers: Sequence[int], digests: bool = False) -> None:
    for number in numbers:
        part = PARTS[number - 1]
        assert put(signed(store, upload, number, part, sha256_of(part) if digests else None), part) == 200


def begin(store: ObjectStore, digests: bool = False) -> str:
    return store.create_upload(KEY, "video/mp4", digests=digests)


@pytest.mark.parametrize("digests", [False, True])
def test_a_film_is_sent_in_parts_and_resumed(store: ObjectStore, digests: bool):
    upload = begin(store, digests)
    assert store.arrived_parts(KEY, upload) == []
    send(store, upload, [1], digests)
    arrived = store.arrived_parts(KEY, upload)
    assert [(part.number, part.bytes) for part in arrived] == [(1, PART)]
    send(store, upload, [2, 3], digests)
    assert [part.number for part in store.arrived_parts(KEY, upload)] == [1, 2, 3]
    declared = {number: sha256_of(part) for number, part in enumerate(PARTS, 1)} if digests else None
    whole = store.complete_upload(KEY, upload, size=len(WHOLE), sha256=sha256_of(WHOLE), digests=declared)
    assert whole == len(WHOLE)
    assert b"".join(store.read(KEY)) == WHOLE
    assert list(store.unfinished("")) == []


def test_completing_again_is_no_matter(store: ObjectStore):
    upload = begin(store)
    send(store, upload, [1, 2, 3])
    for _ in range(2):
        assert store.complete_upload(KEY, upload, size=len(WHOLE)) == len(WHOLE)


def test_parts_may_come_in_any_order_and_again(store: ObjectStore):
    upload = begin(store)
    send(store, upload, [3, 1, 2, 3, 1])
    assert [part.number for part in store.arrived_parts(KEY, upload)] == [1, 2, 3]
    assert store.complete_upload(KEY, upload, sha256=sha256_of(WHOLE)) == len(WHOLE)


@pytest.mark.parametrize("sent", [(), (1, 2), (1, 3)])
def test_an_upload_that_lacks_parts_is_not_completed_but_may_go_on(store: ObjectStore, sent: tuple[int, ...]):
    upload = begin(store)
    send(store, upload, sent)
    with pytest.raises(Unprocessable) as refused:
        store.complete_upload(KEY, upload, size=len(WHOLE))
    assert refused.value.pointer == "/parts"
    assert store.head(KEY) is None
    send(store, upload, sorted({1, 2, 3} - set(sent)))
    assert store.complete_upload(KEY, upload, size=len(WHOLE), sha256=sha256_of(WHOLE)) == len(WHOLE)


def test_a_film_of_another_digest_is_refused_and_removed(store: ObjectStore):
    upload = begin(store)
    send(store, upload, [1, 2, 3])
    with pytest.raises(Unprocessable) as refused:
        store.complete_upload(KEY, upload, size=len(WHOLE), sha256=sha256_of(b""))
    assert refused.value.pointer == "/sha256"
    assert store.head(KEY) is None


def test_a_part_of_another_length_than_signed_is_refused(store: ObjectStore):
    upload = begin(store)
    for data in (PARTS[0][:-1], PARTS[0] + b"x", b""):
        assert put(signed(store, upload, 1, PARTS[0]), data) in REFUSED
    assert store.arrived_parts(KEY, upload) == []


def test_a_part_of_other_contents_than_signed_never_makes_a_film(store: ObjectStore, verifies: bool):
    upload = begin(store, digests=True)
    send(store, upload, [1], digests=True)
    status = put(signed(store, upload, 2, PARTS[1], sha256_of(PARTS[1])), PARTS[0])
    if verifies:
        assert status in REFUSED
        assert [part.number for part in store.arrived_parts(KEY, upload)] == [1]
        return
    send(store, upload, [3], digests=True)
    with pytest.raises(Unprocessable, match="SHA-256"):
        store.complete_upload(KEY, upload, size=len(WHOLE), sha256=sha256_of(WHOLE))


def test_a_part_that_is_cut_short_does_not_arrive(store: ObjectStore):
    upload = begin(store)
    place = signed(store, upload, 1, PARTS[0])
    url = urlsplit(place.url)
    with socket.create_connection((url.hostname or "", url.port or 80)) as connection:
        head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: {PART}\r\n\r\n"
        connection.sendall(head.encode() + PARTS[0][: PART // 2])
    time.sleep(0.2)
    assert store.arrived_parts(KEY, upload) == []
    send(store, upload, [1, 2, 3])
    assert store.complete_upload(KEY, upload, size=len(WHOLE), sha256=sha256_of(WHOLE)) == len(WHOLE)


def test_other_urls_than_the_signed_one_are_refused(store: ObjectStore):
    upload = begin(store)
    place = signed(store, upload, 1, PARTS[2])
    forged = (
        place.url.replace("partNumber=1", "partNumber=2"),
        place.url.replace("a/film", "a/other"),
        place.url[:-1] + ("0" if place.url[-1] != "0" else "1"),
        place.url.partition("?")[0] + f"?partNumber=1&uploadId={upload}",
    )
    for url in forged:
        assert put(replace(place, url=url), PARTS[2]) in REFUSED
    assert store.arrived_parts(KEY, upload) == []


def test_a_url_is_good_for_its_time_only(store: ObjectStore):
    store.put_bytes(b"these", KEY, "video/mp4")
    url = store.presign_get(KEY, "film.mp4", "video/mp4", 1)
    time.sleep(1.5)
    assert httpx.get(url).status_code in REFUSED


def test_a_url_gives_ranges(store: ObjectStore, verifies: bool):
    store.put_bytes(b"0123456789", KEY, "video/mp4")
    url = store.presign_get(KEY, "film.mp4", "video/mp4", 60)
    answer = httpx.get(url, headers={"Range": "bytes=2-4"})
    assert answer.content == b"234"
    if verifies:  # rclone says 200 to signed URLs
        assert answer.status_code == 206
    assert answer.headers["content-range"] == "bytes 2-4/10"


def test_urls_name_the_public_address(store: ObjectStore):
    public = replace(store, public_endpoint="https://media.example")
    assert public.presign_get(KEY, "film.mp4", "video/mp4", 60).startswith("https://media.example/")
    assert signed(public, "upload", 1, b"x").url.startswith("https://media.example/")


def test_an_aborted_upload_leaves_nothing(store: ObjectStore):
    upload = begin(store)
    send(store, upload, [1, 2])
    for _ in range(2):
        store.abort_upload(KEY, upload)
    assert list(store.unfinished("")) == []
    assert store.head(KEY) is None
    assert put(signed(store, upload, 3, PARTS[2]), PARTS[2]) in REFUSED
    with pytest.raises(NotFound):
        store.arrived_parts(KEY, upload)
    with pytest.raises(NotFound):
        store.complete_upload(KEY, upload)


def test_an_upload_is_lost_when_neither_it_nor_its_object_is_there(store: ObjectStore):
    upload = begin(store)
    assert not store.is_lost(KEY, upload)
    send(store, upload, [1, 2, 3])
    store.complete_upload(KEY, upload)
    assert not store.is_lost(KEY, upload)
    store.delete([KEY])
    assert store.is_lost(KEY, upload)


def test_uploads_under_way_are_listed_by_prefix(store: ObjectStore):
    upload = begin(store)
    other = store.create_upload("b/film", "video/mp4")
    assert [(each.key, each.store_upload) for each in store.unfinished("a/")] == [(KEY, upload)]
    assert {each.store_upload for each in store.unfinished("")} == {upload, other}
    assert all(abs(each.initiated.timestamp() - time.time()) < 60 for each in store.unfinished(""))


@pytest.mark.parametrize("sha256", ["", "x" * 64, "0" * 63, "0" * 65])
def test_what_is_no_digest_is_not_signed(store: ObjectStore, sha256: str):
    with pytest.raises(Unprocessable):
        signed(store, "upload", 1, b"x", sha256)
