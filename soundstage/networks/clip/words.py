"""Texts as the tokens that CLIP was trained on: byte-pair encoding of words in lower case."""

import html
import json
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Regex, Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, Split
from tokenizers.pre_tokenizers import Sequence as Both
from torch import Tensor

from soundstage.errors import BadModel, MissingPart

START, END = "<|startoftext|>", "<|endoftext|>"
# Endings like 's, then runs of letters, single digits, runs of anything else but space.
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_UNSEEN = (*range(0x09), 0x0B, *range(0x0E, 0x20), 0x7F, 0xFEFF)
# What open_clip leaves to ftfy, as far as prompts have it: control characters, curly quotes, ligatures and
# full-width letters. Text that was decoded wrongly is not mended.
_PLAIN: dict[int, str | None] = {
    **dict.fromkeys(_UNSEEN),
    **dict.fromkeys((0x2BC, *range(0x2018, 0x201C)), "'"),
    **dict.fromkeys(range(0x201C, 0x2020), '"'),
    **{code: unicodedata.normalize("NFKC", chr(code)) for code in (*range(0xFB00, 0xFB07), *range(0xFF01, 0xFF5F))},
}


class ClipWords:
    """The tokenizer of CLIP; may be used by several threads at once."""

    def __init__(self, vocabulary: Mapping[str, int], merges: Sequence[tuple[str, str]], context: int = 77) -> None:
        """Set it up.

        Args:
            vocabulary: every token's number; start and end of a text have the highest two.
            merges: pairs of tokens that become one, the most frequent first.
            context: tokens that a text is cut or padded to, start and end among them.

        Raises:
            ValueError: a token or a merge is not in the vocabulary.
        """
        missing = [token for token in (START, END) if token not in vocabulary]
        if missing:
            raise ValueError(f"the vocabulary lacks {missing[0]}")
        self._start, self._end = vocabulary[START], vocabulary[END]
        self._context = context
        self._tokenizer = _tokenizer(vocabulary, merges)

    @classmethod
    def read(cls, folder: Path, context: int = 77) -> "ClipWords":
        """The tokenizer of a model folder that holds tokenizer.json, or vocab.json and merges.txt.

        Raises:
            MissingPart: the folder holds neither.
            BadModel: the files are damaged or of another kind of tokenizer.
        """
        source = folder / "tokenizer.json"
        if not source.is_file():
            source = folder / "vocab.json"
        if not source.is_file():
            raise MissingPart(f"{folder} holds no tokenizer.json; fetch the model with: soundstage models pull.")
        try:
            return cls(*_tables(source), context)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadModel(
                f"{source} is damaged or not CLIP's ({error}); fetch the model again: soundstage models pull."
            ) from error

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Tokens of each text, (n, context) of int64: start, words, end, then zeros; too long ones lose their rest."""
        tokens = torch.zeros(len(texts), self._context, dtype=torch.long)
        for row, text in zip(tokens, texts, strict=True):
            words = self._tokenizer.encode(_cleaned(text), add_special_tokens=False).ids[: self._context - 2]
            row[: len(words) + 2] = torch.tensor([self._start, *words, self._end])
        return tokens


def _tokenizer(vocabulary: Mapping[str, int], merges: Sequence[tuple[str, str]]) -> Tokenizer:
    try:
        model = BPE(vocab=dict(vocabulary), merges=list(merges), end_of_word_suffix="</w>")
    except Exception as error:  # the library raises nothing narrower
        raise ValueError(str(error)) from error
    tokenizer = Tokenizer(model)
    split = Split(Regex(_WORDS), behavior="removed", invert=True)
    tokenizer.pre_tokenizer = Both([split, ByteLevel(add_prefix_space=False, use_regex=False)])
    return tokenizer


def _tables(source: Path) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Vocabulary and merges; the file's own rules for splitting words are not taken, they differ in details."""
    found: Any = json.loads(source.read_text(encoding="utf-8"))
    if source.name == "tokenizer.json":
        added = {token["content"]: token["id"] for token in found["added_tokens"]}
        return {**found["model"]["vocab"], **added}, [_pair(merge) for merge in found["model"]["merges"]]
    lines = source.with_name("merges.txt").read_text(encoding="utf-8").split("\n")
    return dict(found), [_pair(line) for line in lines if line and not line.startswith("#version")]


def _pair(merge: str | Sequence[str]) -> tuple[str, str]:
    first, second = merge.split(" ") if isinstance(merge, str) else merge
    return first, second


def _cleaned(text: str) -> str:
    """Without HTML's and typography's ways of writing plain characters, in lower case, one space between words."""
    plain = unicodedata.normalize("NFC", html.unescape(html.unescape(text))).translate(_PLAIN)
    return " ".join(plain.split()).lower()
