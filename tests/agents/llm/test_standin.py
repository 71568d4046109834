import asyncio
import base64
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, Field
from pydantic_ai import Agent, BinaryContent, NativeOutput, PromptedOutput, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

from tests.agents.llm.obedience import obedient
from tests.agents.llm.standin import (
    Asked,
    Reply,
    Said,
    Standin,
    by_purpose,
    cut_off,
    half_answer,
    half_json,
    half_sent,
    hang_up,
    html,
    huge,
    in_turn,
    no_choices,
    obeying,
    refusal,
    said,
    silence,
    standin,
    status,
    text,
    trickle,
)

PICTURE = b"\xff\xd8" + b"x" * 1000
LINK = f"data:image/jpeg;base64,{base64.b64encode(PICTURE).decode()}"
SCHEMA = {"type": "object", "properties": {"label": {"type": "string"}}, "required": ["label"]}
TOOLS = [
    {"type": "function", "function": {"name": "search", "parameters": {"type": "object", "properties": {}}}},
    {"type": "function", "function": {"name": "final_result", "parameters": SCHEMA}},
]
FORMAT = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}
PROMPTED = f"You are a judge.\nAnswer with this schema:\n\n{json.dumps(SCHEMA)}\n\nand nothing else."


def ask(server: Standin, system: str = "You are a judge.", **more: Any) -> httpx.Response:
    messages = [
        {"role": "system", "content": system},
        {
            "role": "user",
            "content": [{"type": "text", "text": "Look."}, {"type": "image_url", "image_url": {"url": LINK}}],
        },
    ]
    body = {"model": "qwen", "messages": messages, **more}
    return httpx.post(f"{server.url}/chat/completions", json=body, timeout=30)


def choice(answer: httpx.Response) -> dict[str, Any]:
    (only,) = answer.json()["choices"]
    return only


def test_what_was_asked_is_read():
    with standin(text("A park.")) as server:
        ask(server, tools=TOOLS, tool_choice="required")
        ask(server, response_format=FORMAT)
    first, second = server.requests
    assert (first.model, first.system, first.user, first.images) == ("qwen", "You are a judge.", "Look.", (1002,))
    assert (len(first.tools), first.tool_choice, first.response_format) == (2, "required", None)
    assert second.response_format == FORMAT
    assert first.at <= second.at
    assert first.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"tools": TOOLS}, id="tool"),
        pytest.param({"response_format": FORMAT}, id="response format"),
        pytest.param({"system": PROMPTED}, id="prompt"),
    ],
)
def test_schema_is_found_wherever_it_stands(more: dict[str, Any]):
    with standin(text("A park.")) as server:
        ask(server, **more)
    assert server.requests[0].schema == SCHEMA


def test_value_is_said_as_the_arguments_of_the_tool_that_takes_the_answer():
    with standin(said({"label": "rain"})) as server:
        answered = choice(ask(server, tools=TOOLS))
    (call,) = answered["message"]["tool_calls"]
    assert answered["finish_reason"] == "tool_calls"
    assert (call["function"]["name"], json.loads(call["function"]["arguments"])) == ("final_result", {"label": "rain"})


