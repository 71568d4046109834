"""Films and sounds cut into the overlapping segments that Synchformer works on."""

from torch import Tensor

from soundstage.networks.synchformer.config import (
    SEGMENT_PICTURES,
    SEGMENT_SAMPLES,
    STEP_PICTURES,
    STEP_SAMPLES,
)


def of_pictures(pictures: Tensor) -> Tensor:
    """Segments of 16 pictures, one every 8; a rest that fills none is left out. A view, nothing is copied.

    Args:
        pictures: (n, 3, height, width), 25 a second.

    Returns:
        (segments, 16, 3, height, width).

    Raises:
        ValueError: there are fewer than 16.
    """
    if len(pictures) < SEGMENT_PICTURES:
        raise ValueError(f"{len(pictures)} pictures do not fill a segment of {SEGMENT_PICTURES}")
    return pictures.unfold(0, SEGMENT_PICTURES, STEP_PICTURES).movedim(-1, 1)


def of_samples(samples: Tensor) -> Tensor:
    """Segments of 0.64 s, one every 0.32 s, at the same times as those of pictures.

    Args:
        samples: (..., n) at 16 kHz.

    Returns:
        (..., segments, 10240), a view.

    Raises:
        ValueError: the sound is shorter than one segment.
    """
    if samples.shape[-1] < SEGMENT_SAMPLES:
        raise ValueError(f"{samples.shape[-1]} samples do not fill a segment of {SEGMENT_SAMPLES}")
    return samples.unfold(-1, SEGMENT_SAMPLES, STEP_SAMPLES)
