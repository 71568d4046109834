"""How seconds, samples, spectrogram columns and latents of a sound correspond."""

import math
from dataclasses import dataclass

from soundstage.synth.canvas import Windows

_OVERLAP = 4  # a quarter of a window is shared with the next one


@dataclass(frozen=True)
class Ruler:
    """Spectrogram columns of `hop` samples at `sample_rate` Hz; a latent stands for `scale` columns and bands.

    `bands` are those of the spectrogram. The network was trained on windows of `window` columns: 10.24 s, of which
    what was published gives 10.
    """

    sample_rate: int = 16_000
    hop: int = 160
    scale: int = 8
    window: int = 1024
    bands: int = 256

    @property
    def column_rate(self) -> float:
        """Spectrogram columns a second."""
        return self.sample_rate / self.hop

    @property
    def rows(self) -> int:
        """Height of a latent."""
        return self.bands // self.scale

    def latents(self, duration: float) -> int:
        """Latents that hold `duration` seconds; never less than one window."""
        needed = math.ceil(duration * self.column_rate / self.scale)
        return max(needed, self.window // self.scale)

    def windows(self, duration: float) -> Windows:
        """What covers the latents of `duration` seconds."""
        window = self.window // self.scale
        return Windows.over(self.latents(duration), window, window // _OVERLAP)

    def columns(self, windows: Windows) -> Windows:
        """The same windows over spectrogram columns."""
        starts = tuple(start * self.scale for start in windows.starts)
        length, window, overlap = (size * self.scale for size in (windows.length, windows.window, windows.overlap))
        return Windows(length, window, overlap, starts)

    def seconds(self, windows: Windows) -> list[tuple[float, float]]:
        """When each window over latents starts and ends."""
        rate = self.column_rate / self.scale
        return [(span.start / rate, span.end / rate) for span in windows.spans]
