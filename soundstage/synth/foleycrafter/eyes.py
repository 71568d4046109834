"""What FoleyCrafter sees: what is in the pictures (CLIP), and when something happens in them (the onset detector)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from soundstage.footage import Picture
from soundstage.networks.desk import Desk
from soundstage.networks.onsetnet import RATE, OnsetNet, prepared
from soundstage.networks.pictures import (
    CLIP_MEAN,
    CLIP_STD,
    centre_cropped,
    channels_first,
    in_unit_range,
    normalised,
    shorter_side_resized,
)
from soundstage.synth.foleycrafter.foreign import ImageEncoder

EVERY = 10
"""One of so many pictures is shown to CLIP, as in the published demonstration: 1.5 a second."""

_AT_ONCE = 32


@dataclass(frozen=True)
class Sight:
    """What was seen of a stretch of film.

    `meanings` holds CLIP's embedding of one picture in each row, `meaning_rate` rows a second from the
    stretch's start; `onsets` a logit for every picture, `RATE` a second, None where nobody looked for them.
    """

    meanings: Tensor
    meaning_rate: float = RATE / EVERY
    onsets: Tensor | None = None

    def meaning(self, start: float, end: float) -> Tensor:
        """The mean of what is seen from `start` to `end`, in seconds; where nothing is, what was seen last."""
        first, last = (round(time * self.meaning_rate) for time in (start, end))
        first = min(first, len(self.meanings) - 1)
        return self.meanings[first : max(last, first + 1)].mean(0)


class Eyes:
    """The CLIP encoder and the onset detector. Safe to use from several threads."""

    def __init__(self, encoder: ImageEncoder, detector: OnsetNet) -> None:
        """Args: encoder: of pictures. detector: of onsets. Both ready to work, on their device."""
        self._encoder = encoder
        self._detector = detector
        self._desk = Desk(self._embedded, most=_AT_ONCE, name="FoleyCrafter's image encoder")

    @property
    def size(self) -> int:
        """Numbers in an embedding."""
        return int(self._encoder.config.projection_dim)

    def look(self, pictures: Iterable[Picture]) -> Sight:
        """See what is in pictures that follow at `RATE / EVERY` a second; at least one."""
        return Sight(self._meanings(map(self._for_clip, pictures)))

    def watch(self, pictures: Iterable[Picture]) -> Sight:
        """See what is in pictures and when something happens; at `RATE` a second, at least one."""
        chosen: list[Tensor] = []
        with torch.inference_mode():
            onsets = torch.cat(list(self._detector.along(self._noted(pictures, chosen))))
        return Sight(self._meanings(chosen), onsets=onsets)

    def _noted(self, pictures: Iterable[Picture], chosen: list[Tensor]) -> Iterator[Tensor]:
        """The pictures for the detector; those for CLIP are put into `chosen` in passing."""
        for number, picture in enumerate(pictures):
            if number % EVERY == 0:
                chosen.append(self._for_clip(picture))
            yield prepared(_batch(picture))[0]

    def _for_clip(self, picture: Picture) -> Tensor:
        """Bytes of shape (3, size, size): the middle of the picture."""
        size = int(self._encoder.config.image_size)
        return centre_cropped(shorter_side_resized(channels_first(_batch(picture)), size), size)[0]

    def _meanings(self, pictures: Iterable[Tensor]) -> Tensor:
        return torch.stack(self._desk.ask(list(pictures)))

    @torch.inference_mode()
    def _embedded(self, pictures: Sequence[Tensor]) -> list[Tensor]:
        scaled = normalised(in_unit_range(torch.stack(list(pictures))), CLIP_MEAN, CLIP_STD)
        shown = scaled.to(self._encoder.device, self._encoder.dtype)
        return list(self._encoder(pixel_values=shown).image_embeds.float().cpu())


def _batch(picture: Picture) -> Tensor:
    return torch.from_numpy(picture)[None]
