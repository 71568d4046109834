"""How fast a film comes in by the API's form, over bare endpoints on the same machine, and what memory the API takes.

Side by side, in turn, the same bytes: an endpoint that reads the body and drops it; one that writes it to a file; one
that pipes it into boto3, which sends it to the store; boto3 that sends the file itself; and `POST /v1/jobs` as a form,
which parses it, digests it and sends it to the store, checksums along. The store costs several times as much as any
endpoint, so only those that end in it compare. The sender is sendfile from the page cache; all share the machine.
"""

import argparse
import asyncio
import os
import socket
import struct
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from typing import BinaryIO

import psutil
import uvicorn
from fastapi import FastAPI, Request

from benchmarks.service.house import House, Web, busy, house
from benchmarks.service.rows import customer
from services.backbone.objects.store import ObjectStore
from services.backbone.settings import GIB, MIB, settings
from tests import footage

_BOUNDARY = "benchmark-7f3a"
_GOAL = " (must be >= 0.8)"
_FLAT = 1.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=256, help="of the film in the timed rounds")
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.port:
        serve_bare(asked.port)
        return
    with house() as home, home.web("services.api") as api, home.web("benchmarks.service.upload", ready="/") as bare:
        _, key = customer("upload")
        tell_rates(home, api, bare, key, asked.rounds, asked.megabytes * MIB)
        tell_memory(home, api, key)


def serve_bare(port: int) -> None:
    """Endpoints that take a body and do nothing else, under the API's own server."""
    app = FastAPI()

    @app.get("/")
    async def ready() -> dict[str, str]:
        return {}

    @app.post("/nowhere")
    async def nowhere(request: Request) -> dict[str, int]:
        return {"bytes": sum([len(piece) async for piece in request.stream()])}

    @app.post("/file")
    async def file(request: Request, path: Path) -> dict[str, int]:
        with path.open("wb") as kept:
            return {"bytes": sum([kept.write(piece) async for piece in request.stream()])}

    @app.post("/store")
    async def to_store(request: Request) -> dict[str, int]:
        reader, writer = os.pipe()
        with os.fdopen(reader, "rb") as source:
            sending = asyncio.create_task(asyncio.to_thread(_put, source))
            with os.fdopen(writer, "wb", buffering=MIB) as pipe:
                count = sum([pipe.write(piece) async for piece in request.stream()])
            await sending
        return {"bytes": count}

    uvicorn.run(app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning")


def _put(source: BinaryIO | Path) -> None:
    store = ObjectStore.of(settings())
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as bytes_of_it:
        store.client.upload_fileobj(bytes_of_it, store.bucket, "benchmark")


def tell_rates(home: House, api: Web, bare: Web, key: str, rounds: int, size: int) -> None:
    """MB/s of each way."""
    film = padded_film(home.folder, size)
    copy = home.folder / "copy"
    ways: dict[str, Callable[[], None]] = {
        "read and dropped": lambda: send(bare, "/nowhere", film),
        "written to a file": lambda: send(bare, f"/file?path={copy}", film),
        "piped into the store": lambda: send(bare, "/store", film),
        "sent to the store by boto3": lambda: _put(film),
        "by POST /v1/jobs": lambda: send_form(api, key, film),
    }
    for work in ways.values():
        work()
    costs = [{way: _cost(work) for way, work in ways.items()} for _ in range(rounds)]
    copy.unlink()
    *floors, ours = ways
    for way in ways:
        wall, spent = (median(cost[way][place] for cost in costs) for place in (0, 1))
        print(f"{size // MIB} MiB {way}: {size / wall / 1e6:.0f} MB/s, {spent:.1f} s of processors")
    for floor in floors:
        rate, spent = (median(cost[floor][place] / cost[ours][place] for cost in costs) for place in (0, 1))
        print(f"form over {floor}: {rate:.2f}, by processors {spent:.2f}{_GOAL if 'piped' in floor else ''}")


def _cost(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds by the clock, and of processors in this process and all that it started."""
    started, before = time.perf_counter(), busy()
    work()
    return time.perf_counter() - started, busy() - before


def tell_memory(home: House, api: Web, key: str) -> None:
    """Peak memory of the API while a small and a large film come in."""
    print(f"API's memory at rest: {psutil.Process(api.pid).memory_info().rss // MIB} MiB")
    peaks = []
    for size in (64 * MIB, GIB):
        film = padded_film(home.folder, size)
        _forget_peak(api.pid)
        send_form(api, key, film)
        peaks.append(_peak(api.pid))
        print(f"API's peak memory with {size // MIB} MiB: {peaks[-1] // MIB} MiB")
    store = next(process for process in psutil.Process().children() if "rclone" in " ".join(process.cmdline()))
    print(f"the store's own peak: {_peak(store.pid) // MIB} MiB")
    print(f"1 GiB over 64 MiB: {peaks[1] / peaks[0]:.2f} (must be flat: <= {_FLAT})")


def padded_film(folder: Path, size: int) -> Path:
    """An MP4 of a second that is so large: the rest of it is a `free` box (ISO/IEC 14496-12) full of nothing."""
    path = folder / f"film-{size // MIB}.mp4"
    footage.in_container(path)
    begun = path.stat().st_size
    with path.open("ab") as film:
        film.write(struct.pack(">I4sQ", 1, b"free", size - begun))
        film.truncate(size)
    return path


def send_form(api: Web, key: str, film: Path) -> None:
    """As `curl -F file=@film.mp4` does."""
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n'.encode()
    headers = f"Authorization: Bearer {key}\r\nContent-Type: multipart/form-data; boundary={_BOUNDARY}\r\n"
    send(api, "/v1/jobs", film, headers, head, f"\r\n--{_BOUNDARY}--\r\n".encode())


def send(web: Web, path: str, film: Path, headers: str = "", head: bytes = b"", tail: bytes = b"") -> None:
    """Post a file, between a head and a tail. Raises RuntimeError unless it is taken."""
    length = len(head) + film.stat().st_size + len(tail)
    request = f"POST {path} HTTP/1.1\r\nHost: api\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    with socket.create_connection(("127.0.0.1", web.port), timeout=600) as connection, film.open("rb") as file:
        connection.sendall(request.encode() + head)
        connection.sendfile(file)
        connection.sendall(tail)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    if not answer.startswith(b"HTTP/1.1 20"):
        raise RuntimeError(answer.decode(errors="replace"))


def _forget_peak(pid: int) -> None:
    """From now on `_peak` counts anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _peak(pid: int) -> int:
    """Most memory of a process, in bytes, as Linux kept it."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
