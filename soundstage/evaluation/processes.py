"""Processes of their own for work on several films at once."""

import logging
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import structlog


def processes(count: int) -> ProcessPoolExecutor:
    """A pool of so many processes, begun anew: none inherits threads or locks of ours."""
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_tell_problems_only)


def _tell_problems_only() -> None:
    """A process of its own knows nothing of how its parent logs: it must not write into what that prints."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
