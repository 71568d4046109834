"""The object store, over boto3: S3, or any server that speaks it. Nothing is ever held in memory whole."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from services.backbone.errors import Refused, TooLarge, Unavailable
from services.backbone.objects.failures import translated
from services.backbone.settings import MIB, Settings
from soundstage.errors import StorageError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHUNK = MIB
_TRANSFER = TransferConfig(multipart_threshold=16 * MIB, multipart_chunksize=16 * MIB, max_concurrency=4)
_DELETED_AT_ONCE = 1000


@dataclass(frozen=True)
class Stored:
    """An object that was put into the store; SHA-256 in hex."""

    key: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Found:
    """An object as the store lists it."""

    key: str
    bytes: int
    last_modified: datetime


@dataclass(frozen=True)
class ObjectStore:
    """One bucket. May be used from many threads; a forked process gets connections of its own."""

    endpoint: str | None
    access_key: str | None
    secret_key: str | None
    region: str
    bucket: str
    public_endpoint: str | None = None
    source_buckets: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> "ObjectStore":
        """The store that the settings name."""
        return cls(
            endpoint=settings.s3_endpoint_url,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key.get_secret_value() if settings.s3_secret_key else None,
            region=settings.s3_region,
            bucket=settings.s3_bucket,
            public_endpoint=settings.s3_public_url,
            source_buckets=settings.source_buckets,
        )

    @property
    def client(self) -> "S3Client":
        """The client of this process."""
        return _client(os.getpid(), self.endpoint, self.access_key, self.secret_key, self.region)

    @property
    def signer(self) -> "S3Client":
        """A client that signs for the address at which users reach the store."""
        address = self.public_endpoint or self.endpoint
        return _client(os.getpid(), address, self.access_key, self.secret_key, self.region)

    def ensure_bucket(self) -> None:
        """Make the bucket, unless it is there. Raises Unavailable when the store is away."""
        with translated("the bucket"):
            known = [bucket.get("Name") for bucket in self.client.list_buckets().get("Buckets", [])]
            if self.bucket not in known:
                self.client.create_bucket(Bucket=self.bucket)

    def put_file(self, path: Path, key: str, content_type: str) -> Stored:
        """Put a file; in parts, side by side, where it is large."""
        sha256 = _digest_of(path)
        extra = {"ContentType": content_type, "Metadata": {"sha256": sha256}}
        with translated("the file"):
            self.client.upload_file(str(path), self.bucket, key, ExtraArgs=extra, Config=_TRANSFER)
        return Stored(key, path.stat().st_size, sha256)

    def get_file(self, key: str, path: Path, sha256: str | None = None) -> None:
        """Bring an object to a file, which appears whole or not at all.

        Raises:
            NotFound: there is no such object.
            Unavailable: the store is away, or what came is not what was put there.
            StorageError: the file cannot be written.
        """
        self._bring(self.bucket, key, path, sha256, None)

    def get_foreign(self, bucket: str, key: str, path: Path, limit: int) -> None:
        """Bring an object of another bucket, one of those that jobs may name.

        Raises:
            Refused: it is none of those.
            TooLarge: it has more than `limit` bytes.
            NotFound, Unavailable, StorageError: as `get_file`.
        """
        if bucket not in self.source_buckets:
            raise Refused(f"The bucket {bucket!r} may not be read; ask the operator to allow it, or upload the film.")
        self._bring(bucket, key, path, None, limit)

    def _bring(self, bucket: str, key: str, path: Path, sha256: str | None, limit: int | None) -> None:
        aside = path.with_name(f".{path.name}.part")
        try:
            with translated("the object"):
                answer = self.client.get_object(Bucket=bucket, Key=key)
                if limit is not None and answer["ContentLength"] > limit:
                    raise TooLarge(f"The film has {answer['ContentLength']} bytes; at most {limit} are accepted.")
                with aside.open("wb") as file:
                    arrived = _copied(answer["Body"].iter_chunks(CHUNK), file)
            if sha256 is not None and arrived != sha256:
                raise Unavailable("An object came from the store damaged; try again in a moment.")
            aside.replace(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be written ({error.strerror}); free space.") from error
        finally:
            aside.unlink(missing_ok=True)

    def read(self, key: str, first: int | None = None, last: int | None = None) -> Iterator[bytes]:
        """An object's bytes, or those from `first` to `last` inclusive, in pieces."""
        with translated("the object"):
            if first is None:
                answer = self.client.get_object(Bucket=self.bucket, Key=key)
            else:
                span = f"bytes={first}-{'' if last is None else last}"
                answer = self.client.get_object(Bucket=self.bucket, Key=key, Range=span)
            yield from answer["Body"].iter_chunks(CHUNK)

    def size(self, key: str) -> int:
        """An object's size in bytes. Raises NotFound when there is none."""
        with translated("the object"):
            return self.client.head_object(Bucket=self.bucket, Key=key)["ContentLength"]

    def digest(self, key: str) -> str:
        """SHA-256 of an object's bytes, read once through."""
        sha256 = hashlib.sha256()
        for chunk in self.read(key):
            sha256.update(chunk)
        return sha256.hexdigest()

    def list(self, prefix: str) -> Iterator[Found]:
        """All objects whose key begins so."""
        with translated("the bucket"):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
                for each in page.get("Contents", []):
                    yield Found(each["Key"], each["Size"], each["LastModified"])

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; those that are not there are no matter."""
        for start in range(0, len(keys), _DELETED_AT_ONCE):
            names = [{"Key": key} for key in keys[start : start + _DELETED_AT_ONCE]]
            with translated("the objects"):
                self.client.delete_objects(Bucket=self.bucket, Delete={"Objects": names, "Quiet": True})  # type: ignore[typeddict-item]

    def delete_prefix(self, prefix: str) -> None:
        """Delete all objects whose key begins so."""
        self.delete([found.key for found in self.list(prefix)])


@cache
def _client(process: int, endpoint: str | None, access: str | None, secret: str | None, region: str) -> "S3Client":
    del process  # connections do not survive a fork
    config = Config(
        signature_version="s3v4",
        connect_timeout=5,
        read_timeout=60,
        retries={"mode": "standard", "total_max_attempts": 3},
        s3={"addressing_style": "path"},
        max_pool_connections=32,
    )
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        region_name=region,
        config=config,
    )


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copied(chunks: Iterator[bytes], file: BinaryIO) -> str:
    sha256 = hashlib.sha256()
    for chunk in chunks:
        file.write(chunk)
        sha256.update(chunk)
    return sha256.hexdigest()
