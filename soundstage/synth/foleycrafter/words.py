"""The text encoder: a line of words to the embeddings that the diffusion network attends to."""

import threading

import torch
from torch import Tensor

from soundstage.synth.foleycrafter.foreign import TextEncoder, Tokenizer


class Words:
    """CLIP's text encoder and its tokenizer. Safe to use from several threads."""

    def __init__(self, tokenizer: Tokenizer, encoder: TextEncoder) -> None:
        """Args: tokenizer: of lines. encoder: of tokens."""
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._asking = threading.Lock()  # padding and truncation are state of the tokenizer

    @torch.inference_mode()
    def embedded(self, lines: list[str]) -> Tensor:
        """Embeddings of shape (lines, tokens, channels), on the encoder's device; what is too long is cut."""
        with self._asking:
            tokens = self._tokenizer(
                lines,
                padding="max_length",
                max_length=self._tokenizer.model_max_length,
                truncation=True,
                return_tensors="pt",
            )
        embedded: Tensor = self._encoder(tokens.input_ids.to(self._encoder.device)).last_hidden_state
        return embedded
