import gzip
import hashlib
import random
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from services.backbone.errors import BadRequest, Refused, ServiceError, TooLarge, Unreachable
from services.backbone.net.fetch import Fetched, Patience, fetch_film
from services.backbone.net.guard import Guard
from services.backbone.net.watch import Stopped
from soundstage.errors import StorageError
from tests.services.backbone.net.servers import HOME, Call, Server, guard_for, serving

FILM = random.Random(1).randbytes(3_000_000)
HASTE = Patience(connect=1.0, read=1.0, total=10.0, slowest=0.0, window=0.5, tries=3, pause=0.01)
MOST = 10_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "film.part"


def fetch(server: Server, path: Path, url: str | None = None, patience: Patience = HASTE, **options: object) -> Fetched:
    guard = options.pop("guard", None) or guard_for(server)
    limit = options.pop("limit", MOST)
    return fetch_film(url or server.url(), path, limit, guard=guard, patience=patience, **options)  # type: ignore[arg-type]


def fails(
    error: type[Exception], answer: Callable[[Call], object], path: Path, match: str | None = None, **options: object
) -> Server:
    """The fetch ends with the error, in one sentence, and leaves no file."""
    with serving(answer) as server, pytest.raises(error, match=match) as caught:
        fetch(server, path, **options)  # type: ignore[arg-type]
    assert not path.exists()
    assert HOME not in str(caught.value)
    return server


class Flaky:
    """Sends the film but hangs up after `breaks` bytes, once for each; knows ranges, as told by `knows`."""

    def __init__(self, *breaks: int, knows: bool = True, etag: Callable[[int], str | None] = lambda _: '"one"') -> None:
        self._breaks = list(breaks)
        self._knows = knows
        self._etag = etag

    def __call__(self, call: Call) -> None:
        start = self._start(call)
        body = FILM[start:]
        etag = self._etag(call.number)
        head = ["HTTP/1.1 206 Partial Content" if start else "HTTP/1.1 200 OK", f"content-length: {len(body)}"]
        if etag:
            head.append(f"etag: {etag}")
        if start:
            head.append(f"content-range: bytes {start}-{len(FILM) - 1}/{len(FILM)}")
        call.send("\r\n".join([*head, "", ""]).encode())
        if self._breaks:
            call.send(body[: self._breaks.pop(0)])
            call.hang_up()
        else:
            call.send(body)

    def _start(self, call: Call) -> int:
        asked = call.headers.get("range")
        if asked is None or not self._knows or call.headers["if-range"] != self._etag(call.number):
            return 0
        return int(asked.removeprefix("bytes=").removesuffix("-"))


