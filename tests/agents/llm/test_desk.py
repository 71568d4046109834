import pytest

from soundstage.errors import BadAnswer, ModelAway, ModelRefused, SoundstageError
from tests.agents.llm.asked import Asked
from tests.agents.llm.desks import GOOD, TOO_LOUD, Sound, desk_before, sound, wait_until
from tests.agents.llm.standin import (
    Reply,
    Said,
    cut_off,
    half_answer,
    half_json,
    half_sent,
    hang_up,
    html,
    huge,
    in_turn,
    no_choices,
    refusal,
    said,
    silence,
    status,
    text,
    trickle,
)

MODES = ["tool", "native", "prompted"]
QUOTA = {"error": {"message": "You exceeded it.", "type": "insufficient_quota", "code": "insufficient_quota"}}


def messages_of(asked: Asked) -> str:
    return str(asked.messages)


@pytest.mark.parametrize(
    ("reply", "requests"),
    [
        pytest.param(said(GOOD), 1, id="at once"),
        pytest.param(said(GOOD, after=0.3), 1, id="slow"),
        pytest.param(trickle(GOOD, 0.3), 1, id="trickle"),
        pytest.param(in_turn(status(429, retry_after=0.05), said(GOOD)), 2, id="429 once"),
        pytest.param(in_turn(status(500), said(GOOD)), 2, id="500 once"),
        pytest.param(in_turn(hang_up(), said(GOOD)), 2, id="hang-up once"),
        pytest.param(in_turn(half_sent(), said(GOOD)), 2, id="half sent once"),
        pytest.param(in_turn(half_json(), said(GOOD)), 2, id="half JSON once"),
        pytest.param(in_turn(html(), said(GOOD)), 2, id="HTML once"),
        pytest.param(in_turn(no_choices(), said(GOOD)), 2, id="no choices once"),
    ],
)
def test_right_answer_in_the_end(reply: Reply, requests: int):
    with desk_before(reply) as opened:
        assert opened.desk.ask(sound()) == Sound(label="rain", level=-20)
    assert len(opened.server.requests) == requests


@pytest.mark.parametrize("output", MODES)
@pytest.mark.parametrize(
    "first",
    [
        pytest.param(half_answer(), id="half an answer"),
        pytest.param(said(TOO_LOUD), id="wrong schema"),
        pytest.param(text("It is rain."), id="prose"),
        pytest.param(text(""), id="nothing said"),
        pytest.param(said({}, tool="remove_files"), id="unknown tool"),
        pytest.param(huge(1), id="huge"),
    ],
)
def test_bad_answer_is_corrected(first: Reply, output: str):
    with desk_before(in_turn(first, said(GOOD)), output=output) as opened:
        assert opened.desk.ask(sound()).label == "rain"
    assert len(opened.server.requests) == 2


@pytest.mark.parametrize(
    ("reply", "error", "sentence", "requests"),
    [
        pytest.param(status(429, retry_after=0.05), ModelAway, "is too busy; try again later", 2, id="429"),
        pytest.param(status(429, retry_after=3600), ModelAway, "is too busy; try again later", 1, id="429 for an hour"),
        pytest.param(status(429, QUOTA), ModelRefused, "wants to be paid first; check the account", 2, id="quota"),
        pytest.param(status(500), ModelAway, "fails with status 500; try again later", 2, id="500"),
        pytest.param(status(503, "<html>"), ModelAway, "fails with status 503; try again later", 2, id="503 in HTML"),
        pytest.param(status(401), ModelRefused, "refuses the key; check api_key", 1, id="401"),
        pytest.param(status(403), ModelRefused, "refuses the key; check api_key and", 1, id="403"),
        pytest.param(status(402), ModelRefused, "wants to be paid first", 1, id="402"),
        pytest.param(status(404), ModelRefused, "knows no such model", 1, id="404"),
        pytest.param(status(413), ModelRefused, "finds the question too large", 1, id="413"),
        pytest.param(
            status(400), ModelRefused, "with status 400 (The stand-in says 400.); check its settings", 1, id="400"
        ),
        pytest.param(status(400, "no such thing"), ModelRefused, "400 (no such thing)", 1, id="400 in words"),
        pytest.param(status(418, "x" * 9999), ModelRefused, f"418 ({'x' * 160} …)", 1, id="418 at length"),
        pytest.param(hang_up(), ModelAway, "cannot be reached (Connection error.); check base_url", 2, id="hang-up"),
        pytest.param(half_sent(), ModelAway, "cannot be reached", 2, id="half sent"),
        pytest.param(half_json(), ModelAway, "answers with what is no answer (Failed to decode", 2, id="half JSON"),
        pytest.param(html(), ModelAway, "answers with what is no answer (Invalid response", 2, id="HTML"),
        pytest.param(no_choices(), ModelAway, "no answer (there is nothing in it); check base_url", 2, id="no choices"),
        pytest.param(Said(body=b""), ModelAway, "answers with what is no answer", 2, id="nothing"),
        pytest.param(Said(body=b"null"), ModelAway, "answers with what is no answer", 2, id="null"),
        pytest.param(Said(body=b"\xff\xfe{"), ModelAway, "answers with what is no answer", 2, id="no text"),
        pytest.param(Said(body=b" " * (40 << 20)), ModelAway, "sends more than 4 MiB, which is no", 1, id="endless"),
        pytest.param(
            Said(body=b" " * (40 << 20), status=500), ModelAway, "sends more than 4 MiB", 1, id="endless failure"
        ),
    ],
)
def test_no_answer(reply: Reply, error: type[SoundstageError], sentence: str, requests: int):
    with desk_before(reply) as opened, pytest.raises(error) as raised:
        opened.desk.ask(sound())
    assert str(raised.value).startswith("The designer's model local:stand-in ")
    assert sentence in str(raised.value)
    assert len(opened.server.requests) == requests


