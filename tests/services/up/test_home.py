import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.backbone.settings import Settings
from services.up.home import Home, default_folder
from soundstage.errors import BadOption, StorageError
from tests.services.up.programs import REPOSITORY

HOLDER = """
import sys, time
from pathlib import Path
from services.up.home import Home
with Home.at(Path(sys.argv[1])).held():
    print("held", flush=True)
    time.sleep(600)
"""


def test_two_on_one_folder_is_told_in_one_sentence(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    assert holder.stdout is not None
    with holder.stdout as words:
        assert words.readline() == "held\n"
    refusal = rf"already up on {tmp_path} \(process {holder.pid}\); stop it with soundstage down or name"
    with pytest.raises(BadOption, match=refusal), Home.at(tmp_path).held():
        pass
    holder.kill()
    holder.wait()
    with Home.at(tmp_path).held():
        pass


def test_a_folder_that_cannot_be_made_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(StorageError, match=r"cannot be written .*; name another folder with --data"),
        Home.at(tmp_path / "file" / "data").held(),
    ):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="root is refused nothing; as another user, the next test says it")
def test_a_read_only_folder_refuses_another_user(servers_folder: Path) -> None:
    """The interpreter of the tests may be closed to others, so the user is changed within it."""
    code = "import os, sys; from pathlib import Path; from services.up.home import Home\nos.setuid(65534)\n"
    code += "try: Home.at(Path(sys.argv[1])).held().__enter__()\nexcept Exception as error: print(repr(error))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(servers_folder / "data")],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
    )
    assert done.stdout.startswith("StorageError(")
    assert "cannot be written (Permission denied)" in done.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root is refused nothing")
def test_a_read_only_folder_is_told_in_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="cannot be written"), Home.at(tmp_path / "data").held():
        pass


def test_the_secret_is_made_once_and_closed(tmp_path: Path) -> None:
    secret = Home.at(tmp_path).secret("SOUNDSTAGE_SECRET")
    assert len(secret) >= 32
    assert Home.at(tmp_path).secret("SOUNDSTAGE_SECRET") == secret
    assert Home.at(tmp_path).secret("OTHER") != secret
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_torn_secret_is_never_made_anew(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(StorageError, match=r"secrets\.json cannot be read"):
        Home.at(tmp_path).secret("SOUNDSTAGE_SECRET")
    assert (tmp_path / "secrets.json").read_text() == "{"


def test_the_environment_makes_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = Home.at(tmp_path).environment({}, public_url="http://127.0.0.1:9000")
    servers = {"DATABASE_URL": "postgresql://db/films", "REDIS_URL": "redis://queue"}
    for name, value in {**environment, **servers}.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.scratch == tmp_path / "scratch"
    assert settings.public_url == "http://127.0.0.1:9000"
    assert settings.allow_loopback
    assert (tmp_path / "scratch").is_dir()


def test_what_the_user_set_stays(tmp_path: Path) -> None:
    given = {"SOUNDSTAGE_ALLOW_LOOPBACK": "false", "SOUNDSTAGE_SECRET": "x" * 40, "SOUNDSTAGE_SCRATCH": "/fast"}
    environment = Home.at(tmp_path).environment(given, public_url="http://127.0.0.1:9000")
    assert {name: environment[name] for name in given} == given
    assert not (tmp_path / "secrets.json").exists()
    assert not (tmp_path / "scratch").exists()


def test_only_servers_that_are_missing_are_ours(tmp_path: Path) -> None:
    assert [server.name for server in Home.at(tmp_path).servers({"S3_ENDPOINT_URL": "http://s3"})] == [
        "postgres",
        "valkey",
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_the_default_folder_is_the_user_s_own_and_for_root_one_that_others_can_pass() -> None:
    assert default_folder() == Path("/var/lib/soundstage")
    code = "import os; os.setuid(65534); os.environ['HOME'] = '/home/ann'; os.environ.pop('XDG_DATA_HOME', None)\n"
    code = "from services.up.home import default_folder\n" + code + "print(default_folder())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout.strip() in (
        "/home/ann/.local/share/soundstage",
        "/home/ann/Library/Application Support/soundstage",
    )
