"""A small client of the API: one connection that is kept, JSON in and out."""

import json
from http.client import HTTPConnection
from typing import Any, TypeAlias

Answer: TypeAlias = dict[str, Any]


class Calls:
    """Calls with one key."""

    def __init__(self, port: int, key: str) -> None:
        """Args: port: of an API on this machine."""
        self._connection = HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def get(self, path: str) -> Answer:
        """What is at a path."""
        return self._call("GET", path, None)

    def post(self, path: str, body: object = None) -> Answer:
        """What is answered to a body."""
        return self._call("POST", path, json.dumps(body) if body is not None else None)

    def _call(self, method: str, path: str, body: str | None) -> Answer:
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        told = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {told.decode(errors='replace')}")
        told_json: Answer = json.loads(told)
        return told_json