@pytest.mark.parametrize(
    "reply", [silence(), said(GOOD, after=600), trickle(GOOD, 600)], ids=["silence", "late", "trickle"]
)
def test_who_is_late_is_not_waited_for(reply: Reply):
    with desk_before(reply, timeout=0.3) as opened:
        with pytest.raises(ModelAway, match=r"gave no answer within 0\.3 s; try again later"):
            opened.desk.ask(sound())
        wait_until(lambda: opened.server.in_flight == 0)


@pytest.mark.parametrize("output", MODES)
@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        pytest.param(half_answer(), "in 2 tries (the answer: Invalid JSON", id="half an answer"),
        pytest.param(said(TOO_LOUD), "(level: Input should be less than or equal to -6)", id="wrong schema"),
        pytest.param(said({}), "(label: Field required)", id="empty"),
        pytest.param(text("It is rain."), "no usable answer in 2 tries", id="prose"),
        pytest.param(said({}, tool="remove_files"), "(Unknown tool name: 'remove_files'", id="unknown tool"),
        pytest.param(huge(3), "(label: String should have at most 40 characters)", id="huge"),
    ],
)
def test_no_good_answer(reply: Reply, sentence: str, output: str):
    with desk_before(reply, output=output) as opened, pytest.raises(BadAnswer) as raised:
        opened.desk.ask(sound())
    assert sentence in str(raised.value)
    assert "choose another model, or let the house cast stand in" in str(raised.value)
    assert len(opened.server.requests) == 2
    assert len(opened.memory) == 0


@pytest.mark.parametrize("output", MODES)
def test_refusal_is_not_argued_with(output: str):
    with desk_before(refusal(), output=output) as opened, pytest.raises(BadAnswer, match="declined to answer"):
        opened.desk.ask(sound())
    assert len(opened.server.requests) == 1


@pytest.mark.parametrize("output", MODES)
def test_cut_off_answer_says_what_to_raise(output: str):
    expected = pytest.raises(BadAnswer, match="cut off in its answer after 128 tokens; raise most_tokens")
    with desk_before(cut_off(), output=output, most_tokens=128) as opened, expected:
        opened.desk.ask(sound())
    assert {
        asked.body.get("max_completion_tokens", asked.body.get("max_tokens")) for asked in opened.server.requests
    } == {128}


@pytest.mark.parametrize("corrections", [0, 1, 3])
def test_corrections_are_limited(corrections: int):
    with desk_before(said(TOO_LOUD), corrections=corrections) as opened, pytest.raises(BadAnswer):
        opened.desk.ask(sound())
    assert len(opened.server.requests) == corrections + 1
    assert f"in {corrections + 1} tr" in str(opened.exchanges[0].problem)


def test_corrections_are_limited_whatever_is_wrong():
    reply = in_turn(said(TOO_LOUD), half_json(), said(TOO_LOUD))
    with desk_before(reply, corrections=2) as opened, pytest.raises(BadAnswer, match="in 3 tries"):
        opened.desk.ask(sound())
    assert len(opened.server.requests) == 3


@pytest.mark.parametrize("output", MODES)
def test_correction_says_what_was_wrong(output: str):
    with desk_before(in_turn(said(TOO_LOUD), said(GOOD)), output=output) as opened:
        opened.desk.ask(sound())
    first, second = opened.server.requests
    assert "less than or equal to -6" not in messages_of(first)
    assert "less than or equal to -6" in messages_of(second)
    assert second.messages[: len(first.messages)] == first.messages


@pytest.mark.parametrize("output", MODES)
def test_no_system_message_in_the_middle(output: str):
    with desk_before(in_turn(said(TOO_LOUD), said(GOOD)), output=output) as opened:
        opened.desk.ask(sound())
    roles = [message["role"] for message in opened.server.requests[1].messages]
    assert "system" not in roles[roles.index("user") :]


def is_rain(answer: Sound) -> str | None:
    return None if answer.label == "rain" else f"{answer.label!r} is not rain; say rain."


def test_check_sends_an_answer_back():
    with desk_before(in_turn(said({"label": "snow", "level": -20}), said(GOOD))) as opened:
        assert opened.desk.ask(sound(check=is_rain)).label == "rain"
    assert "is not rain; say rain." in messages_of(opened.server.requests[1])


def test_check_that_never_holds():
    with desk_before(said({"label": "snow", "level": -20})) as opened, pytest.raises(BadAnswer, match="is not rain"):
        opened.desk.ask(sound(check=is_rain))
    assert len(opened.server.requests) == 2
    assert len(opened.memory) == 0


def test_unforeseen_failure_keeps_its_cause():
    def broken(answer: Sound) -> str | None:
        return {"snow": "cold"}[answer.label]

    with desk_before(said(GOOD)) as opened, pytest.raises(ModelAway, match="could not be asked") as raised:
        opened.desk.ask(sound(check=broken))
    assert isinstance(raised.value.__cause__, KeyError)