def test_a_film_arrives_whole(path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    with serving(lambda call: call.reply(FILM)) as server:
        fetched = fetch(server, path, progress=lambda done, total: told.append((done, total)))
    assert fetched == Fetched("film.mp4", len(FILM), hashlib.sha256(FILM).hexdigest())
    assert path.read_bytes() == FILM
    assert told[-1] == (len(FILM), len(FILM))


def test_a_film_of_unknown_length_arrives_whole(path: Path) -> None:
    def chunked(call: Call) -> None:
        call.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for start in range(0, len(FILM), 100_000):
            call.send(b"186a0\r\n" + FILM[start : start + 100_000] + b"\r\n")
        call.send(b"0\r\n\r\n")

    with serving(chunked) as server:
        assert fetch(server, path).sha256 == hashlib.sha256(FILM).hexdigest()


def test_an_older_file_is_replaced(path: Path) -> None:
    path.write_bytes(b"old" * len(FILM))
    with serving(lambda call: call.reply(FILM)) as server:
        fetch(server, path)
    assert path.read_bytes() == FILM


class TestResuming:
    def test_a_broken_connection_is_taken_up_where_it_broke(self, path: Path) -> None:
        with serving(Flaky(1_000_000, 500_000)) as server:
            fetch(server, path)
        assert path.read_bytes() == FILM
        assert [call.headers.get("range") for call in server.calls[1:]] == ["bytes=1000000-", "bytes=1500000-"]

    @pytest.mark.parametrize(
        "flaky",
        [
            Flaky(1_000_000, knows=False),
            Flaky(1_000_000, etag=lambda _: None),
            Flaky(1_000_000, etag=lambda _: 'W/"one"'),
            Flaky(1_000_000, etag=lambda number: f'"{number}"'),
        ],
        ids=["no ranges", "no etag", "weak etag", "film changed"],
    )
    def test_without_proof_that_it_is_the_same_film_it_starts_over(self, flaky: Flaky, path: Path) -> None:
        with serving(flaky) as server:
            assert fetch(server, path).sha256 == hashlib.sha256(FILM).hexdigest()
        assert len(server.calls) == 2

    @pytest.mark.parametrize(
        "headers",
        [
            {"content_range": "bytes 5-2999999/3000000"},
            {"content_range": f"bytes 1000000-{'9' * 5000}/*"},
            {"content_range": "bytes 1000000-2999999/4000000"},
            {"content_range": "bytes 1000000-2999999/3000000", "etag": '"two"'},
            {},
        ],
        ids=["another place", "absurd", "another length", "another film", "nowhere"],
    )
    def test_a_wrong_part_is_not_joined(self, headers: dict[str, str], path: Path) -> None:
        whole = Flaky(1_000_000)

        def wrong(call: Call) -> None:
            call.reply(FILM[1_000_000:], "206 Partial Content", **headers) if call.number else whole(call)

        fails(Unreachable, wrong, path, "another part")

    def test_a_part_that_was_not_asked_for_is_no_film(self, path: Path) -> None:
        fails(Unreachable, lambda call: call.reply(FILM, "206 Partial Content", content_range="bytes 0-9/*"), path)

    def test_a_server_that_always_breaks_is_given_up(self, path: Path) -> None:
        server = fails(Unreachable, Flaky(*[1000] * 50), path, "half-way|broke")
        assert len(server.calls) == HASTE.tries

    def test_breaks_far_apart_do_not_add_up(self, path: Path) -> None:
        film = 1 << 20

        def far(call: Call) -> None:
            Flaky(film + 1)(call) if call.number < 2 else Flaky()(call)

        with serving(far) as server:
            assert fetch(server, path, patience=replace(HASTE, tries=2)).bytes == len(FILM)

    def test_an_error_before_the_first_byte_is_left_to_the_caller(self, path: Path) -> None:
        assert len(fails(Unreachable, lambda call: call.hang_up(), path).calls) == 1

    def test_an_error_while_resuming_is_waited_out(self, path: Path) -> None:
        flaky = Flaky(1_000_000)

        def restarting(call: Call) -> None:
            call.reply(status="503 Service Unavailable") if call.number == 1 else flaky(call)

        with serving(restarting) as server:
            assert fetch(server, path).bytes == len(FILM)


class TestRedirects:
    def test_they_are_followed(self, path: Path) -> None:
        def answer(call: Call) -> None:
            if call.number < 5:
                call.reply(status="302 Found", location=f"/hop{call.number}")
            else:
                call.reply(FILM)

        with serving(answer) as server:
            assert fetch(server, path).name == "hop4"

    def test_not_for_ever(self, path: Path) -> None:
        server = fails(BadRequest, lambda call: call.reply(status="302 Found", location="/again"), path, "redirects")
        assert len(server.calls) == 6

    @pytest.mark.parametrize(
        "location",
        [
            "https://127.0.0.2/",
            "https://169.254.169.254/latest/meta-data/",
            "https://[::ffff:10.0.0.1]/",
            "https://2130706433/",
            "https://user@films.example/",
            "https://films.example:22/",
            "http://films.example/",
            "//localhost/",
            "file:///etc/passwd",
            "gopher://films.example/",
        ],
    )
    def test_each_is_judged_anew(self, location: str, path: Path) -> None:
        server = fails(Refused, lambda call: call.reply(status="302 Found", location=location), path)
        assert len(server.calls) == 1

    def test_a_name_that_leads_inside_after_a_redirect_is_refused(self, path: Path) -> None:
        def answer(call: Call) -> None:
            call.reply(status="307 Temporary Redirect", location="https://inside.example/", connection="close")

        with serving(answer) as server, pytest.raises(Refused):
            fetch(server, path, guard=guard_for(server, [HOME], ["10.0.0.1"]))

    @pytest.mark.parametrize("headers", [{}, {"location": "https://a:b/"}], ids=["nowhere", "nonsense"])
    def test_to_nowhere(self, headers: dict[str, str], path: Path) -> None:
        fails(BadRequest, lambda call: call.reply(status="301 Moved", **headers), path)


class TestLimits:
    def test_a_film_that_says_it_is_too_large_is_not_begun(self, path: Path) -> None:
        fails(TooLarge, lambda call: call.reply(FILM), path, "2,999,999", limit=len(FILM) - 1)

    def test_a_film_of_just_the_limit_is_taken(self, path: Path) -> None:
        with serving(lambda call: call.reply(FILM)) as server:
            assert fetch(server, path, limit=len(FILM)).bytes == len(FILM)

    def test_an_endless_body_is_cut_off(self, path: Path) -> None:
        def endless(call: Call) -> None:
            call.send(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                call.send(bytes(65536))

        fails(TooLarge, endless, path)

    def test_more_than_was_announced_is_not_read(self, path: Path) -> None:
        with serving(lambda call: call.send(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n" + FILM)) as server:
            assert fetch(server, path).bytes == 5

    def test_less_than_was_announced_is_no_film(self, path: Path) -> None:
        def short(call: Call) -> None:
            call.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + bytes(999))
            call.hang_up()

        fails(Unreachable, short, path)

    @pytest.mark.parametrize("length", ["-1", "1, 2", "x", "9" * 5000])
    def test_a_length_that_makes_no_sense_is_no_answer(self, length: str, path: Path) -> None:
        fails(
            Unreachable, lambda call: call.send(f"HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n".encode()), path
        )

    @pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "gzip, identity", "zstd"])
    def test_a_compressed_body_is_refused_before_it_is_read(self, coding: str, path: Path) -> None:
        bomb = gzip.compress(bytes(1_000_000))
        fails(BadRequest, lambda call: call.reply(bomb, content_encoding=coding), path, "compresses")

    def test_a_server_that_trickles_is_left(self, path: Path) -> None:
        def trickle(call: Call) -> None:
            call.send(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                call.send(b"x")
                time.sleep(0.05)

        started = time.monotonic()
        fails(Unreachable, trickle, path, "slowly", patience=replace(HASTE, slowest=1000.0, tries=1))
        assert time.monotonic() - started < 3

    def test_a_head_that_trickles_is_left(self, path: Path) -> None:
        def trickle(call: Call) -> None:
            call.send(b"HTTP/1.1 200 OK\r\nx-slow: ")
            while True:
                call.send(b"x")
                time.sleep(0.05)

        fails(Unreachable, trickle, path, "slowly", patience=replace(HASTE, slowest=1000.0))

    def test_the_whole_fetch_has_a_limit(self, path: Path) -> None:
        def steady(call: Call) -> None:
            call.send(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                call.send(bytes(1000))
                time.sleep(0.02)

        started = time.monotonic()
        fails(Unreachable, steady, path, "too long", patience=replace(HASTE, total=0.5))
        assert time.monotonic() - started < 3

    def test_a_fast_server_has_it_too(self, path: Path) -> None:
        def fast(call: Call) -> None:
            call.send(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                call.send(bytes(1_000_000))

        fails(Unreachable, fast, path, "too long", patience=replace(HASTE, total=0.7), limit=1 << 50)

    def test_stopping_is_heard_while_the_server_is_silent(self, path: Path) -> None:
        started = time.monotonic()
        fails(
            Stopped,
            lambda call: call.connection.recv(1),
            path,
            patience=replace(HASTE, read=30.0),
            stopped=lambda: time.monotonic() - started > 0.3,
        )
        assert time.monotonic() - started < 2


class TestAnswers:
    @pytest.mark.parametrize(
        ("status", "error"),
        [
            ("204 No Content", BadRequest),
            ("304 Not Modified", BadRequest),
            ("401 Unauthorized", BadRequest),
            ("403 Forbidden", BadRequest),
            ("404 Not Found", BadRequest),
            ("410 Gone", BadRequest),
            ("429 Too Many Requests", Unreachable),
            ("500 Internal Server Error", Unreachable),
            ("503 Service Unavailable", Unreachable),
            ("522 Origin", Unreachable),
        ],
    )
    def test_one_that_is_no_film(self, status: str, error: type[ServiceError], path: Path) -> None:
        code = status.split()[0]
        fails(error, lambda call: call.send(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n".encode()), path, code)

    def test_the_server_says_how_long_to_wait(self, path: Path) -> None:
        with (
            serving(lambda call: call.reply(status="503 Busy", retry_after="120")) as server,
            pytest.raises(Unreachable) as caught,
        ):
            fetch(server, path)
        assert caught.value.wait == 120

    def test_an_empty_one(self, path: Path) -> None:
        fails(BadRequest, lambda call: call.reply(b""), path, "empty")


class TestNames:
    @pytest.mark.parametrize(
        ("headers", "target", "name"),
        [
            ({}, "/a/b/The%20Film.mkv?x=/y", "The Film.mkv"),
            ({}, "/", None),
            ({}, "/..%2f..%2fetc%2fpasswd", "passwd"),
            ({}, "/a/..", None),
            ({}, "/%00%0a.mp4", "mp4"),
            ({"content_disposition": 'attachment; filename="My film.mov"'}, "/x", "My film.mov"),
            ({"content_disposition": "attachment; filename*=UTF-8''na%C3%AFve.mp4"}, "/x", "naïve.mp4"),
            ({"content_disposition": 'attachment; filename="../../etc/passwd"'}, "/x", "passwd"),
            ({"content_disposition": 'attachment; filename="C:\\\\films\\\\a.mp4"'}, "/x", "a.mp4"),
            ({"content_disposition": 'attachment; filename=".."'}, "/x.mp4", "x.mp4"),
            ({"content_disposition": "attachment; filename*=nonsense''%ff.mp4"}, "/x", None),
            ({"content_disposition": f'inline; filename="{"a" * 500}.mp4"'}, "/x", "a" * 116 + ".mp4"),
        ],
    )
    def test_they_are_only_names(self, headers: dict[str, str], target: str, name: str | None, path: Path) -> None:
        with serving(lambda call: call.reply(b"film", **headers)) as server:
            fetched = fetch(server, path, server.url(path=target))
        if name is not None or not headers:
            assert fetched.name == name
        assert fetched.name is None or "/" not in fetched.name


def test_a_bad_url_is_refused_before_anything_is_done(path: Path) -> None:
    for url in ("http://example.com/", "https://[/", "film.mp4", "https://a\\@b/", "https://127.0.0.1/"):
        with pytest.raises(Refused):
            fetch_film(url, path, MOST, guard=Guard(resolver=lambda host: []))
    assert not path.exists()


def test_a_place_that_cannot_be_written_is_our_fault(tmp_path: Path) -> None:
    with serving(lambda call: call.reply(FILM)) as server, pytest.raises(StorageError):
        fetch(server, tmp_path / "missing" / "film.part")
    assert server.calls == []


def test_a_full_disk_is_our_fault(path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        fails(StorageError, lambda call: call.reply(FILM), path, "free some space")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
