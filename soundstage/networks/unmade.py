"""Networks without weights of their own, to lay loaded ones into: no memory, no time for random numbers."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

T = TypeVar("T")


def unmade(build: Callable[[], T]) -> T:
    """What `build` makes, with all its tensors on the meta device; only in this thread, only meanwhile.

    Buffers that no checkpoint holds stay there: a network that is built so must have none.
    """
    with torch.device("meta"), _WithoutInitialisation():
        return build()


class _WithoutInitialisation(TorchFunctionMode):
    """Leaves out drawing first weights: on the meta device it loads torch's compiler, seconds for nothing."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        given = kwargs or {}
        if getattr(func, "__module__", None) == nn.init.__name__:
            return given["tensor"] if "tensor" in given else args[0]
        return func(*args, **given)
