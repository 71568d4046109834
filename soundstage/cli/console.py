"""What the user sees: progress bars, tables and JSON."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Never

import structlog
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table


class _Console(Console):
    def on_broken_pipe(self) -> Never:
        # Rich would end the run as a fault; the command line knows better.
        raise BrokenPipeError


stdout = _Console(highlight=False, soft_wrap=True)
stderr = _Console(stderr=True, highlight=False, soft_wrap=True)


class StageBars:
    """One progress bar per stage, added when the stage first reports."""

    def __init__(self, progress: Progress) -> None:
        """Args: progress: the live display."""
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def __call__(self, stage: str, fraction: float) -> None:
        """Move the bar of a stage to `fraction` (0 to 1)."""
        if stage not in self._bars:
            self._bars[stage] = self._progress.add_task(stage, total=1.0)
        self._progress.update(self._bars[stage], completed=min(fraction, 1.0))


@contextmanager
def stage_bars(quiet: bool) -> Iterator[StageBars]:
    """Show bars on stderr while the block runs; `quiet` shows none."""
    columns = (
        TextColumn("[bold]{task.description:<11}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=stderr, disable=quiet) as progress:
        yield StageBars(progress)


def log_to_stderr(level: int) -> None:
    """Send the engine's structured log to stderr, from `level` (of `logging`) on."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def print_json(value: object) -> None:
    """Print one JSON value on stdout, for a program to read."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None) -> None:
    """Print rows of text; markup in the cells is not interpreted."""
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(cell.replace("[", r"\[") for cell in row))
    stdout.print(table)


def print_wide_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows whose cells stay whole, to be copied from, however narrow the screen is."""
    widths = [max(len(cell) for cell in cells) for cells in zip(columns, *rows, strict=True)]
    for number, row in enumerate((columns, *rows)):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        stdout.print(line.rstrip(), markup=False, style=None if number else "bold")


def print_facts(facts: Mapping[str, str]) -> None:
    """Print names and values, one pair a line."""
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        stdout.print(f"{name:<{width}}  {value}", markup=False)
