"""Results on their way home: gone on with, checked, put in place only when they are whole."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from soundstage.client import AsyncClient, Client, Damaged
from soundstage.errors import BadOption, StorageError
from tests.client.conftest import HASTY
from tests.client.scripted import Asked, Script, Told, serving

FILM = os.urandom(3_000_000)
STEM = os.urandom(100_000)
FILES = {"film.mp4": FILM, "stems/ambience.flac": STEM, "report.json": b""}


def house(files: Mapping[str, bytes], deliver: Callable[[Asked, bytes], Told]) -> Script:
    """A service with one job whose artifacts lie in a store beside it."""

    def answer(asked: Asked) -> Told:
        if asked.path.startswith(("/store/", "/v1/jobs/job_1/artifacts/")):
            return deliver(asked, next(content for name, content in files.items() if asked.path.endswith(f"/{name}")))
        host = asked.headers["host"]
        data = [
            {
                "name": name,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "presigned_url": f"http://{host}/store/{name}",
            }
            for name, content in files.items()
        ]
        return Told(body=json.dumps({"data": data, "next_cursor": None}).encode())

    return answer


def ranged(asked: Asked, content: bytes) -> Told:
    """As a store answers."""
    span = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("range", ""))
    if span is None:
        return Told(body=content)
    start = int(span[1])
    if start >= len(content):
        return Told(416, b"")
    return Told(206, content[start:], {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"})


def fetched(script: Script, folder: Path, **more: object) -> list[Asked]:
    with serving(script) as server, Client(server.url, "sk_test", patience=HASTY) as client:
        client.fetch("job_1", folder, **more)  # type: ignore[arg-type]
        return [asked for asked in server.asked if "/artifacts?" not in asked.path]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_all_files_come_and_nothing_else_lies_about(tmp_path: Path):
    heard: list[tuple[int, int]] = []
    fetched(house(FILES, ranged), tmp_path / "result", told=lambda done, total: heard.append((done, total)))
    assert contents(tmp_path / "result") == FILES
    total = sum(map(len, FILES.values()))
    assert heard[-1] == (total, total)


@pytest.mark.anyio
async def test_asynchronously_too(tmp_path: Path):
    with serving(house(FILES, ranged)) as server:
        async with AsyncClient(server.url, "sk_test", patience=HASTY) as client:
            await client.fetch("job_1", tmp_path)
    assert contents(tmp_path) == FILES


def test_the_store_never_sees_the_key(tmp_path: Path):
    assert all("authorization" not in asked.headers for asked in fetched(house(FILES, ranged), tmp_path))


def test_what_is_here_already_does_not_travel_again(tmp_path: Path):
    fetched(house(FILES, ranged), tmp_path)
    (tmp_path / "stems" / "ambience.flac").write_bytes(b"changed")
    assert [asked.path for asked in fetched(house(FILES, ranged), tmp_path)] == ["/store/stems/ambience.flac"]
    assert contents(tmp_path) == FILES


def test_a_connection_that_breaks_costs_only_what_is_missing(tmp_path: Path):
    cuts = iter([1_000_000, 1_500_000])

    def deliver(asked: Asked, content: bytes) -> Told:
        answer = ranged(asked, content)
        return Told(answer.status, answer.body, answer.headers, cut=next(cuts, None))

    asked = fetched(house({"film.mp4": FILM}, deliver), tmp_path)
    starts = [int(each.headers["range"].removeprefix("bytes=").rstrip("-")) for each in asked[1:]]
    assert len(starts) == 2
    assert 0 < starts[0] < starts[1] < len(FILM)
    assert contents(tmp_path) == {"film.mp4": FILM}


def test_the_next_run_goes_on_where_the_first_broke_off(tmp_path: Path):
    def break_off(asked: Asked, content: bytes) -> Told:
        answer = ranged(asked, content)
        return Told(answer.status, answer.body, answer.headers, cut=0 if "range" in asked.headers else 2_000_000)

    with pytest.raises(Exception, match="does not answer"):
        fetched(house({"film.mp4": FILM}, break_off), tmp_path)
    assert not (tmp_path / "film.mp4").exists()
    (asked,) = fetched(house({"film.mp4": FILM}, ranged), tmp_path)
    assert int(asked.headers["range"].removeprefix("bytes=").rstrip("-")) > 1_000_000
    assert contents(tmp_path) == {"film.mp4": FILM}


@pytest.mark.parametrize(
    "rest",
    [pytest.param(b"of another film", id="wrong bytes"), pytest.param(FILM + b"more", id="too many"), FILM[:-1] + b"?"],
)
def test_a_beginning_that_does_not_fit_is_fetched_anew(tmp_path: Path, rest: bytes):
    digest = hashlib.sha256(FILM).hexdigest()
    (tmp_path / f".film.mp4.{digest[:12]}.part").write_bytes(rest)
    fetched(house({"film.mp4": FILM}, ranged), tmp_path)
    assert contents(tmp_path) == {"film.mp4": FILM}


def test_a_store_that_knows_no_ranges_is_no_matter(tmp_path: Path):
    digest = hashlib.sha256(FILM).hexdigest()
    (tmp_path / f".film.mp4.{digest[:12]}.part").write_bytes(FILM[:1000])
    fetched(house({"film.mp4": FILM}, lambda asked, content: Told(body=content)), tmp_path)
    assert contents(tmp_path) == {"film.mp4": FILM}


def test_what_arrives_damaged_twice_is_refused(tmp_path: Path):
    damaged = house({"film.mp4": FILM}, lambda asked, content: Told(body=b"x" + content[1:]))
    with pytest.raises(Damaged, match="damaged, twice"):
        fetched(damaged, tmp_path)
    assert contents(tmp_path) == {}


def test_an_address_that_expired_leads_to_the_service_itself(tmp_path: Path):
    script = house({"film.mp4": FILM}, lambda asked, content: Told(403, b"<Error/>"))

    def answer(asked: Asked) -> Told:
        return ranged(asked, FILM) if asked.path.endswith("/artifacts/film.mp4") else script(asked)

    fetched(answer, tmp_path)
    assert contents(tmp_path) == {"film.mp4": FILM}


@pytest.mark.parametrize("name", ["../film.mp4", "/etc/film.mp4", "a/../../film.mp4", "", "..\\film.mp4"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str):
    folder = tmp_path / "result"
    with pytest.raises(Damaged, match="no place"):
        fetched(house({name: FILM}, ranged), folder)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(
    ("only", "names"),
    [
        (["film"], {"film.mp4"}),
        (["film.mp4", "report"], {"film.mp4", "report.json"}),
        (["stems"], {"stems/ambience.flac"}),
        (["*.flac"], {"stems/ambience.flac"}),
    ],
)
def test_only_what_is_wanted(tmp_path: Path, only: list[str], names: set[str]):
    fetched(house(FILES, ranged), tmp_path, only=only)
    assert set(contents(tmp_path)) == names


def test_what_there_is_not_is_told(tmp_path: Path):
    with pytest.raises(BadOption, match="no music; it has film"):
        fetched(house(FILES, ranged), tmp_path, only=["music"])


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        fetched(house(FILES, ranged), tmp_path / "file")
