"""The diffusion network: what is noise in a window of a latent, given words, pictures and the temporal map."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from soundstage.networks.desk import Desk
from soundstage.synth.foleycrafter.foreign import ControlNet, Unet


@dataclass(frozen=True)
class Guide:
    """What a window is denoised towards, all on the network's device.

    `words` are embeddings of what to keep away from and of what is wanted, shape (2, tokens, channels);
    `meaning` that of the pictures, shape (channels,), zeros where nothing is seen; `sounding` the temporal map,
    shape (columns,). `strength` is how far the map is heeded (0: not at all), `guidance` how far the words are.
    """

    words: Tensor
    meaning: Tensor
    sounding: Tensor
    strength: float
    guidance: float


@dataclass(frozen=True)
class Window:
    """One window at one step: its latent of shape (channels, height, width), and the step's time."""

    latent: Tensor
    time: Tensor
    guide: Guide


class Denoiser:
    """The UNet with both adapters. Windows of many cues, whichever step each is at, share a forward pass."""

    def __init__(self, unet: Unet, temporal: ControlNet, bands: int, most: int = 8) -> None:
        """Prepare to work.

        Args:
            unet: with the semantic adapter in it.
            temporal: the temporal adapter.
            bands: rows of the spectrogram that the map stands beside.
            most: windows in one pass; each counts twice, for guidance.
        """
        self._unet = unet
        self._temporal = temporal
        self._bands = bands
        self._desk = Desk(self._noise, most=most, name="FoleyCrafter")

    @property
    def channels(self) -> int:
        """Channels of a latent."""
        return int(self._unet.config.in_channels)

    @property
    def device(self) -> torch.device:
        """Where it works."""
        device: torch.device = self._unet.device
        return device

    def noise(self, windows: Sequence[Window]) -> list[Tensor]:
        """The guided noise in each window, float32; waits for a place in a batch.

        Raises:
            BadModel: not even one window fits into the device's memory.
        """
        return self._desk.ask(windows)

    @torch.inference_mode()
    def _noise(self, windows: Sequence[Window]) -> list[Tensor]:
        guides = [window.guide for window in windows]
        latents = torch.stack([window.latent for window in windows]).to(self._unet.dtype)
        words = torch.stack([guide.words for guide in guides], 1).flatten(0, 1).to(latents)
        meanings = torch.stack([guide.meaning for guide in guides])[:, None].to(latents)
        maps = torch.stack([guide.sounding for guide in guides])[:, None, None].expand(-1, 1, self._bands, -1)
        plain, guided = self._predicted(
            latents.repeat(2, 1, 1, 1),
            torch.stack([window.time for window in windows]).to(latents.device).repeat(2),
            words,
            torch.cat([torch.zeros_like(meanings), meanings]),
            maps.to(latents).repeat(2, 1, 1, 1),
            latents.new_tensor([guide.strength for guide in guides]).repeat(2).view(-1, 1, 1, 1),
        ).chunk(2)
        guidance = plain.new_tensor([guide.guidance for guide in guides]).view(-1, 1, 1, 1)
        return list(plain + guidance * (guided - plain))

    def _predicted(
        self, latents: Tensor, times: Tensor, words: Tensor, meanings: Tensor, maps: Tensor, strengths: Tensor
    ) -> Tensor:
        """The adapters' and the UNet's own pass: noise without and with the words and pictures, float32."""
        down, middle = self._temporal(
            latents,
            times,
            encoder_hidden_states=words,
            controlnet_cond=maps,
            conditioning_scale=strengths,
            return_dict=False,
        )
        noise: Tensor = self._unet(
            latents,
            times,
            encoder_hidden_states=words,
            added_cond_kwargs={"image_embeds": [meanings]},
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
            return_dict=False,
        )[0]
        return noise.float()
