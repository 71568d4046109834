import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.backbone.errors import BadSetting, NotFound, Unavailable
from services.backbone.objects.store import ObjectStore


def test_a_bucket_is_made_once_whoever_comes_first(store: ObjectStore):
    other = replace(store, bucket=f"{store.bucket}-b")
    with pytest.raises(NotFound):
        other.ping()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: other.ensure_bucket(), range(8)))
    other.ping()
    other.client.delete_bucket(Bucket=other.bucket)


def test_a_bucket_that_is_there_keeps_what_is_in_it(store: ObjectStore):
    store.put_bytes(b"these", "a/film", "video/mp4")
    store.ensure_bucket()
    assert b"".join(store.read("a/film")) == b"these"


_CALLS: dict[str, Callable[[ObjectStore, Path], object]] = {
    "ping": lambda store, _: store.ping(),
    "ensure_bucket": lambda store, _: store.ensure_bucket(),
    "put_bytes": lambda store, _: store.put_bytes(b"x", "a/x", "text/plain"),
    "get_file": lambda store, folder: store.get_file("a/x", folder / "x"),
    "read": lambda store, _: list(store.read("a/x")),
    "list": lambda store, _: list(store.list("a/")),
    "delete": lambda store, _: store.delete(["a/x"]),
    "create_upload": lambda store, _: store.create_upload("a/x", "text/plain"),
    "arrived_parts": lambda store, _: store.arrived_parts("a/x", "upload"),
    "complete_upload": lambda store, _: store.complete_upload("a/x", "upload"),
    "abort_upload": lambda store, _: store.abort_upload("a/x", "upload"),
    "unfinished": lambda store, _: list(store.unfinished("a/")),
}


@pytest.mark.parametrize("call", _CALLS)
def test_a_store_that_is_away_is_told(away: ObjectStore, tmp_path: Path, call: str):
    with pytest.raises(Unavailable, match="away") as told:
        _CALLS[call](away, tmp_path)
    assert told.value.wait is not None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["put_bytes", "list", "create_upload"])
def test_keys_that_are_refused_are_the_operator_s_matter(store: ObjectStore, tmp_path: Path, call: str):
    with pytest.raises(BadSetting, match="keys"):
        _CALLS[call](replace(store, secret_key=SecretStr("another")), tmp_path)


def test_no_secret_is_shown(store: ObjectStore):
    assert store.secret_key is not None
    assert store.secret_key.get_secret_value() not in repr(store)


def test_a_forked_process_gets_connections_of_its_own(store: ObjectStore):
    store.put_bytes(b"these", "a/film", "video/mp4")
    mine = id(store.client)
    fork = multiprocessing.get_context("fork")
    with fork.Pool(2) as pool:
        answers = pool.map(_read_in_child, [store] * 8)
    assert {data for data, _ in answers} == {b"these"}
    assert mine == id(store.client)
    assert all(client != mine for _, client in answers)


def _read_in_child(store: ObjectStore) -> tuple[bytes, int]:
    return b"".join(store.read("a/film")), id(store.client)


def test_many_threads_use_one_store(store: ObjectStore):
    def turn(number: int) -> bytes:
        store.put_bytes(str(number).encode(), f"a/{number}", "text/plain")
        return b"".join(store.read(f"a/{number}"))

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(turn, range(64))) == [str(number).encode() for number in range(64)]
