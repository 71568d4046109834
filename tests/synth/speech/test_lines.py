from pathlib import Path

import pytest

from soundstage.cuesheet import Layer, Line, Method
from soundstage.errors import BadSound, StorageError
from soundstage.synth.speech.lines import read_lines, speech_cues

SRT = """1
00:00:01,000 --> 00:00:03,500
Good <i>morning</i>.

2
00:00:04,000 --> 00:00:06,000
The train leaves at seven.
"""


def write(tmp_path: Path, text: str | bytes, name: str = "lines.srt") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def srt(*entries: tuple[str, str, str]) -> str:
    return "\n".join(
        f"{n}\n00:00:{start} --> 00:00:{end}\n{text}\n" for n, (start, end, text) in enumerate(entries, start=1)
    )


def test_srt_gives_times_and_plain_text(tmp_path: Path):
    lines = read_lines(write(tmp_path, SRT))
    assert [(line.start, line.end, line.text) for line in lines] == [
        (1.0, 3.5, "Good morning."),
        (4.0, 6.0, "The train leaves at seven."),
    ]


def test_vtt_names_the_speaker(tmp_path: Path):
    text = "WEBVTT\n\nNOTE remark\n\n00:01.000 --> 00:03.000\n<v Roger Bingham>We are in <b>New York</b> &amp; happy\n"
    (line,) = read_lines(write(tmp_path, text, "lines.vtt"))
    assert line.speaker == "Roger Bingham"
    assert line.text == "We are in New York & happy"


@pytest.mark.parametrize(
    ("raw", "spoken"),
    [
        pytest.param("[door slams] Hello", "Hello", id="note"),
        pytest.param("Hello (laughs) there", "Hello there", id="aside"),
        pytest.param("♪ la la ♪ Hello", "Hello", id="song"),
        pytest.param("- Hello\n- Goodbye", "Hello Goodbye", id="dashes"),
        pytest.param(r"{\an8}Hello", "Hello", id="placed"),
        pytest.param("JOHN: Hello", "Hello", id="name"),
        pytest.param("<font color='red'>Hello</font>", "Hello", id="colour"),
    ],
)
def test_only_what_is_spoken_stays(tmp_path: Path, raw: str, spoken: str):
    (line,) = read_lines(write(tmp_path, srt(("01,000", "03,000", raw))))
    assert line.text == spoken


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str):
    text = srt(("01,000", "03,000", "Où est la clé ?"))
    (line,) = read_lines(write(tmp_path, text.encode(encoding)))
    assert line.text == "Où est la clé ?"


def test_lines_without_words_are_dropped(tmp_path: Path):
    text = srt(("01,000", "02,000", "♪♪"), ("03,000", "04,000", "Hello"), ("05,000", "06,000", "[thunder]"))
    assert [line.text for line in read_lines(write(tmp_path, text))] == ["Hello"]


def test_lines_are_sorted(tmp_path: Path):
    text = srt(("05,000", "06,000", "Second"), ("01,000", "02,000", "First"))
    assert [line.text for line in read_lines(write(tmp_path, text))] == ["First", "Second"]


def test_a_small_overlap_is_trimmed(tmp_path: Path):
    text = srt(("01,000", "03,200", "First"), ("03,000", "05,000", "Second"))
    assert [line.end for line in read_lines(write(tmp_path, text))] == [3.0, 5.0]


def test_two_who_speak_at_once_both_keep_their_time(tmp_path: Path):
    text = srt(("01,000", "05,000", "First"), ("02,000", "05,000", "Second"))
    assert [line.end for line in read_lines(write(tmp_path, text))] == [5.0, 5.0]


@pytest.mark.parametrize(
    ("text", "name", "complaint"),
    [
        pytest.param("", "a.srt", "no lines to speak", id="empty"),
        pytest.param("hello there", "a.srt", "no lines to speak", id="prose"),
        pytest.param("", "a.vtt", "no lines to speak", id="empty vtt"),
        pytest.param(srt(("03,000", "01,000", "Hi")), "a.srt", "not after its start", id="backwards"),
        pytest.param(srt(("01,000", "02,000", "a" * 2001)), "a.srt", "longer than", id="endless"),
        pytest.param(b"\x00\x01\x02", "a.srt", "not text", id="binary"),
        pytest.param(SRT, "a.doc", "give an .srt or .vtt", id="other kind"),
    ],
)
def test_bad_files_are_refused_in_one_sentence(tmp_path: Path, text: str | bytes, name: str, complaint: str):
    with pytest.raises(BadSound, match=complaint) as raised:
        read_lines(write(tmp_path, text, name))
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_a_storage_error(tmp_path: Path):
    with pytest.raises(StorageError, match="cannot be read"):
        read_lines(tmp_path / "none.srt")


def test_cues_speak_the_lines():
    (cue,) = speech_cues([Line(start=1, end=3, text="Hello", speaker="Ann Lee")], duration=10)
    assert (cue.id, cue.layer, cue.method, cue.text, cue.start, cue.end) == (
        "line-0001",
        Layer.SPEECH,
        Method.SPEECH,
        "Hello",
        1.0,
        3.0,
    )
    assert cue.source == "ann-lee"


def test_lines_of_one_speaker_share_a_seed():
    lines = [Line(start=n, end=n + 1, text="Hello", speaker=who) for n, who in enumerate(("Ann", "Bob", "Ann"))]
    one, two, three = speech_cues(lines, duration=10)
    assert one.seed == three.seed != two.seed


def test_speakers_are_numbered_as_they_come_in():
    lines = [Line(start=n, end=n + 1, text="Hello", speaker=who) for n, who in enumerate((None, "Bob", "Ann", "Bob"))]
    assert [cue.parameters for cue in speech_cues(lines, duration=10)] == [
        {},
        {"speaker": 1},
        {"speaker": 2},
        {"speaker": 1},
    ]


def test_a_line_past_the_films_end_is_trimmed():
    (cue,) = speech_cues([Line(start=8, end=12, text="Hello")], duration=10)
    assert cue.end == 10


def test_a_line_after_the_film_is_refused():
    with pytest.raises(BadSound, match=r"starts at 12\.00 s but the film lasts 10\.00 s"):
        speech_cues([Line(start=12, end=14, text="Hello")], duration=10)
