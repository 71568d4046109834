import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
import soundfile

from soundstage.errors import BadSound, StorageError
from soundstage.inspection import page
from soundstage.sound import SAMPLE_RATE
from tests.inspection.films import reading, sheet, sound

EVIL = """"><script>alert(1)</script><img src=x onerror=alert(2)>' {{ 7*7 }} </style>&amp;"""


class Tags(HTMLParser):
    """Collects every tag with its attributes, every text, and whether all that opened was closed."""

    VOID = ("meta", "img", "br")

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def named(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def film(tmp_path):
    return reading(tmp_path / "reading", [0, 6, 15, 23])


@pytest.fixture
def written(tmp_path, film):
    def write(**changes):
        given = {"sheet": sheet(film), "master": None, **changes}
        page(film, tmp_path / "reading", given["sheet"], given["master"], tmp_path / "a.html", given.get("preview"))
        return (tmp_path / "a.html").read_text(encoding="utf-8")

    return write


def test_the_page_asks_for_nothing_outside_itself(tmp_path, written):
    tags = Tags(written(master=sound(tmp_path / "m.flac", 23)))
    assert tags.open == []
    addresses = [a[key] for _, a in tags.tags for key in ("src", "href", "srcset", "poster", "action") if key in a]
    assert addresses
    assert [address for address in addresses if not address.startswith(("data:", "#"))] == []
    assert tags.named("link") == []
    assert "url(" not in "".join(tags.texts)


def test_words_cannot_become_markup(tmp_path, film, written):
    evil = sheet(film, words=EVIL)
    tags = Tags(written(sheet=evil))
    assert len(tags.named("script")) == 1
    assert [a for _, a in tags.tags if any(key.startswith("on") for key in a)] == []
    assert all(a.get("src") != "x" for a in tags.named("img"))
    assert any("<script>alert(1)</script>" in text for text in tags.texts)
    assert "{{ 7*7 }}" in "".join(tags.texts)


def test_the_films_name_cannot_become_markup(tmp_path):
    film = reading(tmp_path / "reading", [0, 5], name=EVIL)
    page(film, tmp_path / "reading", None, None, tmp_path / "a.html")
    assert len(Tags((tmp_path / "a.html").read_text(encoding="utf-8")).named("script")) == 1


def test_only_the_pages_own_script_may_run(written):
    text = written()
    script = re.search(r"<script>(.*)</script>", text, re.S).group(1)
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(a["content"] for a in Tags(text).named("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{allowed}'" in policy


def test_every_scene_and_cue_can_be_jumped_to(film, written):
    tags = Tags(written())
    ids = {a["id"] for _, a in tags.tags if "id" in a}
    wanted = {scene.id for scene in sheet(film).scenes} | {cue.id for cue in sheet(film).cues()}
    assert wanted <= ids
    assert {a["href"][1:] for a in tags.named("a")} == wanted


def test_reasons_scores_and_licences_are_told(film, written):
    words = "".join(Tags(written()).texts)
    cue = next(sheet(film).cues())
    assert cue.reason in words
    assert f"{cue.take.score:.2f}" in words
    assert cue.take.licence in words


def test_before_the_design_there_is_a_page_too(written):
    tags = Tags(written(sheet=None))
    assert tags.named("article") == []
    assert tags.named("img")


def test_a_preview_is_carried_and_played(tmp_path, written):
    clip, _ = soundfile.read(sound(tmp_path / "m.flac", 2))
    soundfile.write(tmp_path / "p.mp3", clip, SAMPLE_RATE)
    (player,) = Tags(written(preview=tmp_path / "p.mp3")).named("audio")
    kind, data = player["src"].split(";base64,")
    assert kind == "data:audio/mpeg"
    assert base64.b64decode(data) == (tmp_path / "p.mp3").read_bytes()


def test_without_a_preview_there_is_no_player(written):
    assert Tags(written()).named("audio") == []


@pytest.mark.parametrize(
    ("name", "size", "error"),
    [("p.txt", 10, BadSound), ("p.mp3", 25 << 20, BadSound), ("missing.mp3", None, StorageError)],
    ids=["another kind", "too large", "missing"],
)
def test_a_preview_that_cannot_be_carried_is_refused(tmp_path, written, name, size, error):
    if size is not None:
        (tmp_path / name).write_bytes(bytes(size))
    with pytest.raises(error, match=name):
        written(preview=tmp_path / name)
    assert not (tmp_path / "a.html").exists()


def test_a_place_that_cannot_be_written_is_said(tmp_path, film):
    with pytest.raises(StorageError, match="cannot be written"):
        page(film, tmp_path / "reading", None, None, tmp_path / "missing" / "a.html")
