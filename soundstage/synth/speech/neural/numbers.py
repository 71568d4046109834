"""English numbers in words: letters are all that these voices know, figures they would pass over."""

import re
from collections.abc import Callable
from typing import cast

from transformers.models.speecht5.number_normalizer import EnglishNumberNormalizer

_TIME = re.compile(r"(?<=\d):(?=\d)")


def in_words(text: str) -> str:
    """The same text with its numbers spelled: "$7" becomes "seven dollars"."""
    spell = cast(Callable[[], Callable[[str], str]], EnglishNumberNormalizer)()
    return spell(_TIME.sub(" ", text))
