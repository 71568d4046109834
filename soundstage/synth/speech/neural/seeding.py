"""Chance within a network that offers no seed, made to follow one: for this thread and this block only."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class Seeded(TorchFunctionMode):
    """Inside `with Seeded(seed):`, what this thread draws follows the seed; other threads notice nothing.

    What is drawn on any device is drawn on the CPU, so that it is the same everywhere.
    """

    def __init__(self, seed: int) -> None:
        """Args: seed: any integer."""
        super().__init__()
        self._generator = torch.Generator().manual_seed(seed % 2**63)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        """Torch calls this in place of its functions."""
        options = dict(kwargs or {})
        if func is torch.randn:
            return func(*args, **{"generator": self._generator, **options})
        if func is torch.randn_like:
            return torch.randn(args[0].shape, generator=self._generator).to(args[0])
        if func is torch.bernoulli:
            share = options.get("p", args[1] if len(args) > 1 else args[0].cpu())
            return (torch.rand(args[0].shape, generator=self._generator) < share).to(args[0])
        return func(*args, **options)
