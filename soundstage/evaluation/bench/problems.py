"""What is wrong with a bench: in which file, in which entry, and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong; `str` makes it a line to read.

    A `grave` one keeps the film from being scored, others only make its scores worth less. `entry` is the film's id,
    `file` the file that the problem is in.
    """

    entry: str
    file: str
    says: str
    grave: bool = True

    def __str__(self) -> str:
        word = "error" if self.grave else "warning"
        return f"{word}: {self.file} ({self.entry}): {self.says}"
