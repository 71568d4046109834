import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from services.backbone.errors import BadRequest, Conflict, NotFound, Refused, TooLarge, Unavailable
from services.backbone.objects.failures import Damaged
from services.backbone.objects.store import ObjectStore
from soundstage.errors import StorageError
from tests.services.backbone.objects.conftest import PART
from tests.services.backbone.objects.cutting import cutting


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.backbone.objects.contents._PAUSE", 0)


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, 2 * PART + 7])
def test_a_file_comes_back_as_it_went(store: ObjectStore, tmp_path: Path, size: int):
    film, back = tmp_path / "film", tmp_path / "back"
    film.write_bytes(os.urandom(size))
    stored = store.put_file(film, "a/film", "video/mp4")
    assert (stored.key, stored.bytes) == ("a/film", size)
    assert stored.sha256 == hashlib.sha256(film.read_bytes()).hexdigest() == store.digest("a/film")
    store.get_file("a/film", back, stored.sha256)
    assert back.read_bytes() == film.read_bytes()
    assert sorted(tmp_path.iterdir()) == [back, film]
    assert list(store.unfinished("")) == []


def test_a_small_object_keeps_its_type(store: ObjectStore):
    store.put_bytes(b"{}", "a/sheet", "application/json")
    assert store.client.head_object(Bucket=store.bucket, Key="a/sheet")["ContentType"] == "application/json"


def test_a_file_that_is_not_there_is_told(store: ObjectStore, tmp_path: Path):
    with pytest.raises(StorageError, match="cannot be read"):
        store.put_file(tmp_path / "none", "a/film", "video/mp4")
    assert store.head("a/film") is None


def test_another_digest_is_refused_and_leaves_no_file(store: ObjectStore, tmp_path: Path):
    store.put_bytes(b"these", "a/film", "video/mp4")
    with pytest.raises(Damaged):
        store.get_file("a/film", tmp_path / "film", hashlib.sha256(b"those").hexdigest())
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_only_by_a_whole_one(store: ObjectStore, tmp_path: Path):
    film = tmp_path / "film"
    film.write_bytes(b"before")
    with pytest.raises(NotFound):
        store.get_file("a/none", film)
    assert film.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [film]


def test_a_folder_that_is_not_there_is_told(store: ObjectStore, tmp_path: Path):
    store.put_bytes(b"these", "a/film", "video/mp4")
    with pytest.raises(StorageError, match="cannot be written"):
        store.get_file("a/film", tmp_path / "none" / "film")


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(None, None, b"0123456789"), (0, 0, b"0"), (3, 5, b"345"), (7, None, b"789"), (8, 99, b"89")],
)
def test_a_range_is_read(store: ObjectStore, first: int | None, last: int | None, expected: bytes):
    store.put_bytes(b"0123456789", "a/film", "video/mp4")
    assert b"".join(store.read("a/film", first, last)) == expected


@pytest.mark.parametrize(("first", "last"), [(10, None), (10, 12), (5, 4), (-1, 3)])
def test_a_range_that_is_not_there_is_refused_before_the_first_byte(store: ObjectStore, first: int, last: int | None):
    store.put_bytes(b"0123456789", "a/film", "video/mp4")
    with pytest.raises(BadRequest):
        store.read("a/film", first, last)


