"""The commands that talk to a service, as a user runs them, before the real API; nobody works the jobs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from soundstage.client import Client
from tests.cli.conftest import Said, ended
from tests.cli.test_refusals import assert_one_line
from tests.client.conftest import (  # noqa: F401 - fixtures
    Service,
    bucket,
    buckets,
    client,
    database_url,
    home_of_its_own,
    object_store_env,
    postgres_url,
    redis_server_url,
    redis_url,
    servers_folder,
    service,
    service_environment,
    store_wire,
    template_database,
)

Start = Callable[..., subprocess.Popen[str]]
Say = Callable[..., Said]


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def known(service: Service) -> Mapping[str, str]:  # noqa: F811
    """What says where the service is, and who asks."""
    return {**os.environ, "SOUNDSTAGE_URL": service.url, "SOUNDSTAGE_API_KEY": service.key}


@pytest.fixture
def start(known: Mapping[str, str]) -> Start:
    def run(*words: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "soundstage", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=known,
            preexec_fn=_hear_interrupts,
        )

    return run


@pytest.fixture
def say(known: Mapping[str, str]) -> Say:
    def run(*words: str | Path, **environment: str) -> Said:
        return ended(*words, environment={name: value for name, value in (known | environment).items() if value})

    return run


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "harbour.mp4"
    path.write_bytes(os.urandom(50_000))
    return path


def test_a_job_from_its_beginning_to_its_end(say: Say, film: Path):
    made = say("submit", film, "--reference", "episode 7", "--hint", "a harbour", "--json").value
    assert made["status"] == "queued"
    assert made["options"]["hint"] == "a harbour"
    shown = say("status", made["id"])
    assert "episode 7" in shown.out
    assert say("cancel", made["id"], "--json").value["status"] == "canceled"
    watched = say("watch", made["id"])
    assert watched.code == 9
    assert_one_line(watched.err)
    assert say("retry", made["id"], "--json").value["status"] == "queued"


def test_the_same_client_id_makes_one_job(say: Say):
    words = ("submit", "https://127.0.0.1:9/film.mp4", "--client-id", "s01e01", "--json")
    assert say(*words).value["id"] == say(*words).value["id"]


def test_what_models_may_do_and_spend_is_sent(say: Say):
    film = "https://127.0.0.1:9/film.mp4"
    made = say("submit", film, "--fallback", "--most-tokens", "5000", "--most-dollars", "0.5", "--json").value
    asked = {name: made["options"][name] for name in ("cast", "fallback", "narrate", "most_tokens", "most_dollars")}
    assert asked == {"cast": "house", "fallback": True, "narrate": False, "most_tokens": 5000, "most_dollars": 0.5}


def test_lines_to_be_spoken_are_sent(say: Say, film: Path, tmp_path: Path):
    lines = tmp_path / "lines.srt"
    lines.write_text("1\n00:00:00,500 --> 00:00:01,500\nAhoy.\n")
    assert say("submit", film, "--speech", lines).code == 0


@pytest.mark.parametrize(
    ("words", "environment", "code"),
    [
        pytest.param(["submit", "none.mp4"], {}, 7, id="no such file"),
        pytest.param(["submit", "https://127.0.0.1:9/a.mp4", "--format", "xyz"], {}, 2, id="unknown format"),
        pytest.param(["submit", "https://127.0.0.1:9/a.mp4", "--priority", "now"], {}, 2, id="unknown priority"),
        pytest.param(["submit", "s3://not-ours/a.mp4"], {}, 2, id="a bucket that is not allowed"),
        pytest.param(["submit", "https://127.0.0.1:9/a.mp4", "--cast", "llm"], {}, 2, id="no models"),
        pytest.param(["submit", "https://127.0.0.1:9/a.mp4", "--narrate"], {}, 2, id="no narrator"),
        pytest.param(["status", "job_none"], {}, 9, id="no such job"),
        pytest.param(["status", "job_none"], {"SOUNDSTAGE_API_KEY": "sk_wrong"}, 9, id="a wrong key"),
        pytest.param(["status", "job_none"], {"SOUNDSTAGE_URL": "soundstage"}, 2, id="no address"),
        pytest.param(["status", "job_none"], {"SOUNDSTAGE_URL": ""}, 2, id="no service known"),
        pytest.param(["fetch", "job_none"], {}, 9, id="nothing to fetch"),
        pytest.param(["batch", "none"], {}, 2, id="no list"),
        pytest.param(["batch", "none.csv"], {}, 7, id="a list that is not there"),
    ],
)
def test_what_goes_wrong_is_told_in_a_line(say: Say, words: list[str], environment: dict[str, str], code: int):
    said = say(*words, **environment)
    assert said.code == code, said.err
    assert_one_line(said.err)


def test_the_noted_service_is_found_and_its_key_goes_nowhere_else(say: Say, service: Service, tmp_path: Path):  # noqa: F811
    note = tmp_path / "config" / "soundstage" / "service.json"
    note.parent.mkdir(parents=True)
    note.write_text(json.dumps({"url": service.url, "key": service.key}))
    unset = {"SOUNDSTAGE_URL": "", "SOUNDSTAGE_API_KEY": ""}
    assert "no such job" in say("status", "job_none", **unset).err
    elsewhere = say("status", "job_none", "--url", "http://127.0.0.1:9", **unset)
    assert elsewhere.code == 2
    assert "is not known" in elsewhere.err


def test_an_interrupt_leaves_the_job_running_and_says_how_to_follow_it(start: Start, client: Client):  # noqa: F811
    process = start("submit", "https://127.0.0.1:9/film.mp4", "--wait")
    wait_for(lambda: list(client.jobs()))
    (job,) = client.jobs()
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"soundstage watch {job.id}" in err
    assert client.job(job.id).status == "queued"


class TestBatch:
    def test_stopped_and_started_again_it_makes_each_job_once(
        self,
        start: Start,
        say: Say,
        client: Client,  # noqa: F811
        tmp_path: Path,
    ):
        folder = tmp_path / "films"
        for name in ("one.mp4", "two.mkv", "three/one.mp4"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(os.urandom(10_000))
        (folder / "notes.txt").write_text("no film")
        for jobs in (1, 3):
            process = start("batch", folder, "--out", tmp_path / "out")
            wait_for(lambda jobs=jobs: len(list(client.jobs())) >= jobs)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
            assert process.returncode == 130
            assert "run the same command again" in err
        assert len(list(client.jobs())) == 3
        (batch,) = client.batches(reference="films")
        assert client.batch(batch.id).counts["total"] == 3

        for job in client.jobs():
            client.cancel(job.id)
        said = say("batch", folder, "--out", tmp_path / "out", "--json")
        assert said.code == 9
        assert said.value["counts"] == {"canceled": 3}
        assert len(list(client.jobs())) == 3

    def test_a_film_that_changed_is_another_job(self, start: Start, client: Client, tmp_path: Path):  # noqa: F811
        (tmp_path / "films").mkdir()
        film = tmp_path / "films" / "one.mp4"
        for jobs in (1, 2):
            film.write_bytes(os.urandom(10_000 * jobs))
            process = start("batch", film.parent)
            wait_for(lambda jobs=jobs: len(list(client.jobs())) == jobs)
            process.kill()
            process.communicate()

    def test_a_list_with_options_of_its_own(self, say: Say, start: Start, client: Client, tmp_path: Path):  # noqa: F811
        (tmp_path / "one.mp4").write_bytes(os.urandom(10_000))
        lines = (
            "film,name,hint,seed\none.mp4,first,a harbour,7\nhttps://127.0.0.1:9/two.mp4,,,\n"
            "none.mp4,,,\nhttps://127.0.0.1:9/three.mp4,,,-1\n"
        )
        (tmp_path / "films.csv").write_text(lines)
        process = start("batch", tmp_path / "films.csv", "--reference", "season 2", "--target", "-23")
        wait_for(lambda: len(list(client.jobs())) == 2)
        for job in client.jobs():
            assert job.options["target"] == -23
            assert job.priority == "bulk"
            client.cancel(job.id)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 9
        assert "none.mp4: refused" in err
        assert "three.mp4: refused" in err
        assert "4 of 4 films have no result" in err
        assert {job.options["seed"] for job in client.jobs()} == {0, 7}

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.csv", "title\nx.mp4\n"),
            ("a.csv", "film,colour\nx.mp4,red\n"),
            ("a.csv", "film,seed\nx.mp4,many\n"),
            ("a.csv", "film\n"),
            ("a.jsonl", "no json\n"),
            ("a.jsonl", "[]\n"),
            ("a.jsonl", '{"name": "x"}\n'),
            ("a.txt", "x.mp4\n"),
        ],
    )
    def test_a_list_that_makes_no_sense_is_refused(self, say: Say, tmp_path: Path, name: str, text: str):
        (tmp_path / name).write_text(text)
        said = say("batch", tmp_path / name)
        assert said.code == 2, said.err
        assert_one_line(said.err)


def wait_for(done: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "did not happen"
        time.sleep(0.1)
