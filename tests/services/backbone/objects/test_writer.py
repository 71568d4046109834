import hashlib
import os
import tracemalloc
from itertools import cycle

import pytest

from services.backbone.errors import TooLarge, Unavailable
from services.backbone.objects.digests import to_header
from services.backbone.objects.failures import Damaged
from services.backbone.objects.store import ObjectStore
from tests.services.backbone.objects.conftest import PART

KEY = "a/film"


def is_empty(store: ObjectStore) -> bool:
    return not [*store.list(""), *store.unfinished("")]


@pytest.mark.parametrize("sizes", [(7,), (1 << 20, 3), (PART,), (2 * PART + 1, 1)])
def test_chunks_of_any_size_make_one_object(store: ObjectStore, sizes: tuple[int, ...]):
    data = os.urandom(2 * PART + 99) if max(sizes) > 7 else os.urandom(999)
    view, turns = memoryview(data), cycle(sizes)
    with store.writer(KEY, "video/mp4") as writer:
        while view:
            size = next(turns)
            writer.write(view[:size])
            view = view[size:]
        stored = writer.finish()
    assert (stored.key, stored.bytes, stored.sha256) == (KEY, len(data), hashlib.sha256(data).hexdigest())
    assert b"".join(store.read(KEY)) == data


def test_memory_does_not_grow_with_the_object(store: ObjectStore):
    chunk = os.urandom(1 << 20)
    tracemalloc.start()
    with store.writer(KEY, "video/mp4") as writer:
        for _ in range(25):
            writer.write(chunk)
        writer.finish()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * PART


@pytest.mark.parametrize("count", [3, PART + 3])
def test_what_is_given_up_leaves_nothing(store: ObjectStore, count: int):
    with store.writer(KEY, "video/mp4") as writer:
        writer.write(bytes(count))
    assert is_empty(store)
    writer.abort()


@pytest.mark.parametrize("limit", [10, PART + 10])
def test_more_than_the_limit_is_refused_and_leaves_nothing(store: ObjectStore, limit: int):
    with store.writer(KEY, "video/mp4", limit=limit) as writer:
        writer.write(bytes(limit))
        with pytest.raises(TooLarge):
            writer.write(b"x")
    assert is_empty(store)


def test_a_part_that_arrives_changed_is_refused(store: ObjectStore, verifies: bool, monkeypatch: pytest.MonkeyPatch):
    if not verifies:
        pytest.skip("rclone checks no SHA-256; there, readers find out by theirs")
    other = to_header(hashlib.sha256(b"other").hexdigest())
    monkeypatch.setattr("services.backbone.objects.writer.to_header", lambda _: other)
    with store.writer(KEY, "video/mp4") as writer:
        writer.write(bytes(PART + 1))
        with pytest.raises(Damaged):
            writer.finish()
    assert is_empty(store)


def test_to_lose_an_upload_is_the_store_s_trouble(store: ObjectStore):
    with store.writer(KEY, "video/mp4") as writer:
        writer.write(bytes(PART + 1))
        (upload,) = store.unfinished("")
        store.abort_upload(KEY, upload.store_upload)
        with pytest.raises(Unavailable):
            writer.finish()
    assert is_empty(store)


def test_a_store_that_is_away_is_told(away: ObjectStore):
    with away.writer(KEY, "video/mp4") as writer, pytest.raises(Unavailable, match="away"):
        writer.write(bytes(4 * PART))
    with away.writer(KEY, "video/mp4") as writer:
        writer.write(b"x")
        with pytest.raises(Unavailable, match="away"):
            writer.finish()


def test_a_store_that_goes_away_is_told(store: ObjectStore, away: ObjectStore):
    with store.writer(KEY, "video/mp4") as writer:
        writer.write(bytes(PART))
        writer._bucket = away
        with pytest.raises(Unavailable, match="away"):
            writer.finish()
