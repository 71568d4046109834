"""A publisher of models on loopback, as awkward as they come."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Request:
    """What was asked, with what was sent along."""

    path: str
    range: str
    condition: str
    authorization: str


@dataclass
class Publisher:
    """Files by path, and how it answers for them.

    `drops` holds how many bytes go out before the connection breaks, one for each time it is to (files that are shorter
    go out whole); `answers` are status codes given before the file is; `gated` paths want a token. While it `stalls`,
    it keeps silent instead of breaking off.
    """

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    drops: list[int] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    retry_after: str = ""
    ranges: bool = True
    tagged: bool = True
    stalls: bool = False
    gated: bool = False
    requests: list[Request] = field(default_factory=list)

    def publish(self, path: str, content: bytes) -> str:
        """Offer a file; its address."""
        self.files[path] = content
        return f"{self.url}{path}"

    def publish_repository(self, name: str, files: dict[str, bytes], revision: str = "main") -> None:
        """Offer a repository as the hub does; large files are those that end with .bin."""
        listing = [{"type": "directory", "path": "unet", "oid": "0"}]
        for path, content in files.items():
            self.files[f"/{name}/resolve/{revision}/{path}"] = content
            entry: dict[str, object] = {"type": "file", "path": path, "size": len(content), "oid": "git"}
            if path.endswith(".bin"):
                entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 1}
            listing.append(entry)
        self.files[f"/api/models/{name}/tree/{revision}"] = json.dumps(listing).encode()

    def asked(self, path: str) -> list[Request]:
        """The requests for a path, in order."""
        return [request for request in self.requests if request.path == path]


@contextmanager
def publishing() -> Iterator[Publisher]:
    """A publisher for as long as the block lasts."""
    publisher = Publisher("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            _serve(self, publisher)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    publisher.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield publisher
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _serve(handler: BaseHTTPRequestHandler, publisher: Publisher) -> None:
    path, headers = handler.path.partition("?")[0], handler.headers
    asked = Request(path, headers.get("Range", ""), headers.get("If-Range", ""), headers.get("Authorization", ""))
    publisher.requests.append(asked)
    if publisher.gated and not asked.authorization:
        return _refuse(handler, 401)
    if publisher.answers:
        return _refuse(handler, publisher.answers.pop(0), publisher.retry_after)
    if path not in publisher.files:
        return _refuse(handler, 404)
    return _send(handler, publisher, publisher.files[path], asked)


def _refuse(handler: BaseHTTPRequestHandler, status: int, retry_after: str = "") -> None:
    handler.send_response(status)
    if retry_after:
        handler.send_header("Retry-After", retry_after)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def _send(handler: BaseHTTPRequestHandler, publisher: Publisher, content: bytes, asked: Request) -> None:
    tag = f'"{hashlib.md5(content).hexdigest()}"'
    begin = int(asked.range.removeprefix("bytes=").rstrip("-")) if asked.range else 0
    goes_on = bool(asked.range) and publisher.ranges and asked.condition in ("", tag)
    if goes_on and begin >= len(content):
        handler.send_response(416)
        handler.send_header("Content-Range", f"bytes */{len(content)}")
        handler.send_header("Content-Length", "0")
        return handler.end_headers()
    rest = content[begin:] if goes_on else content
    handler.send_response(206 if goes_on else 200)
    if goes_on:
        handler.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
    if publisher.tagged:
        handler.send_header("ETag", tag)
    handler.send_header("Content-Length", str(len(rest)))
    handler.end_headers()
    if publisher.drops and publisher.drops[0] < len(rest):
        handler.wfile.write(rest[: publisher.drops.pop(0)])
        handler.wfile.flush()
        while publisher.stalls:
            time.sleep(0.01)
        handler.close_connection = True
        return None
    handler.wfile.write(rest)
    return None
