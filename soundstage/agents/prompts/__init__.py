"""What the roles are told: one file a role and purpose, its version in the first line.

The text never changes with a film: what is to be judged comes as data beside it. Whoever changes a prompt raises its
version, so that answers to the old one are not taken for answers to the new.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_FIRST_LINE = re.compile(r"<!-- version: (\d+) -->\n")


@dataclass(frozen=True)
class Prompt:
    """A prompt; `name` is the file's; `version` is its own, then that of the rules that all share."""

    name: str
    version: str
    text: str

    @property
    def role(self) -> str:
        """Whose it is: the part of the name before the first underscore."""
        return self.name.partition("_")[0]

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@cache
def prompt(name: str) -> Prompt:
    """The prompt of that name, with the rules that all share in front of it."""
    (shared, rules), (own, text) = _read("shared"), _read(name)
    return Prompt(name, f"{own}.{shared}", f"{rules}\n{text}")


def _read(name: str) -> tuple[int, str]:
    text = (_FOLDER / f"{name}.md").read_text(encoding="utf-8")
    first = _FIRST_LINE.match(text)
    if first is None:
        raise ValueError(f"the prompt {name} does not begin with its version")
    return int(first[1]), text[first.end() :].strip() + "\n"


def names() -> tuple[str, ...]:
    """The names of all prompts."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.md") if path.stem != "shared"))
