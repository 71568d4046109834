import re
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.backbone.objects.disposition import attachment
from services.backbone.objects.store import ObjectStore

_HEADER = re.compile(r"attachment; filename=\"[A-Za-z0-9 ._()-]+\"; filename\*=UTF-8''[A-Za-z0-9!#$&+\-.^_`|~%]+")


def _name(header: str) -> str:
    return unquote(header.rpartition("''")[2], errors="strict")


@given(st.text(st.characters(codec=None), max_size=300))
@example('a"; filename="b')
@example("a\r\nSet-Cookie: x=1")
@example("..")
@example("\ud800")
@example("film\u202e4pm.exe")
def test_whatever_a_film_is_called_the_header_is_one_header(name: str):
    header = attachment(name)
    assert _HEADER.fullmatch(header)
    told = _name(header)
    assert told
    assert not set(told) & set("/\\\r\n\x00")
    assert told not in {".", ".."}
    assert len(told) <= 150


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("film.mp4", "film.mp4"),
        ("été – 夏.mov", "été – 夏.mov"),
        ("../../etc/passwd", "passwd"),
        ("C:\\films\\one.mp4", "one.mp4"),
        ("", "download"),
        ("...", "download"),
        ("x" * 300 + ".mp4", "x" * 146 + ".mp4"),
    ],
)
def test_a_name_is_kept_as_far_as_it_is_one(name: str, told: str):
    assert _name(attachment(name)) == told


@pytest.mark.parametrize(
    "name", ["film.mp4", 'a"; b="c.mp4', "été – 夏\r\n.mov", "100% & more + (1).wav", "a;b,c='d'.flac"]
)
def test_the_store_sends_the_header_as_it_was_signed(store: ObjectStore, name: str):
    store.put_bytes(b"these", "a/film", "video/mp4")
    url = store.presign_get("a/film", name, "audio/flac", 60)
    answer = httpx.get(url)
    assert (answer.status_code, answer.content) == (200, b"these")
    assert answer.headers["content-disposition"] == attachment(name)
    assert answer.headers["content-type"] == "audio/flac"


def test_a_page_may_show_what_it_would_save(store: ObjectStore):
    store.put_bytes(b"these", "a/film", "video/mp4")
    answer = httpx.get(store.presign_get("a/film", "film.mp4", "video/mp4", 60, inline=True))
    assert answer.headers["content-disposition"].startswith("inline; ")