def test_value_is_said_as_the_content_where_no_tool_is_given():
    with standin(said({"label": "rain"}, tokens_in=7, tokens_out=3)) as server:
        answer = ask(server, response_format=FORMAT)
    assert json.loads(choice(answer)["message"]["content"]) == {"label": "rain"}
    assert answer.json()["usage"] == {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    assert answer.json()["model"] == "qwen"


def test_another_tool_can_be_called():
    with standin(said({}, tool="search")) as server:
        (call,) = choice(ask(server, tools=TOOLS))["message"]["tool_calls"]
    assert call["function"]["name"] == "search"


@pytest.mark.parametrize(
    ("reply", "seen"),
    [
        pytest.param(text("Rain."), lambda told: told["message"]["content"] == "Rain.", id="text"),
        pytest.param(refusal("No."), lambda told: told["message"]["refusal"] == "No.", id="refusal"),
        pytest.param(
            half_answer('{"label": "ra'),
            lambda told: told["message"]["tool_calls"][0]["function"]["arguments"] == '{"label": "ra',
            id="half an answer",
        ),
        pytest.param(cut_off(), lambda told: told["finish_reason"] == "length", id="cut off"),
        pytest.param(
            huge(1), lambda told: len(told["message"]["tool_calls"][0]["function"]["arguments"]) > 1e6, id="huge"
        ),
    ],
)
def test_awkward_message(reply: Reply, seen: Callable[[dict[str, Any]], bool]):
    with standin(reply) as server:
        assert seen(choice(ask(server, tools=TOOLS)))


def test_no_choices():
    with standin(no_choices()) as server:
        assert ask(server).json()["choices"] == []


def test_half_json_is_a_whole_response():
    with standin(half_json()) as server:
        answer = ask(server)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_trickle_comes_whole_in_the_end():
    with standin(trickle({"label": "rain"}, 0.1)) as server:
        assert json.loads(choice(ask(server))["message"]["content"]) == {"label": "rain"}


def test_html():
    with standin(html()) as server:
        answer = ask(server)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")


def test_status_tells_when_to_come_again():
    with standin(status(429, retry_after=0.1)) as server:
        answer = ask(server)
    assert (answer.status_code, answer.headers["retry-after-ms"], answer.headers["retry-after"]) == (429, "100", "1")
    assert "message" in answer.json()["error"]


def test_status_with_a_body_of_its_own():
    with standin(status(400, "no such thing")) as server:
        assert ask(server).text == "no such thing"


@pytest.mark.parametrize("reply", [hang_up(), half_sent()], ids=["before", "midway"])
def test_connection_closes(reply: Said):
    with standin(reply) as server, pytest.raises(httpx.RemoteProtocolError):
        ask(server)


def test_silence_ends_when_the_server_closes():
    with ThreadPoolExecutor() as pool:
        with standin(silence()) as server:
            waiting = pool.submit(ask, server)
            while not server.requests:
                time.sleep(0.005)
            assert not waiting.done()
        with pytest.raises(httpx.RemoteProtocolError):
            waiting.result()
    assert server.in_flight == 0


def test_who_gave_up_waiting_is_no_longer_in_flight():
    with standin(silence()) as server:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{server.url}/chat/completions", json={"model": "qwen", "messages": []}, timeout=0.05)
        while server.in_flight:
            time.sleep(0.005)


def test_closing_leaves_no_thread_and_no_idle_connection():
    before = set(threading.enumerate())
    with standin(text("Rain.")) as server, httpx.Client() as kept_alive:
        for _ in range(2):
            kept_alive.post(f"{server.url}/chat/completions", json={"model": "qwen", "messages": []})
        server.close()
        assert set(threading.enumerate()) == before


def test_replies_come_in_turn_and_the_last_for_ever():
    with standin(in_turn(status(500), text("Rain."), text("Snow."))) as server:
        answers = [ask(server) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [500, 200, 200, 200]
    assert [choice(answer)["message"]["content"] for answer in answers[1:]] == ["Rain.", "Snow.", "Snow."]


def test_replies_are_chosen_by_purpose():
    with standin(by_purpose({"judge": text("Same."), "designer": in_turn(text("Rain."))})) as server:
        told = [choice(ask(server, f"You are the {role}."))["message"]["content"] for role in ("Designer", "judge")]
    assert told == ["Rain.", "Same."]


def test_failing_reply_fails_the_test():
    def reply(asked: Asked) -> Reply:
        raise AssertionError("not this picture")

    with (
        pytest.raises(AssertionError, match="not this picture"),
        standin(reply) as server,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        ask(server)


def test_models_are_listed():
    with standin(text("Rain.")) as server:
        assert [model["id"] for model in httpx.get(f"{server.url}/models").json()["data"]] == ["stand-in"]


def test_sixty_four_requests_wait_side_by_side():
    """None is answered before all have come, so one that queued would keep the others waiting."""
    meeting = threading.Barrier(64, timeout=60)

    def reply(asked: Asked) -> Said:
        meeting.wait()
        return text("Rain.")

    async def ask_all(url: str) -> list[httpx.Response]:
        async with httpx.AsyncClient(timeout=60) as client:
            body = {"model": "qwen", "messages": []}
            return await asyncio.gather(*(client.post(f"{url}/chat/completions", json=body) for _ in range(64)))

    with standin(reply) as server:
        answers = asyncio.run(ask_all(server.url))
    assert {answer.status_code for answer in answers} == {200}
    assert server.in_flight_most == 64


class Sound(BaseModel):
    label: str = Field(min_length=3)
    level: float = Field(ge=-60, lt=-5)


class Sounds(BaseModel):
    setting: str
    sounds: list[Sound] = Field(min_length=2)
    note: str | None


@pytest.mark.parametrize("form", [ToolOutput, NativeOutput, PromptedOutput])
def test_agent_reads_the_answer_in_any_form(form: Any):
    async def run(url: str) -> tuple[Sounds, int]:
        model = OpenAIChatModel("qwen", provider=OpenAICompatibleProvider("stand-in", base_url=url))
        async with Agent(model, output_type=form(Sounds), system_prompt="Listen.") as agent:
            result = await agent.run(["What is heard?", BinaryContent(PICTURE, media_type="image/jpeg")])
        return result.output, result.usage.input_tokens

    with standin(obeying(tokens_in=321)) as server:
        output, tokens = asyncio.run(run(server.url))
    (asked,) = server.requests
    assert isinstance(output, Sounds)
    assert len(output.sounds) == 2
    assert tokens == 321
    assert asked.system.startswith("Listen.")
    assert (asked.user, asked.images) == ("What is heard?", (len(PICTURE),))


def test_obedient_fits_what_is_asked():
    schema = Sounds.model_json_schema()
    assert Sounds.model_validate(obedient(schema)).note is None
