"""A stand-in for a model server: OpenAI's chat completions over a real socket, as awkward as a test wants it.

    with standin(in_turn(status(429, retry_after=0.1), said({"same_scene": True}))) as server:
        ...  # a client of server.url
    assert len(server.requests) == 2

A reply is what is said, or a function from what was asked to a reply.
"""

import json
import math
import select
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from tests.agents.llm.asked import Asked, Json, answering_tool, read
from tests.agents.llm.obedience import obedient

_MARK = "stretch here"


@dataclass(frozen=True)
class Said:
    """One answer. `words` go where an answer was asked for: a tool call's arguments, else the content.

    `plain` words are content whatever was asked; `kept` is the part of the body that is sent; `promised` says whether
    the headers promise all of it. `after` are the seconds before the answer, `trickle` those that it takes to begin.
    """

    words: str | None = None
    plain: bool = False
    tool: str | None = None
    refusal: str | None = None
    finish: str | None = None
    choices: bool = True
    tokens_in: int = 100
    tokens_out: int = 20
    after: float = 0.0
    trickle: float = 0.0
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    kept: float = 1.0
    promised: bool = False
    gives: Literal["an answer", "nothing", "a closed connection"] = "an answer"


Reply = Said | Callable[[Asked], "Reply"]


def said(
    value: Mapping[str, Any],
    *,
    tokens_in: int = 100,
    tokens_out: int = 20,
    after: float = 0.0,
    tool: str | None = None,
) -> Said:
    """A value, in whichever form was asked for; `tool` calls that tool instead of the one for the answer."""
    return Said(json.dumps(value), tool=tool, tokens_in=tokens_in, tokens_out=tokens_out, after=after)


def obeying(*, after: float = 0.0, tokens_in: int = 100, tokens_out: int = 20) -> Reply:
    """The least value that fits the schema asked for."""
    return lambda asked: said(obedient(asked.schema or {}), after=after, tokens_in=tokens_in, tokens_out=tokens_out)


def text(words: str, *, after: float = 0.0) -> Said:
    """Words as plain content, whatever was asked for."""
    return Said(words, plain=True, after=after)


def refusal(words: str = "I cannot help with that.") -> Said:
    """The model declines."""
    return Said(refusal=words)


def no_choices() -> Said:
    """An answer whose list of choices is empty."""
    return Said(choices=False)


def half_answer(words: str = '{"summary": "a man wal') -> Said:
    """A sound response whose arguments or content are half a JSON."""
    return Said(words)


def cut_off(words: str = '{"summary": "a man wal') -> Said:
    """The answer ends where the model's tokens ended."""
    return Said(words, finish="length")


def half_json() -> Said:
    """A response whose body is half a JSON, and of the length that its headers say."""
    return Said('{"summary": "a man walks"}', kept=0.5)


def half_sent() -> Said:
    """A response that ends before the length that its headers say."""
    return Said('{"summary": "a man walks"}', kept=0.5, promised=True)


def status(code: int, body: Json | str | None = None, *, retry_after: float | None = None) -> Said:
    """An HTTP error, with the body that OpenAI gives unless another is given.

    `retry_after` (s) is told as OpenAI tells it: in milliseconds, and in whole seconds as HTTP has it.
    """
    error = {"error": {"message": f"The stand-in says {code}.", "type": "stand_in", "param": None, "code": None}}
    told = body if isinstance(body, str) else json.dumps(error if body is None else body)
    return Said(status=code, body=told.encode(), headers={} if retry_after is None else _later(retry_after))


def _later(seconds: float) -> dict[str, str]:
    return {"retry-after-ms": str(round(seconds * 1000)), "retry-after": str(math.ceil(seconds))}


def html(words: str = "<html><body>Please log in.</body></html>") -> Said:
    """A web page, as a proxy in between gives it."""
    return Said(body=words.encode(), headers={"content-type": "text/html"})


def silence() -> Said:
    """No answer until the server closes or the client goes."""
    return Said(gives="nothing")


def hang_up(*, after: float = 0.0) -> Said:
    """The connection closes without an answer."""
    return Said(gives="a closed connection", after=after)


def trickle(value: Mapping[str, Any], seconds: float) -> Said:
    """A right answer after a blank every 20 ms: no read of the client waits long, the whole does."""
    return Said(json.dumps(value), trickle=seconds)


def huge(megabytes: float) -> Reply:
    """An answer that fits the types asked for but for the length of its first free string."""

    def stretched(asked: Asked) -> Said:
        long = "x" * int(megabytes * 1e6)
        value = json.dumps(obedient(asked.schema or {}, word=_MARK))
        return Said(value.replace(_MARK, long, 1) if _MARK in value else long)

    return stretched


def in_turn(*replies: Reply) -> Reply:
    """These replies one after another, the last for ever."""
    left, lock = list(replies), threading.Lock()

    def next_one(asked: Asked) -> Reply:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return next_one


