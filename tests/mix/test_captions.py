import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundstage.cuesheet import Caption, Cue, CueSheet, Layer, Line, Scene
from soundstage.mix.captions import CaptionCue, captions_of, escaped, webvtt
from tests.documents import FILM, cue, sheet, sheets

_TIMES = re.compile(r"(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3}) --> (\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})( line:\d+%)?")


def captions(*cues: Cue, length: float = 120.0) -> list[CaptionCue]:
    return captions_of(sheet(cues, length=length), cues, dialogue=True)


def effect(name: str, start: float, label: str = "train horn", **changes: object) -> Cue:
    return cue(name, start, start + 0.5, layer=Layer.EFFECTS, label=label, level=-24, **changes)


def with_dialogue(*lines: Line) -> CueSheet:
    scene = Scene(id="s1", start=0, end=60, shots=(0, 0), caption=Caption(background=""), dialogue=lines)
    return CueSheet(film=FILM, duration=60, scenes=(scene,))


def test_a_bed_is_named_when_it_sets_in() -> None:
    [caption] = captions(cue("rain", 10, 90, label="raining"))
    assert (caption.start, caption.end, caption.text) == (10, 14, "[raining]")


def test_an_effect_is_named_at_its_first_hit() -> None:
    horn = cue("horn", 3, 9, layer=Layer.EFFECTS, label="train horn", anchors=[{"time": 5.0}, {"time": 4.0}])
    [caption] = captions(horn)
    assert (caption.start, caption.text) == (4, "[train horn]")


def test_each_caption_can_be_read() -> None:
    [caption] = captions(effect("horn", 7))
    assert caption.end - caption.start >= 1.0


def test_repeated_sounds_are_named_once_until_they_pause() -> None:
    steps = [effect(f"step-{n}", n * 0.6, "footsteps") for n in range(20)]
    later = effect("step-99", 60, "footsteps")
    assert [c.start for c in captions(*steps, later)] == [0, 60]


def test_a_bed_that_goes_on_over_a_cut_is_not_named_again() -> None:
    assert len(captions(cue("rain-1", 0, 20), cue("rain-2", 19, 40))) == 1


def test_what_can_hardly_be_heard_is_not_named() -> None:
    assert captions(cue("hush", 0, 20, level=-50)) == []


def test_music_has_notes() -> None:
    assert captions(cue("song", 0, 20, layer=Layer.MUSIC, label="piano"))[0].text == "♪ piano ♪"


def test_sounds_at_once_share_a_caption() -> None:
    [caption] = captions(cue("rain", 0, 20, label="raining"), effect("horn", 0.2))
    assert caption.text == "[raining]\n[train horn]"


def test_sound_captions_do_not_cover_each_other() -> None:
    shown = captions(*(effect(f"e-{n}", n * 0.8, f"sound {n}") for n in range(20)))
    assert len(shown) > 5
    assert all(one.end <= after.start for one, after in itertools.pairwise(shown))


def test_dialogue_is_shown_with_its_speaker() -> None:
    line = Line(start=1, end=3, text="Who is there?", speaker="Ann")
    [caption] = captions_of(with_dialogue(line), (), dialogue=True)
    assert caption == CaptionCue(1, 3, "<v Ann>Who is there?</v>")


def test_dialogue_that_is_not_heard_is_not_shown() -> None:
    assert captions_of(with_dialogue(Line(start=1, end=3, text="Who is there?")), (), dialogue=False) == []


def test_spoken_cues_are_shown() -> None:
    [caption] = captions(cue("line", 1, 2, layer=Layer.SPEECH, text="Come in."))
    assert caption.text == "Come in."


def test_sounds_under_dialogue_stand_at_the_top() -> None:
    document = with_dialogue(Line(start=1, end=3, text="Who is there?"))
    shown = captions_of(document, (effect("horn", 2), effect("bell", 20, "bell")), dialogue=True)
    assert [bool(c.settings) for c in shown] == [False, True, False]


def test_long_lines_are_broken() -> None:
    [caption] = captions(cue("line", 1, 9, layer=Layer.SPEECH, text="word " * 16))
    assert max(map(len, caption.text.splitlines())) <= 42


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("R&B", "R&amp;B", id="ampersand"),
        pytest.param("<b>loud</b>", "&lt;b&gt;loud&lt;/b&gt;", id="tags"),
        pytest.param("a --> b", "a --&gt; b", id="arrow"),
        pytest.param("one\n\ntwo\r\n", "one two", id="blank lines"),
    ],
)
def test_text_cannot_break_the_file(text: str, expected: str) -> None:
    assert escaped(text) == expected


def test_hours_are_written() -> None:
    assert "01:01:01.500 --> 02:00:00.000" in webvtt([CaptionCue(3661.5, 7200, "[rain]")])


@given(sheets(), st.text(max_size=30))
def test_any_sheet_gives_a_valid_file(document: CueSheet, said: str) -> None:
    speech = cue("said", 0, 0.1, layer=Layer.SPEECH, text=said or "-")
    text = webvtt(captions_of(document, [*document.cues(), speech], dialogue=True))
    header, *blocks = text.rstrip("\n").split("\n\n")
    assert header == "WEBVTT"
    for block in blocks:
        times, *lines = block.split("\n")
        assert _TIMES.fullmatch(times)
        assert lines
        assert all(line.strip() and "-->" not in line for line in lines)
