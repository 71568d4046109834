"""Many questions at the same time, their answers in order."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Lock
from typing import TypeVar

from soundstage.agents.roles import Cast

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")
Progress = Callable[[float], None]


def at_once(
    work: Callable[[_Task], _Result],
    tasks: Sequence[_Task],
    cast: Cast,
    workers: int = 1,
    progress: Progress = lambda fraction: None,
) -> list[_Result]:
    """Results of a cast in the order of the tasks; progress counts what is finished.

    When one fails, or the caller is interrupted, the cast is told to leave what is still open.

    Args:
        work: asks one question; called from several threads.
        tasks: what it is called with.
        cast: who is asked.
        workers: tasks at a time; at least as many as the cast answers at once.
        progress: called with 0..1.
    """
    return side_by_side(work, tasks, max(workers, cast.at_once), cast.abandon, progress)


def side_by_side(
    work: Callable[[_Task], _Result],
    tasks: Sequence[_Task],
    workers: int,
    leave: Callable[[], None] = lambda: None,
    progress: Progress = lambda fraction: None,
) -> list[_Result]:
    """Results in the order of the tasks, up to `workers` at a time; the first error ends it.

    Args:
        work: called from several threads.
        tasks: what it is called with.
        workers: tasks at a time.
        leave: called when one fails, or the caller is interrupted: it ends what is still open.
        progress: called with 0..1.
    """
    done, lock = 0, Lock()

    def run(task: _Task) -> _Result:
        nonlocal done
        result = work(task)
        with lock:
            done += 1
            progress(done / len(tasks))
        return result

    with ThreadPoolExecutor(max(1, workers)) as pool:
        futures = [pool.submit(run, task) for task in tasks]
        try:
            for finished in wait(futures, return_when=FIRST_EXCEPTION).done:
                finished.result()
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            leave()
            raise
