"""FoleyCrafter as a whole: words, what is seen and known events to the samples of a sound of any length."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundstage.synth.canvas import Stopped, Windows, noise
from soundstage.synth.foleycrafter.denoiser import Denoiser, Guide, Window
from soundstage.synth.foleycrafter.eyes import Eyes, Sight
from soundstage.synth.foleycrafter.foreign import Scheduler
from soundstage.synth.foleycrafter.ruler import Ruler
from soundstage.synth.foleycrafter.spectrogram import Sounder
from soundstage.synth.foleycrafter.timing import map_of_events, map_of_logits
from soundstage.synth.foleycrafter.words import Words


@dataclass(frozen=True)
class Wanted:
    """A sound to make.

    `events` are known times in seconds from its start; they outweigh what the onset detector saw. `steps`,
    `guidance` (1: none) and `temporal`, how far the temporal map is heeded, are as published.
    """

    prompt: str
    avoided: str
    duration: float
    seed: int
    sight: Sight | None = None
    events: tuple[float, ...] = ()
    steps: int = 25
    guidance: float = 7.5
    temporal: float = 0.2


class FoleyCrafter:
    """All networks together. Safe to use from several threads, whose windows share forward passes."""

    def __init__(
        self, eyes: Eyes, words: Words, denoiser: Denoiser, sounder: Sounder, scheduler: Scheduler, ruler: Ruler
    ) -> None:
        """Args: the networks. scheduler: how noise is taken away, never changed. ruler: the times they keep."""
        self.eyes = eyes
        self.ruler = ruler
        self._words = words
        self._denoiser = denoiser
        self._sounder = sounder
        self._scheduler = scheduler

    def sound(self, wanted: Wanted, stop: Callable[[], bool]) -> NDArray[np.float32]:
        """Samples of a sound at `ruler.sample_rate` Hz, shape (frames, 1), as long as was wanted.

        Args:
            wanted: what to make.
            stop: asked before every step whether to give up.

        Raises:
            Stopped: `stop` said so.
            BadModel: the device's memory is too small for one window.
        """
        blocks = []
        for block in self.compose(wanted):
            if stop():
                raise Stopped("The sound was given up.")
            blocks.append(block)
        return np.concatenate(blocks)

    @torch.inference_mode()
    def compose(self, wanted: Wanted) -> Iterator[NDArray[np.float32]]:
        """The same, with an empty block before every step: there it may be closed when nobody wants it any more."""
        windows = self.ruler.windows(wanted.duration)
        guides = self._guides(wanted, windows)
        scheduler = type(self._scheduler).from_config(self._scheduler.config)  # each sound keeps its own count
        scheduler.set_timesteps(wanted.steps)
        canvas = self._noise(wanted.seed, windows) * scheduler.init_noise_sigma
        for time in scheduler.timesteps:
            yield np.empty((0, 1), np.float32)
            views = self._views(windows, scheduler.scale_model_input(canvas, time))
            steps = [Window(view, time, guide) for view, guide in zip(views, guides, strict=True)]
            heard = _joined(windows, self._denoiser.noise(steps))
            canvas = scheduler.step(heard, time, canvas, return_dict=False)[0]
        samples = self._sounder.sound(self._views(windows, canvas), self.ruler.columns(windows))
        yield samples[: round(wanted.duration * self.ruler.sample_rate), None].numpy()

    def _noise(self, seed: int, windows: Windows) -> Tensor:
        """What a sound begins with: drawn on the CPU, so that every device begins alike."""
        return noise(seed, windows.length, self._denoiser.channels * self.ruler.rows).to(self._denoiser.device)

    def _views(self, windows: Windows, canvas: Tensor) -> list[Tensor]:
        """The windows of a canvas (latents, channels × height), each as (channels, height, latents)."""
        cut = windows.cut(canvas)
        return list(cut.view(*cut.shape[:2], self._denoiser.channels, -1).permute(0, 2, 3, 1))

    def _guides(self, wanted: Wanted, windows: Windows) -> list[Guide]:
        """What each window is denoised towards."""
        words = self._words.embedded([wanted.avoided, wanted.prompt])
        sounding, strength = self._sounding(wanted, windows)
        columns = self.ruler.columns(windows)
        parts = columns.cut(sounding[:, None])[:, :, 0].to(words.device)
        return [
            Guide(words, self._meaning(wanted.sight, *span).to(words.device), part, strength, wanted.guidance)
            for span, part in zip(self.ruler.seconds(windows), parts, strict=True)
        ]

    def _meaning(self, sight: Sight | None, start: float, end: float) -> Tensor:
        return sight.meaning(start, end) if sight else torch.zeros(self.eyes.size)

    def _sounding(self, wanted: Wanted, windows: Windows) -> tuple[Tensor, float]:
        """The temporal map of the whole sound, and how far to heed it: not at all where nothing is known."""
        columns, rate = windows.length * self.ruler.scale, self.ruler.column_rate
        if wanted.events:
            return map_of_events(wanted.events, columns, rate), wanted.temporal
        if wanted.sight is not None and wanted.sight.onsets is not None:
            return map_of_logits(wanted.sight.onsets, columns, rate), wanted.temporal
        return -torch.ones(columns), 0.0


def _joined(windows: Windows, pieces: list[Tensor]) -> Tensor:
    """What windows say of (channels, height, latents), averaged to (latents, channels × height)."""
    return windows.join(torch.stack(pieces).permute(0, 3, 1, 2).flatten(2))
