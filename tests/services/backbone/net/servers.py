"""Real servers on this machine that behave as badly as a test wants, and guards that take them for public ones."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from services.backbone.net.addresses import Address, is_public
from services.backbone.net.guard import Guard

CERTIFICATE = Path(__file__).parent / "server.pem"  # self-signed, of films.example and hooks.example; for tests only
HOME = "127.0.0.1"

Answer = Callable[["Call"], object]


@dataclass
class Call:
    """One request, and the socket to answer it on."""

    number: int
    target: str
    headers: dict[str, str]
    body: bytes
    connection: socket.socket

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def reply(self, body: bytes = b"", status: str = "200 OK", **headers: str) -> None:
        given = {"content-length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        self.send(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)

    def hang_up(self) -> None:
        self.connection.close()


@dataclass
class Server:
    """What a server has seen."""

    port: int
    calls: list[Call] = field(default_factory=list)
    connections: int = 0
    names: list[str | None] = field(default_factory=list)

    def url(self, host: str = "films.example", path: str = "/film.mp4", scheme: str = "https") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


@contextlib.contextmanager
def serving(answer: Answer, *, tls: bool = True) -> Iterator[Server]:
    with socket.create_server((HOME, 0)) as listener:
        server = Server(listener.getsockname()[1])
        crew = _Crew(server, answer, tls)
        crew.start(crew.accept, listener)
        try:
            yield server
        finally:
            crew.dismiss(listener)


def trusting() -> ssl.SSLContext:
    """A client's context that trusts the test certificate and nothing else."""
    return ssl.create_default_context(cafile=CERTIFICATE)


def guard_for(
    server: Server, *answers: Sequence[str], tls: ssl.SSLContext | None = None, public: Sequence[str] = (HOME,)
) -> Guard:
    """A guard that takes `public` for public and whose DNS gives `answers` one after another, the last for ever."""
    return Guard(
        resolver=Dns(*(answers or ((HOME,),))),
        public=lambda address: str(address) in public or is_public(address),
        ports=frozenset({443, server.port}),
        tls=tls or trusting(),
        patience=1.0,
    )


class Dns:
    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked: list[str] = []
        self._answers = answers

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        return self._answers[min(len(self.asked), len(self._answers)) - 1]


def addresses(*texts: str) -> list[Address]:
    return [ip_address(text) for text in texts]


class _Crew:
    """The threads of a server. Each closes its own socket: one closed under a thread's feet gives its number away."""

    def __init__(self, server: Server, answer: Answer, tls: bool) -> None:
        self._server = server
        self._answer = answer
        self._tls = tls
        self._threads: list[threading.Thread] = []
        self._connections: list[socket.socket] = []

    def start(self, work: Callable[[socket.socket], None], connection: socket.socket) -> None:
        self._connections.append(connection)
        self._threads.append(threading.Thread(target=work, args=(connection,), daemon=True))
        self._threads[-1].start()

    def accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._server.connections += 1
                self.start(self._serve, connection)

    def dismiss(self, listener: socket.socket) -> None:
        _wake(listener)
        self._threads[0].join(5)
        for connection in self._connections:
            _wake(connection)
        for thread in self._threads:
            thread.join(5)

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            if self._tls:
                connection = _context(self._server).wrap_socket(connection, server_side=True)
                self._connections.append(connection)
            with connection:
                while call := _hear(connection, len(self._server.calls)):
                    self._server.calls.append(call)
                    self._answer(call)


def _context(server: Server) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    context.sni_callback = lambda _socket, name, _context: server.names.append(name)
    return context


def _hear(connection: socket.socket, number: int) -> Call | None:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    return Call(number, first.split(" ")[1], headers, body, connection)


def _wake(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
