"""The letters that SpeechT5 knows: read from its SentencePiece model of single characters, without SentencePiece.

Such a file is a protobuf message whose field 1, repeated, is a piece, whose own field 1 is its text
(https://github.com/google/sentencepiece, src/sentencepiece_model.proto). The number of a piece is its place.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

from soundstage.errors import BadModel, MissingPart

_SPACE = "▁"
_END, _UNKNOWN = "</s>", "<unk>"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def read_letters(path: Path) -> Mapping[str, int]:
    """The pieces of a SentencePiece model by their text, with their numbers.

    Raises:
        MissingPart: there is no such file.
        BadModel: it is damaged, or no such model.
    """
    if not path.is_file():
        raise MissingPart(f"{path} is not there; get it: soundstage models pull.")
    try:
        texts = [_text(piece) for number, piece in _fields(path.read_bytes()) if number == 1]
    except (IndexError, ValueError) as error:
        raise BadModel(
            f"{path} is damaged or no SentencePiece model; fetch it again: soundstage models pull."
        ) from error
    letters = {text: number for number, text in enumerate(texts)}
    if not {_END, _UNKNOWN, _SPACE} <= letters.keys():
        raise BadModel(f"{path} is not SpeechT5's model of letters; fetch it again: soundstage models pull.")
    return letters


def numbers_of(text: str, letters: Mapping[str, int]) -> list[int]:
    """A text as numbers of letters, with a mark of space before each word and the end after the last.

    Letters that are not known become the number of the unknown; a text without any that is gives the end alone.
    """
    text = unicodedata.normalize("NFKC", text)
    if not any(letter.isalnum() and letter in letters for letter in text):
        return [letters[_END]]
    spelled = [letters.get(letter, letters[_UNKNOWN]) for word in text.split() for letter in _SPACE + word]
    return [*spelled, letters[_END]]


def _text(piece: bytes) -> str:
    return next(value for number, value in _fields(piece) if number == 1).decode()


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a message that are bytes, with their numbers; others are passed over."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _BYTES:
            size, at = _varint(message, at)
            if at + size > len(message):
                raise ValueError("a field is longer than its message")
            yield key >> 3, message[at : at + size]
            at += size
        elif kind == _VARINT:
            _, at = _varint(message, at)
        elif kind in (_FIXED32, _FIXED64):
            at += 4 if kind == _FIXED32 else 8
        else:
            raise ValueError("no protobuf message")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
