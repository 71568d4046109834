"""A wire to a real server that breaks: it passes bytes on, and cuts long answers short."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class _Wire(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    target: tuple[str, int]
    after: int
    left: int
    cuts = 0

    def cut(self) -> bool:
        if self.cuts < self.left:
            self.cuts += 1
            return True
        return False


class _Passing(socketserver.BaseRequestHandler):
    server: _Wire

    def handle(self) -> None:
        with socket.create_connection(self.server.target) as behind, suppress(OSError):
            threading.Thread(target=_pass_on, args=(self.request, behind), daemon=True).start()
            self._answer(behind)

    def _answer(self, behind: socket.socket) -> None:
        passed = 0
        while data := behind.recv(1 << 16):
            passed += len(data)
            if passed > self.server.after and self.server.cut():
                self.request.shutdown(socket.SHUT_RDWR)
                return
            self.request.sendall(data)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def cutting(endpoint: str | None, after: int, times: int) -> Iterator[tuple[str, Callable[[], int]]]:
    """The address of a wire that cuts its first `times` connections with answers longer than `after` bytes; and
    how many it cut.
    """
    url = urlsplit(endpoint or "")
    with _Wire(("127.0.0.1", 0), _Passing) as wire:
        wire.target, wire.after, wire.left = (url.hostname or "", url.port or 80), after, times
        threading.Thread(target=wire.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{wire.server_address[1]}", lambda: wire.cuts
        wire.shutdown()
