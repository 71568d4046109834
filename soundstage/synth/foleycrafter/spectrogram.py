"""From latents to sound: Auffusion's pictures of spectrograms are decoded, read as log-mel, and sounded."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from soundstage.networks.desk import Desk
from soundstage.networks.hifigan import HifiGan
from soundstage.synth.canvas import Windows
from soundstage.synth.foleycrafter.foreign import Decoder

_QUIETEST = math.log(1e-5)
_LOUDEST = math.log(200)


def log_mel(pictures: Tensor) -> Tensor:
    """Spectrograms as the decoder paints them, to log-mel of shape (n, bands, columns).

    The three colours are the same; black is the quietest (1e-5), white the loudest (200), and the lowest
    band is the lowest row.

    Args:
        pictures: shape (n, 3, bands, columns), -1 (black) to 1 (white); beyond that they are clipped.
    """
    grey = (pictures[:, 0] / 2 + 0.5).clamp(0, 1)
    return grey.flip(1) * (_LOUDEST - _QUIETEST) + _QUIETEST


class Sounder:
    """The decoder and the vocoder. Safe to use from several threads."""

    def __init__(self, decoder: Decoder, vocoder: HifiGan, most: int = 4) -> None:
        """Args: decoder: of latents. vocoder: of log-mel. most: windows decoded in one pass."""
        self._decoder = decoder
        self._vocoder = vocoder
        self._desk = Desk(self._decoded, most=most, name="FoleyCrafter's decoder")

    @torch.inference_mode()
    def sound(self, latents: Sequence[Tensor], columns: Windows) -> Tensor:
        """Samples of the whole sound, mono, on the CPU.

        Args:
            latents: of its windows, each of shape (channels, height, width).
            columns: where the windows lie, in spectrogram columns.
        """
        mel = columns.join(torch.stack(self._desk.ask(latents)).transpose(1, 2))
        return self._vocoder.in_pieces(mel.T[None], columns.window)[0].cpu()

    @torch.inference_mode()
    def _decoded(self, latents: Sequence[Tensor]) -> list[Tensor]:
        scaled = torch.stack(list(latents)) / self._decoder.config.scaling_factor
        return list(log_mel(self._decoder.decode(scaled.to(self._decoder.dtype), return_dict=False)[0].float()))
