"""The sizes in which MMAudio is published, and how long its sequences are for a sound of some length.

Figures are those of github.com/hkchengrex/MMAudio (MIT): sequence_config.py and networks.py.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

PICTURES_PER_SECOND = 8
"""Pictures that CLIP looks at, in a second of film."""

FRAMES_PER_SECOND = 25
"""Frames that Synchformer looks at, in a second of film."""

SEGMENT = 16
"""Frames that Synchformer looks at at once."""

SEGMENT_STEP = 8
"""Frames from one segment's start to the next one's."""

SEGMENT_FEATURES = 8
"""Features that Synchformer gives for one segment."""

SHORTEST = SEGMENT / FRAMES_PER_SECOND
"""Seconds below which there is not one segment to synchronise with."""

TRAINED_SECONDS = 8.0
"""Length of the sounds that all variants were trained on."""

_LATENT_FRAMES = 2  # spectrogram frames that one latent stands for


@dataclass(frozen=True)
class Lengths:
    """How many latents, CLIP features and Synchformer features one sound has."""

    latent: int
    clip: int
    sync: int


@dataclass(frozen=True)
class Sampling:
    """How a variant's sound is sampled: `hop` samples a spectrogram frame, of `bands` mel bands.

    `channels` are those of the latent, `width` the autoencoder's own at its highest rate.
    """

    name: str
    sample_rate: int
    hop: int
    bands: int
    channels: int
    width: int

    @property
    def latent_rate(self) -> float:
        """Latents a second."""
        return self.sample_rate / self.samples_per_latent

    @property
    def samples_per_latent(self) -> int:
        """Samples of sound that one latent stands for."""
        return self.hop * _LATENT_FRAMES

    def lengths(self, duration: float) -> Lengths:
        """Sequence lengths of a sound of `duration` seconds; the latents cover at least all of it.

        Raises:
            ValueError: it is shorter than `SHORTEST`.
        """
        if duration < SHORTEST:
            raise ValueError(f"MMAudio makes no sound of {duration:g} s; ask for at least {SHORTEST:g} s.")
        segments = (duration * FRAMES_PER_SECOND - SEGMENT) // SEGMENT_STEP + 1
        return Lengths(
            latent=math.ceil(duration * self.sample_rate / self.hop / _LATENT_FRAMES),
            clip=int(duration * PICTURES_PER_SECOND),
            sync=int(segments) * SEGMENT_FEATURES,
        )


AT_16K = Sampling("16k", sample_rate=16_000, hop=256, bands=80, channels=20, width=384)
AT_44K = Sampling("44k", sample_rate=44_100, hop=512, bands=128, channels=40, width=512)


@dataclass(frozen=True)
class Variant:
    """One size of the network that turns noise into latents.

    Of `depth` blocks the last `fused` know the sound alone; the first ones work sound, pictures and words jointly.
    `revised` stands for the changes of the "_v2" checkpoints: SiLU in every input and a finer sense of time.
    """

    name: str
    sampling: Sampling
    heads: int
    depth: int
    fused: int
    revised: bool = False
    head_channels: int = 64
    clip_channels: int = 1024
    sync_channels: int = 768
    text_channels: int = 1024
    text_length: int = 77

    @property
    def hidden(self) -> int:
        """Channels inside the network."""
        return self.heads * self.head_channels


VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {
        variant.name: variant
        for variant in (
            Variant("small_16k", AT_16K, heads=7, depth=12, fused=8),
            Variant("small_44k", AT_44K, heads=7, depth=12, fused=8),
            Variant("medium_44k", AT_44K, heads=14, depth=12, fused=8),
            Variant("large_44k", AT_44K, heads=14, depth=21, fused=14),
            Variant("large_44k_v2", AT_44K, heads=14, depth=21, fused=14, revised=True),
        )
    }
)
"""The published variants by name."""
