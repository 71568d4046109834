"""Names for networks of diffusers and transformers, into which type checkers cannot see.

Diffusers loads its classes lazily: to a type checker they are stand-ins without any of their attributes.
"""

from typing import Any

Unet = Any
"""diffusers.UNet2DConditionModel."""

ControlNet = Any
"""diffusers.ControlNetModel."""

Decoder = Any
"""diffusers.AutoencoderKL, of which only the decoder is used."""

Scheduler = Any
"""A scheduler of diffusers: takes predicted noise away, step by step."""

TextEncoder = Any
"""transformers.CLIPTextModel."""

Tokenizer = Any
"""transformers.CLIPTokenizer."""

ImageEncoder = Any
"""transformers.CLIPVisionModelWithProjection."""
