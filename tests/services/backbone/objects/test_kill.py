"""The store of one machine, killed while it writes: what it acknowledged is there, and nothing is half there."""

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.backbone.objects.store import ObjectStore
from services.backbone.settings import MIB
from services.up.store import Store
from soundstage.errors import SoundstageError
from tests.services.backbone.objects.conftest import store_at

FILM = os.urandom(8 * MIB)


@pytest.fixture
def server(servers_folder: Path) -> Iterator[Store]:
    folder = Path(tempfile.mkdtemp(dir=servers_folder))
    server = Store(folder)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


def write_until_it_ends(store: ObjectStore, written: dict[str, bytes], some: threading.Event) -> None:
    for number in range(10_000):
        data = number.to_bytes(2, "big") + FILM
        try:
            store.put_bytes(data, f"films/{number}", "video/mp4")
        except SoundstageError:
            return
        written[f"films/{number}"] = data
        if number == 5:
            some.set()


def test_what_was_acknowledged_outlives_a_kill_and_nothing_is_half_there(server: Store) -> None:
    store = store_at(server.environment())
    store.ensure_bucket()
    upload = store.create_upload("films/part", "video/mp4")
    written: dict[str, bytes] = {}
    some = threading.Event()
    writing = threading.Thread(target=write_until_it_ends, args=(store, written, some))
    writing.start()
    assert some.wait(60)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    writing.join(60)

    server.start()

    store = store_at(server.environment(), store.bucket)
    assert {key: b"".join(store.read(key)) for key in written} == written
    next_one = store.head(f"films/{len(written)}")
    assert next_one is None or next_one.bytes == len(FILM) + 2
    assert store.is_lost("films/part", upload)
