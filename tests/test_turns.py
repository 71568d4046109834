from pathlib import Path

import pytest

from soundstage.agents.record import Exchange
from soundstage.turns import TURNS_FILE, TurnLog


def asked(answer: str) -> Exchange:
    return Exchange(role="designer", prompt="designer_draft@1.1", model="openai-chat:x", answer=answer, tokens_in=5)


# A run that is killed, or whose disk is full, may leave half a line; it may end inside of a character.
CUT = [pytest.param(-2, id="before its end"), pytest.param(-1, id="before its line end"), pytest.param(90, id="early")]


@pytest.mark.parametrize("kept", CUT)
def test_what_follows_a_line_cut_short_is_read(tmp_path: Path, kept: int) -> None:
    log = TurnLog(tmp_path)
    log.add(asked("a dog"))
    path = tmp_path / TURNS_FILE
    path.write_bytes(path.read_bytes()[:kept])
    log.add(asked("a cat"))
    assert [each.answer for each in log.read()][-1] == "a cat"


def test_a_line_cut_inside_of_a_character_is_left_out(tmp_path: Path) -> None:
    log = TurnLog(tmp_path)
    log.add(asked("a dog"))
    log.add(asked("собака"))
    path = tmp_path / TURNS_FILE
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index("собака".encode()) + 3])
    assert [each.answer for each in log.read()] == ["a dog"]
    assert log.costs()["designer"].tokens_in == 5
