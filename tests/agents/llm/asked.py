"""What a model server was asked: a chat-completions request, read."""

import base64
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request, read: its texts, the bytes of each picture in it, and the JSON schema its answer must fit."""

    model: str
    messages: tuple[Json, ...]
    system: str
    user: str
    images: tuple[int, ...]
    tools: tuple[Json, ...]
    tool_choice: str | Json | None
    response_format: Json | None
    schema: Json | None
    headers: Mapping[str, str]
    at: float
    body: Json


def answering_tool(tools: tuple[Json, ...], choice: str | Json | None) -> Json | None:
    """The tool that takes the answer: the one that must be called, else the first one for output, else the first."""
    functions = [tool["function"] for tool in tools]
    wanted = choice["function"]["name"] if isinstance(choice, dict) and "function" in choice else "final_result"
    named = [function for function in functions if function["name"].startswith(wanted)]
    return next(iter(named + functions), None)


def read(body: Json, headers: Mapping[str, str]) -> Asked:
    system = _texts(body["messages"], "system", "developer")
    tools = tuple(body.get("tools") or ())
    return Asked(
        model=body["model"],
        messages=tuple(body["messages"]),
        system=system,
        user=_texts(body["messages"], "user"),
        images=tuple(_picture_bytes(part) for part in _parts(body["messages"]) if part["type"] == "image_url"),
        tools=tools,
        tool_choice=body.get("tool_choice"),
        response_format=body.get("response_format"),
        schema=_schema(answering_tool(tools, body.get("tool_choice")), body.get("response_format"), system),
        headers=headers,
        at=time.monotonic(),
        body=body,
    )


def _parts(messages: list[Json], *roles: str) -> Iterator[Json]:
    for message in messages:
        content = message.get("content") or []
        if not roles or message["role"] in roles:
            yield from [{"type": "text", "text": content}] if isinstance(content, str) else content


def _texts(messages: list[Json], *roles: str) -> str:
    return "\n\n".join(part["text"] for part in _parts(messages, *roles) if part["type"] == "text")


def _picture_bytes(part: Json) -> int:
    """The bytes of a picture given inside the request; 0 for one that is only linked to."""
    head, _, data = part["image_url"]["url"].partition(",")
    return len(base64.b64decode(data)) if head.startswith("data:") else 0


def _schema(tool: Json | None, response_format: Json | None, system: str) -> Json | None:
    if tool is not None:
        return dict(tool["parameters"])
    if response_format is not None and "json_schema" in response_format:
        return dict(response_format["json_schema"]["schema"])
    return next(_schemas_in(system), None)


def _schemas_in(words: str) -> Iterator[Json]:
    """The JSON schemas that stand in a text, as a prompted schema does."""
    for line in words.splitlines():
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict) and found.keys() & {"properties", "$ref", "type"}:
                yield found