def test_a_range_over_windows_is_read(store: ObjectStore, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("services.backbone.objects.contents._WINDOW", 1000)
    data = os.urandom(4500)
    store.put_bytes(data, "a/film", "video/mp4")
    assert b"".join(store.read("a/film", 10, 4400)) == data[10:4401]


def test_what_is_not_there_is_told_at_once(store: ObjectStore):
    with pytest.raises(NotFound):
        store.read("a/none")
    with pytest.raises(NotFound):
        store.size("a/none")
    assert store.head("a/none") is None


def test_an_object_that_is_replaced_while_it_is_read_is_never_mixed(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch, verifies: bool
):
    if not verifies:
        pytest.skip("rclone knows no If-Match; there, keys that are never written twice and digests must do")
    monkeypatch.setattr("services.backbone.objects.contents._WINDOW", 1000)
    store.put_bytes(bytes(4000), "a/film", "video/mp4")
    reading = store.read("a/film")
    next(reading)
    store.put_bytes(b"x" * 4000, "a/film", "video/mp4")
    with pytest.raises(Conflict):
        list(reading)


def test_reading_goes_on_where_a_connection_broke(store: ObjectStore, tmp_path: Path):
    data = os.urandom(3 * PART)
    stored = store.put_bytes(data, "a/film", "video/mp4")
    with cutting(store.endpoint, after=PART, times=2) as (address, cuts):
        replace(store, endpoint=address).get_file("a/film", tmp_path / "film", stored.sha256)
    assert cuts() == 2
    assert (tmp_path / "film").read_bytes() == data


def test_an_object_that_is_always_cut_short_leaves_no_file(store: ObjectStore, tmp_path: Path):
    store.put_bytes(os.urandom(PART), "a/film", "video/mp4")
    with cutting(store.endpoint, after=1000, times=100) as (address, _), pytest.raises(Unavailable):
        replace(store, endpoint=address).get_file("a/film", tmp_path / "film")
    assert list(tmp_path.iterdir()) == []


def test_objects_are_listed_by_prefix(store: ObjectStore):
    for key in ("a/1/x", "a/10/x", "a/2/x", "b/1/x"):
        store.put_bytes(key.encode(), key, "text/plain")
    assert [found.key for found in store.list("a/")] == ["a/1/x", "a/10/x", "a/2/x"]
    assert [(found.key, found.bytes) for found in store.list("a/1/")] == [("a/1/x", 5)]
    assert list(store.list("c/")) == []
    head = store.head("b/1/x")
    (found,) = store.list("b/")
    assert head is not None
    assert (found.bytes, found.etag) == (head.bytes, head.etag)
    assert abs((found.last_modified - head.last_modified).total_seconds()) < 1


def test_more_objects_than_one_call_takes_are_deleted_also_those_that_are_not_there(store: ObjectStore):
    for key in ("a/first", "a/last", "a/kept"):
        store.put_bytes(b"", key, "text/plain")
    store.delete(["a/first", *(f"a/none{number}" for number in range(1500)), "a/last"])
    assert [found.key for found in store.list("")] == ["a/kept"]
    store.delete([])


def test_a_prefix_is_deleted_and_nothing_beside_it(store: ObjectStore):
    for key in ("a/1/x", "a/1/y/z", "a/10/x"):
        store.put_bytes(b"", key, "text/plain")
    store.delete_prefix("a/1/")
    assert [found.key for found in store.list("")] == ["a/10/x"]
    with pytest.raises(ValueError, match="never"):
        store.delete_prefix("")


@pytest.fixture
def source(store: ObjectStore) -> ObjectStore:
    """The store, seen as a bucket of somebody else's with a film in it."""
    store.put_bytes(b"a film", "films/one.mp4", "video/mp4")
    return replace(store, source_buckets=(store.bucket,))


def test_a_film_of_an_allowed_bucket_is_brought(source: ObjectStore, tmp_path: Path):
    source.get_foreign(source.bucket, "films/one.mp4", tmp_path / "film", 6)
    assert (tmp_path / "film").read_bytes() == b"a film"


def test_foreign_films_are_refused_that_are_not_allowed_or_too_large_or_not_there(source: ObjectStore, tmp_path: Path):
    with pytest.raises(Refused):
        replace(source, source_buckets=()).get_foreign(source.bucket, "films/one.mp4", tmp_path / "film", 6)
    with pytest.raises(TooLarge):
        source.get_foreign(source.bucket, "films/one.mp4", tmp_path / "film", 5)
    with pytest.raises(NotFound):
        source.get_foreign(source.bucket, "films/two.mp4", tmp_path / "film", 6)
    assert list(tmp_path.iterdir()) == []
