"""The two linear layers of a transformer's block."""

from torch import Tensor, nn
from torch.nn.functional import gelu


class Mlp(nn.Module):
    """Two linear layers, four times as wide between them, named as in ViT."""

    def __init__(self, width: int) -> None:
        """Args: width: channels of a token."""
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (..., width) to the same shape."""
        changed: Tensor = self.fc2(gelu(self.fc1(tokens)))
        return changed
