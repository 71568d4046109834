"""What a film of ten minutes asks of each role's model: questions and tokens, through the whole llm cast.

    python -m benchmarks.costs

The model is a scripted stand-in over a socket that gives answers of usual length; of three shots it makes a scene.
Tokens are reckoned from what is really sent, at four characters a token and one token for each 28 x 28 pixels of a
picture (as Qwen2.5-VL counts them); other models count pictures otherwise. Dollars are told for a model that takes one
for a million tokens in and four for a million out.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import cast

from benchmarks.engine import long_film
from soundstage.agents.names import CastName
from soundstage.casting import Casting
from soundstage.options import StudioOptions
from soundstage.pipeline import Studio
from soundstage.turns import TurnLog
from soundstage.workfolder import WorkFolder
from tests.agents.llm.asked import Asked
from tests.agents.llm.standin import Reply, Said, said, standin
from tests.agents.llm.studio import STREET, material, sensible

_CHARACTERS = 4
_PATCH = 28 * 28
_PICTURE = (512, 288)
_SHOTS_A_SCENE = 3
_IN, _OUT = 1e-6, 4e-6


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=int, default=10)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, standin(_counted) as server:
        film = long_film(Path(scratch), asked.minutes)
        folder = WorkFolder(Path(scratch) / "work")
        with folder.locked():
            casting = Casting(CastName.LLM, "openai-chat:standin", server.url)
            studio = Studio(film, folder, casting.cast(folder), (), StudioOptions(transcribe=False))
            scenes, shots = len(studio.sheet.scenes), len(studio.reading.shots)
        print(f"{asked.minutes} minutes, {shots} shots, {scenes} scenes")
        tell(TurnLog(folder.root))


def tell(log: TurnLog) -> None:
    """One line a role, and their sum."""
    print(f"{'role':<14}{'questions':>10}{'tokens in':>12}{'tokens out':>12}{'dollars':>10}")
    total = [0, 0, 0]
    for role, costs in log.costs().items():
        row = [costs.questions, costs.tokens_in, costs.tokens_out]
        total = [a + b for a, b in zip(total, row, strict=True)]
        _row(role, row)
    _row("all", total)


def _row(name: str, row: list[int]) -> None:
    questions, came, went = row
    print(f"{name:<14}{questions:>10}{came:>12}{went:>12}{came * _IN + went * _OUT:>10.2f}")


def _counted(asked: Asked) -> Reply:
    """The scripted answer, with the tokens that it and its question would count."""
    answer = _answer(asked)
    pictures = len(asked.images) * _PICTURE[0] * _PICTURE[1] // _PATCH
    schema = len(str(asked.schema or ""))
    tokens_in = (len(asked.system) + len(asked.user) + schema) // _CHARACTERS + pictures
    return replace(answer, tokens_in=tokens_in, tokens_out=len(answer.words or "") // _CHARACTERS)


def _answer(asked: Asked) -> Said:
    reply: Reply = sensible(**{"You are the Storyboarder": _judged})
    while not isinstance(reply, Said):
        reply = reply(asked)
    return reply


def _judged(asked: Asked) -> Said:
    merge = cast(int, material(asked)["after"]["shot"]) % _SHOTS_A_SCENE != 0
    verdict = {"merge": merge, "confidence": 0.8, "reason": "the ride goes on down the same street"}
    return said({**verdict, "caption": dict(STREET)} if merge else verdict)


if __name__ == "__main__":
    main()
