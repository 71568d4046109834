"""The sizes of Synchformer, and the grid of time it works on."""

from dataclasses import dataclass

PICTURE_RATE = 25  # pictures a second
SOUND_RATE = 16_000  # samples a second, mono
SEGMENT_PICTURES = 16  # a segment is 0.64 s
STEP_PICTURES = 8  # from one segment to the next, 0.32 s
SEGMENT_SAMPLES = 10_240
STEP_SAMPLES = 5_120

# Seconds by which picture and sound may be found apart, one a class of the joint network.
OFFSETS = tuple(tenths / 5 for tenths in range(-10, 11))


@dataclass(frozen=True)
class SyncConfig:
    """Sizes; those not given are of the published model.

    Attributes:
        width: of all tokens.
        heads: of the two towers; the joint network has `joint_heads`.
        sight_layers: blocks of the tower that sees.
        sound_layers: blocks of the tower that hears.
        joint_layers: blocks of the network that compares.
        joint_heads: of the network that compares.
        picture: side of a picture, in pixels.
        patch: side of a patch of a picture, in pixels.
        slices: pairs of pictures in a segment, each of which becomes one feature.
        mel_bins: mel bands of a segment's spectrogram.
        mel_frames: columns of a segment's spectrogram.
        segments: that are compared at once; 14 are 4.8 s.
    """

    width: int = 768
    heads: int = 12
    sight_layers: int = 12
    sound_layers: int = 12
    joint_layers: int = 3
    joint_heads: int = 8
    picture: int = 224
    patch: int = 16
    slices: int = SEGMENT_PICTURES // 2
    mel_bins: int = 128
    mel_frames: int = 66
    segments: int = 14

    @property
    def patches(self) -> int:
        """Of one picture."""
        return (self.picture // self.patch) ** 2

    @property
    def mel_patches(self) -> tuple[int, int]:
        """Of one spectrogram, by bands and by columns: 16 a side, 10 apart."""
        bands, columns = ((side - 16) // 10 + 1 for side in (self.mel_bins, self.mel_frames))
        return bands, columns

    @property
    def places(self) -> int:
        """Tokens that are compared at once: two of the network's own, and all segments' features."""
        return 2 + self.segments * (self.slices + self.mel_patches[1])


SYNCHFORMER = SyncConfig()
