"""Where the published files of FoleyCrafter lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from soundstage.weights.card import ModelCard
from soundstage.weights.shelf import Shelf

_ENCODER = Path("models", "image_encoder")  # its place in the repository that it comes from


@dataclass(frozen=True)
class Parts:
    """Folders as they are published: Auffusion's (`base`), FoleyCrafter's (`adapters`), and CLIP's (`encoder`)."""

    base: Path
    adapters: Path
    encoder: Path

    @classmethod
    def on(cls, shelf: Shelf, cards: Sequence[ModelCard]) -> Self:
        """The folders of FoleyCrafter's card and of those that it needs."""
        place = {card.family: shelf.place(card) for card in cards}
        return cls(base=place["auffusion"], adapters=place["foleycrafter"], encoder=place["clip"])

    @property
    def semantic(self) -> Path:
        """Weights of the semantic adapter."""
        return self.adapters / "semantic" / "semantic_adapter.bin"

    @property
    def temporal(self) -> Path:
        """Weights of the temporal adapter."""
        return self.adapters / "temporal_adapter.ckpt"

    @property
    def detector(self) -> Path:
        """Weights of the onset detector."""
        return self.adapters / "timestamp_detector.pth.tar"

    @property
    def vocoder(self) -> Path:
        """Folder of the vocoder, which both FoleyCrafter and Auffusion publish."""
        own = self.adapters / "vocoder"
        return own if own.is_dir() else self.base / "vocoder"

    @property
    def image_encoder(self) -> Path:
        """Folder of the CLIP encoder's weights, whether `encoder` is it or the repository that holds it."""
        inner = self.encoder / _ENCODER
        return inner if inner.is_dir() else self.encoder
