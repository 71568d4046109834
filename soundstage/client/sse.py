"""Server-sent events, as the HTML standard defines them: bytes in, events out."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Message:
    """One event as it came."""

    id: str
    type: str
    data: str


@dataclass
class Parser:
    """Puts events together from the stream's bytes, however they are cut; `retry` is in seconds."""

    last_id: str = ""
    retry: float | None = None
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8-sig")("replace")
    )
    _rest: str = ""
    _type: str = ""
    _data: list[str] = field(default_factory=list)

    def feed(self, chunk: bytes) -> Iterator[Message]:
        """The events that are whole with these bytes."""
        text = self._rest + self._decoder.decode(chunk)
        # A line may end with CR LF, and the LF be yet to come.
        end = len(text) - 1 if text.endswith("\r") else len(text)
        lines = text[:end].replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = lines.pop() + text[end:]
        for line in lines:
            if line:
                self._take(line)
            elif (message := self._finished()) is not None:
                yield message

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._type = value
        elif name == "id" and "\0" not in value:
            self.last_id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry = int(value) / 1000

    def _finished(self) -> Message | None:
        type, data = self._type or "message", self._data
        self._type, self._data = "", []
        return Message(self.last_id, type, "\n".join(data)) if data else None
