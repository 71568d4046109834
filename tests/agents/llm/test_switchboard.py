import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest

from soundstage.agents.llm import switchboard as module
from soundstage.agents.llm.switchboard import switchboard
from soundstage.errors import ModelRefused
from tests.agents.llm.asked import Asked
from tests.agents.llm.desks import (
    GOOD,
    TOO_LOUD,
    Sound,
    ask_in_threads,
    desk_before,
    sound,
    wait_until,
)
from tests.agents.llm.standin import (
    Reply,
    hang_up,
    in_turn,
    said,
    silence,
    status,
)


def test_no_more_than_the_concurrency_is_open():
    with desk_before(said(GOOD, after=0.05), concurrency=3) as opened:
        ask_in_threads(opened, [sound(f"{number}") for number in range(12)])
    assert len(opened.server.requests) == 12
    assert opened.server.in_flight_most <= 3


def test_questions_asked_together_are_answered_in_order():
    def by_scene(asked: Asked) -> Reply:
        return said({**GOOD, "label": f"scene {asked.user.count('x')}"}, after=0.1 if "xxx" not in asked.user else 0)

    with desk_before(by_scene, concurrency=4) as opened:
        answers = opened.desk.ask_all([sound("x" * number) for number in range(1, 5)])
    assert [answer.label for answer in answers] == [f"scene {number}" for number in range(1, 5)]


def test_all_at_once_go_over_the_wire_together():
    meeting = threading.Barrier(4, timeout=60)

    def together(asked: Asked) -> Reply:
        meeting.wait()
        return said(GOOD)

    with desk_before(together, concurrency=4) as opened:
        assert len(opened.desk.ask_all([sound(f"{number}") for number in range(4)])) == 4


def by_words(asked: Asked) -> Reply:
    return status(400) if "bad" in asked.user else silence() if "silent" in asked.user else said(GOOD)


def test_one_that_fails_leaves_those_asked_with_it():
    with desk_before(by_words, concurrency=8) as opened:
        with pytest.raises(ModelRefused):
            opened.desk.ask_all([sound("bad"), *(sound(f"silent {number}") for number in range(12))])
        wait_until(lambda: opened.server.in_flight == 0)
        assert opened.desk.ask(sound("good")).label == "rain"


def test_one_that_fails_leaves_no_others():
    gate = threading.Event()

    def reply(asked: Asked) -> Reply:
        if "patient" in asked.user:
            gate.wait()
        return by_words(asked)

    with desk_before(reply, concurrency=8) as opened, ThreadPoolExecutor() as pool:
        other = pool.submit(opened.desk.ask, sound("patient"))
        wait_until(lambda: opened.server.in_flight == 1)
        with pytest.raises(ModelRefused):
            opened.desk.ask_all([sound("bad"), sound("silent")])
        gate.set()
        assert other.result().label == "rain"


def test_leaving_ends_what_is_open_and_what_waits():
    with desk_before(silence(), concurrency=2) as opened, ThreadPoolExecutor() as pool:
        waiting = [pool.submit(opened.desk.ask, sound(f"{number}")) for number in range(6)]
        wait_until(lambda: opened.server.in_flight == 2)
        opened.desk.leave()
        for asked in waiting:
            with pytest.raises(CancelledError):
                asked.result(timeout=60)
        wait_until(lambda: opened.server.in_flight == 0)
    assert not opened.exchanges


def test_leaving_ends_questions_asked_together():
    with desk_before(silence(), concurrency=4) as opened, ThreadPoolExecutor() as pool:
        together = pool.submit(opened.desk.ask_all, [sound(f"{number}") for number in range(9)])
        wait_until(lambda: opened.server.in_flight == 4)
        opened.desk.leave()
        with pytest.raises(CancelledError):
            together.result(timeout=60)


def test_question_left_during_its_correction_is_paid_for():
    with desk_before(in_turn(said(TOO_LOUD), silence())) as opened, ThreadPoolExecutor() as pool:
        asked = pool.submit(opened.desk.ask, sound())
        wait_until(lambda: len(opened.server.requests) == 2)
        opened.desk.leave()
        with pytest.raises(CancelledError):
            asked.result(timeout=60)
    (exchange,) = opened.exchanges
    assert (exchange.tokens_in, exchange.requests) == (100, 1)
    assert exchange.problem == "The question was left before it was answered."


INTERRUPTED = """
import os, signal, threading
from tests.agents.llm.desks import desk_before, sound, wait_until
from tests.agents.llm.standin import silence

with desk_before(silence()) as opened:
    def interrupt():
        wait_until(lambda: opened.server.in_flight == 1)
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=interrupt).start()
    try:
        opened.desk.ask(sound())
    except KeyboardInterrupt:
        wait_until(lambda: opened.server.in_flight == 0)
        print("nothing is open")
"""


def test_interrupt_leaves_no_question_open():
    ended = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=120, check=True)
    assert ended.stdout == "nothing is open\n"
    assert ended.stderr == ""


def test_thread_that_is_gone_leaves_the_line_to_others():
    """A place is free again after every question, whatever became of it."""
    replies = in_turn(status(400), hang_up(), hang_up(), said(TOO_LOUD), said(TOO_LOUD), said(GOOD))
    with desk_before(replies, concurrency=1) as opened:
        answers = [ask_in_threads(opened, [sound(f"{number}")])[0] for number in range(4)]
    assert isinstance(answers[-1], Sound)


def forked(ask: Callable[[], Sound]) -> int:
    """The exit code of a child that asks: 0 when it rains."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if ask().label == "rain" else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_process_asks_on_a_line_of_its_own():
    with desk_before(said(GOOD)) as opened:
        opened.desk.ask(sound("parent"))
        mine = switchboard()
        assert forked(lambda: opened.desk.ask(sound("child"))) == 0
        assert opened.desk.ask(sound("parent again")).label == "rain"
    assert switchboard() is mine
    assert len(opened.server.requests) == 3


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_while_another_thread_looks_for_the_line():
    switchboard()
    with desk_before(said(GOOD)) as opened, module._lock:
        assert forked(lambda: opened.desk.ask(sound("child"))) == 0


def test_one_line_for_all_threads():
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: switchboard(), range(64)))) == 1
