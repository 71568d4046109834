"""Material that is made once and then only played: loops of noise, grains, passing cars.

What is a source's own is made from its seed, what nobody can tell apart (a loop of noise of one colour) from nothing
but its shape. Performances differ by where in it they begin and by how they weave and scatter it.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from functools import wraps
from typing import ParamSpec, TypeVar

_Key = ParamSpec("_Key")
_Made = TypeVar("_Made")


def made_once(most: int) -> Callable[[Callable[_Key, _Made]], Callable[_Key, _Made]]:
    """Keep what a function made, by its arguments (which must be hashable and stand in order).

    Unlike `functools.lru_cache`, threads that want the same at the same time wait for one making. What is given is
    shared, and for reading only.

    Args:
        most: how many results are kept; the one not wanted for longest goes first.
    """

    def keeping(make: Callable[_Key, _Made]) -> Callable[_Key, _Made]:
        kept: OrderedDict[Hashable, Future[_Made]] = OrderedDict()
        lock = threading.Lock()

        @wraps(make)
        def given(*key: _Key.args, **none: _Key.kwargs) -> _Made:
            with lock:
                mine = key not in kept
                future = kept.setdefault(key, Future())
                kept.move_to_end(key)
                if len(kept) > most:
                    kept.popitem(last=False)
            if not mine:
                return future.result()
            try:
                future.set_result(make(*key, **none))
            except BaseException as error:
                future.set_exception(error)
                with lock:
                    kept.pop(key, None)
                raise
            return future.result()

        return given

    return keeping
