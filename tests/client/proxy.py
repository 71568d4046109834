"""A wire that can be cut: a TCP proxy before a real server, which counts what passes."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Wire:
    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._room: int | None = None
        self._cuts = 0
        self._lock = threading.Lock()
        self.sent = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut_after(self, bytes: int, times: int = 1) -> None:
        """Break every connection once so many bytes more have passed in all, so often."""
        with self._lock:
            self._room, self._cuts = bytes, times

    def mend(self) -> None:
        with self._lock:
            self._room = None

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target)
            except OSError:
                near.close()
                continue
            for source, sink, counts in ((near, far, True), (far, near, False)):
                threading.Thread(target=self._pump, args=(source, sink, counts), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, counts: bool) -> None:
        with contextlib.suppress(OSError):
            while block := source.recv(65536):
                if self._breaks(len(block)):
                    break
                if counts:
                    self.sent += len(block)
                sink.sendall(block)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                # The other direction wakes by the first; only the second resets a peer that goes on sending.
                end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _breaks(self, bytes: int) -> bool:
        with self._lock:
            if self._room is None:
                return False
            self._room -= bytes
            if self._room >= 0:
                return False
            self._cuts -= 1
            self._room = None if self._cuts <= 0 else 0
            return True


@contextmanager
def wire_to(host: str, port: int) -> Iterator[Wire]:
    wire = Wire(host, port)
    try:
        yield wire
    finally:
        wire.close()
