"""The published sizes of ImageBind (facebookresearch/ImageBind, `imagebind_huge`)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrunkConfig:
    """A transformer: `width` of its tokens, number of `blocks` and of attention `heads`."""

    width: int
    blocks: int
    heads: int


@dataclass(frozen=True)
class ImageBindConfig:
    """Sizes of the three trunks that Soundstage uses, and of what they are shown.

    `picture` is the side of a picture in pixels, cut into patches of `patch` over two frames; a clip of sound is
    `bins` mel bands by `windows` windows, cut into squares of `square` every `stride`; `words` tokens of `vocabulary`.
    """

    embedding: int = 1024
    vision: TrunkConfig = TrunkConfig(width=1280, blocks=32, heads=16)
    audio: TrunkConfig = TrunkConfig(width=768, blocks=12, heads=12)
    text: TrunkConfig = TrunkConfig(width=1024, blocks=24, heads=16)
    picture: int = 224
    patch: int = 14
    bins: int = 128
    windows: int = 204
    square: int = 16
    stride: int = 10
    words: int = 77
    vocabulary: int = 49_408


HUGE = ImageBindConfig()