def by_purpose(replies: Mapping[str, Reply]) -> Reply:
    """The reply of the first word that the system text holds; a request that holds none fails the test."""

    def chosen(asked: Asked) -> Reply:
        for word, reply in replies.items():
            if word.lower() in asked.system.lower():
                return reply
        raise AssertionError(f"No reply is scripted for: {asked.system[:200]!r}")

    return chosen


class Standin(ThreadingHTTPServer):
    """The server. `requests` are those asked so far, oldest first; `in_flight_most` the most that waited at once."""

    daemon_threads = False  # so that closing waits for every handler
    request_queue_size = 512

    def __init__(self, reply: Reply) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply = reply
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.in_flight = self.in_flight_most = 0
        self.broken: list[BaseException] = []
        self._requests: list[Asked] = []
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The base URL that a client takes."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def requests(self) -> list[Asked]:
        """What was asked so far: a copy."""
        with self._lock:
            return list(self._requests)

    @contextmanager
    def serving(self, asked: Asked) -> Iterator[None]:
        """Counts a request in, and out again."""
        with self._lock:
            self._requests.append(asked)
            self.in_flight += 1
            self.in_flight_most = max(self.in_flight_most, self.in_flight)
        try:
            yield
        finally:
            with self._lock:
                self.in_flight -= 1

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):  # a client may go at any time
            self.broken.append(error)

    def close(self) -> None:
        """Ends every handler, then itself; once or more."""
        self.shutdown()
        self.thread.join()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Standin

    def do_GET(self) -> None:
        known = self.path == "/v1/models"
        models = {"object": "list", "data": [{"id": "stand-in", "object": "model"}]}
        self._send(Said(body=json.dumps(models).encode()) if known else status(404), b"")

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        told = self.rfile.read(length)
        if len(told) < length:  # who asked has given up in the middle of the question
            self.close_connection = True
            return
        body = json.loads(told)
        if self.path != "/v1/chat/completions" or body.get("stream"):
            self._send(status(404), b"")
            return
        asked = read(body, {name.lower(): value for name, value in self.headers.items()})
        with self.server.serving(asked):
            self._answer(asked)

    def _answer(self, asked: Asked) -> None:
        answer = self.server.reply
        while not isinstance(answer, Said):
            answer = answer(asked)
        gone = self._gone_within(None if answer.gives == "nothing" else answer.after)
        if gone or answer.gives == "a closed connection":
            self.close_connection = True
            return
        self._send(answer, json.dumps(_completion(answer, asked)).encode())

    def _gone_within(self, seconds: float | None) -> bool:
        """Waits; whether the client went meanwhile, or the server closed."""
        if seconds == 0:
            return False
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        return bool(poll.poll(None if seconds is None else seconds * 1000))

    def _send(self, answer: Said, completion: bytes) -> None:
        body = completion if answer.body is None else answer.body
        blanks = round(answer.trickle / 0.02)
        kept = body[: int(len(body) * answer.kept)]
        self.send_response(answer.status)
        for name, value in {"content-type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(blanks + len(body if answer.promised else kept)))
        self.end_headers()
        for _ in range(blanks):
            if self._gone_within(0.02):
                break
            self.wfile.write(b" ")
        self.wfile.write(kept)
        self.close_connection = self.close_connection or answer.promised

    def log_message(self, format: str, *args: object) -> None:
        pass


def _completion(answer: Said, asked: Asked) -> Json:
    choice = {"index": 0, "message": _message(answer, asked), "finish_reason": answer.finish or _finish(answer, asked)}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_750_000_000,
        "model": asked.model,
        "choices": [choice] if answer.choices else [],
        "usage": {
            "prompt_tokens": answer.tokens_in,
            "completion_tokens": answer.tokens_out,
            "total_tokens": answer.tokens_in + answer.tokens_out,
        },
    }


def _message(answer: Said, asked: Asked) -> Json:
    tool = _tool_called(answer, asked)
    if tool is None:
        return {"role": "assistant", "content": answer.words, "refusal": answer.refusal}
    call = {"id": "call-1", "type": "function", "function": {"name": tool, "arguments": answer.words}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def _finish(answer: Said, asked: Asked) -> str:
    return "stop" if _tool_called(answer, asked) is None else "tool_calls"


def _tool_called(answer: Said, asked: Asked) -> str | None:
    if answer.plain or answer.words is None:
        return None
    answering = answering_tool(asked.tools, asked.tool_choice)
    return answer.tool or (str(answering["name"]) if answering else None)


@contextmanager
def standin(reply: Reply) -> Iterator[Standin]:
    """Serves the reply from threads of its own until the block ends.

    Raises:
        AssertionError: or whatever else a scripted reply raised, when the block ends.
    """
    server = Standin(reply)
    server.thread.start()
    try:
        yield server
    finally:
        server.close()
        for error in server.broken:
            raise error
