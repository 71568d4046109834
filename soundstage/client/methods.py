"""Each call is written once, as a coroutine or an asynchronous generator over a `Core`; here it becomes a method."""

import functools
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from soundstage.client.core import Core
from soundstage.client.running import finish, iterate

P = ParamSpec("P")
T = TypeVar("T")
Bound = TypeVar("Bound")

Work = Callable[Concatenate[Core, P], Coroutine[Any, Any, T]]
Walk = Callable[Concatenate[Core, P], AsyncGenerator[T, None]]


class HasCore(Protocol):
    """A client."""

    core: Core


class Method(Generic[Bound]):
    """A call as a method: `bind` makes it one of a client."""

    def __init__(self, call: Callable[..., object], bind: Callable[[Core], Bound]) -> None:
        self._bind = bind
        self.__doc__ = call.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: HasCore, owner: type) -> Bound: ...
    def __get__(self, client: HasCore | None, owner: type) -> Self | Bound:
        return self if client is None else self._bind(client.core)


def now(work: Work[P, T]) -> Method[Callable[P, T]]:
    """Of the blocking client."""

    def bind(core: Core) -> Callable[P, T]:
        @functools.wraps(work)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            return finish(work(core, *args, **kwargs))

        return call

    return Method(work, bind)


def each(walk: Walk[P, T]) -> Method[Callable[P, Iterator[T]]]:
    """Of the blocking client, for a list or a stream."""

    def bind(core: Core) -> Callable[P, Iterator[T]]:
        @functools.wraps(walk)
        def call(*args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
            return iterate(walk(core, *args, **kwargs))

        return call

    return Method(walk, bind)


def later(work: Work[P, T]) -> Method[Callable[P, Coroutine[Any, Any, T]]]:
    """Of the asynchronous client."""
    return Method(work, lambda core: functools.partial(work, core))


def each_later(walk: Walk[P, T]) -> Method[Callable[P, AsyncGenerator[T, None]]]:
    """Of the asynchronous client, for a list or a stream."""
    return Method(walk, lambda core: functools.partial(walk, core))
