"""The sizes of a CLIP model."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tower:
    """A stack of transformer blocks."""

    width: int
    layers: int
    heads: int


@dataclass(frozen=True)
class ClipConfig:
    """A model as open_clip describes it in its `open_clip_config.json`.

    Attributes:
        embedding: width of the space that pictures and words share.
        picture: side of the pictures it was trained on, in pixels; up to `patch` - 1 more are cut off.
        patch: side of a patch, in pixels.
        sight: the tower that sees.
        words: the tower that reads.
        vocabulary: number of tokens known.
        context: tokens a text is cut or padded to.
        quick_gelu: whether the activation is x·sigmoid(1.702·x) instead of the exact GELU.
    """

    embedding: int
    picture: int
    patch: int
    sight: Tower
    words: Tower
    vocabulary: int = 49408
    context: int = 77
    quick_gelu: bool = False

    @property
    def patches(self) -> int:
        """Of one picture."""
        return (self.picture // self.patch) ** 2


# apple/DFN5B-CLIP-ViT-H-14-384, which is open_clip's ViT-H-14-378-quickgelu; 986 million weights.
DFN5B = ClipConfig(
    embedding=1024,
    picture=378,
    patch=14,
    sight=Tower(width=1280, layers=32, heads=16),
    words=Tower(width=1024, layers=24, heads=16),
    quick_gelu=True,
)
