"""A pipeline's denoising network, called on a canvas longer than it was made for, window by window.

It stands in for the network in the pipeline of diffusers, so that scheduler, guidance and prompts stay the pipeline's:
it cuts the canvas into windows that overlap, asks the network about each, and averages what it says where they
overlap, at every step (MultiDiffusion, arXiv 2302.08113). One network serves any number of these at a time.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from soundstage.synth.canvas import Stopped, Windows
from soundstage.synth.diffusion.latents import Conditions, Latents

# Windows are worked at most so many rows (sounds, twice for guidance) at a time.
_ROWS = 16


class Denoiser(nn.Module):
    """A network over windows; with a single window it is the network as it is."""

    def __init__(self, network: nn.Module, latents: Latents, windows: Windows, stop: Callable[[], bool]) -> None:
        """Wrap a network.

        Args:
            network: a pipeline's transformer or UNet.
            latents: what they are like.
            windows: that cover the canvas.
            stop: asked before each call whether to give up.
        """
        super().__init__()
        self.network = network
        self.config = network.config
        self._latents = latents
        self._windows = windows
        self._stop = stop

    @property
    def device(self) -> torch.device:
        """The network's own."""
        return next(self.network.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The network's own."""
        return next(self.network.parameters()).dtype

    def forward(self, canvas: Tensor, timestep: Tensor, **conditions: Any) -> tuple[Tensor]:  # noqa: ANN401
        """What the network predicts for a canvas (batch, channels, frames, ...), in the same shape.

        Raises:
            Stopped: `stop` said so.
        """
        if self._stop():
            raise Stopped("The sound was given up between two steps.")
        conditions |= {"return_dict": False}
        starts, rows = self._windows.starts, len(canvas)
        if len(starts) == 1:
            return (self.network(canvas, timestep, **conditions)[0],)
        cut = self._cut(canvas)
        group = max(1, _ROWS // rows)
        said = [
            self._asked(cut[first * rows : (first + group) * rows], timestep, conditions, starts[first : first + group])
            for first in range(0, len(starts), group)
        ]
        return (self._joined(torch.cat(said), canvas),)

    def _asked(self, pieces: Tensor, timestep: Tensor, conditions: Conditions, starts: Sequence[int]) -> Tensor:
        """What the network says of the windows that begin at `starts`, all of the first before all of the second."""
        rows = len(pieces) // len(starts)
        repeated = {name: _repeated(value, len(starts), rows) for name, value in conditions.items()}
        told = self._latents.placed(repeated, self._windows, starts, rows)
        said: Tensor = self.network(pieces, _repeated(timestep, len(starts), rows), **told)[0]
        return said

    def _cut(self, canvas: Tensor) -> Tensor:
        flat = canvas.movedim(2, 0)
        cut = self._windows.cut(flat.flatten(1)).reshape(-1, self._windows.window, *flat.shape[1:])
        return cut.movedim(1, 3).flatten(0, 1)

    def _joined(self, pieces: Tensor, canvas: Tensor) -> Tensor:
        windows = pieces.reshape(-1, *canvas.shape[:2], *pieces.shape[2:]).movedim(3, 1)
        joined = self._windows.join(windows.flatten(2))
        return joined.reshape(-1, *windows.shape[2:]).movedim(0, 2)


def _repeated(value: Any, times: int, rows: int) -> Any:  # noqa: ANN401
    """A tensor that has a row for each sound, with these rows as often as there are windows."""
    if isinstance(value, Tensor) and value.ndim and len(value) == rows:
        return value.repeat(times, *(1,) * (value.ndim - 1))
    return value
