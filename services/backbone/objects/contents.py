"""What lies in the bucket: put, read, listed, deleted. Nothing is ever held in memory whole."""

import hashlib
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from services.backbone.errors import BadRequest, NotFound, Refused, TooLarge, Unavailable
from services.backbone.objects.bucket import Bucket
from services.backbone.objects.failures import Damaged, translated
from services.backbone.objects.writer import PartWriter, Stored
from services.backbone.settings import MIB
from soundstage.errors import StorageError

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import DeleteTypeDef

CHUNK = MIB // 4
# Long objects are read in windows: a break costs little, and no server reads far ahead for a slow reader.
_WINDOW = 16 * MIB
_TRIES = 3
_PAUSE = 0.5
_DELETED_AT_ONCE = 1000


@dataclass(frozen=True)
class Found:
    """An object as the store lists it; `etag`, without its quotes, changes with its bytes."""

    key: str
    bytes: int
    last_modified: datetime
    etag: str


@dataclass(frozen=True)
class Contents(Bucket):
    """The bucket's objects."""

    def put_file(self, path: Path, key: str, content_type: str) -> Stored:
        """Put a file; in parts, side by side, where it is large.

        Raises:
            Damaged: bytes did not arrive as they were sent.
            Unavailable: the store is away.
            StorageError: the file cannot be read.
        """
        with self.writer(key, content_type, ahead=3) as writer:
            for chunk in _chunks_of(path):
                writer.write(chunk)
            return writer.finish()

    def put_bytes(self, data: bytes, key: str, content_type: str) -> Stored:
        """Put a small object. Raises as `put_file`."""
        with self.writer(key, content_type) as writer:
            writer.write(data)
            return writer.finish()

    def writer(self, key: str, content_type: str, *, limit: int | None = None, ahead: int = 1) -> PartWriter:
        """Something to write an object to, chunk by chunk, from one thread at a time.

        Args:
            key: of the object, which appears whole when it is finished, or not at all.
            content_type: of the object.
            limit: the most bytes that are accepted.
            ahead: parts of 16 MiB on their way at once; as many and one more are held in memory.
        """
        return PartWriter(self, key, content_type, limit=limit, ahead=ahead)

    def get_file(self, key: str, path: Path, sha256: str | None = None) -> None:
        """Bring an object to a file, which appears whole or not at all.

        Raises:
            NotFound: there is no such object.
            Damaged: it is not what `sha256` says.
            Unavailable: the store is away.
            StorageError: the file cannot be written.
        """
        self._bring(self.bucket, self._found(self.bucket, key), path, sha256)

    def get_foreign(self, bucket: str, key: str, path: Path, limit: int) -> None:
        """Bring an object of another bucket, one of those that jobs may name.

        Raises:
            Refused: it is none of those.
            TooLarge: it has more than `limit` bytes.
            NotFound, Unavailable, StorageError: as `get_file`.
        """
        self._bring(bucket, self._foreign(bucket, key, limit), path, None)

    def read(self, key: str, first: int | None = None, last: int | None = None) -> Iterator[bytes]:
        """An object's bytes, or those from `first` to `last` inclusive, in pieces.

        Raises:
            NotFound: there is no such object.
            BadRequest: it has no such bytes.
            Conflict: it was replaced while it was read.
            Unavailable: the store is away.
        """
        found = self._found(self.bucket, key)
        start = first or 0
        stop = found.bytes if last is None else min(last + 1, found.bytes)
        if start < 0 or (stop <= start and (first, last) != (None, None)):
            raise BadRequest(f"The object has {found.bytes} bytes, none of them from {first} to {last}.")
        return self._stream(self.bucket, found, start, stop)

    def head(self, key: str) -> Found | None:
        """What the store says of an object; None when there is none."""
        try:
            return self._found(self.bucket, key)
        except NotFound:
            return None

    def size(self, key: str) -> int:
        """An object's size in bytes. Raises NotFound when there is none."""
        return self._found(self.bucket, key).bytes

    def digest(self, key: str) -> str:
        """SHA-256 of an object's bytes in hex, read once through."""
        sha256 = hashlib.sha256()
        for chunk in self.read(key):
            sha256.update(chunk)
        return sha256.hexdigest()

    def list(self, prefix: str) -> Iterator[Found]:
        """All objects whose key begins so, by key."""
        pages = self.client.get_paginator("list_objects_v2")
        with translated("The bucket"):
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
                for each in page.get("Contents", []):
                    yield Found(each["Key"], each["Size"], each["LastModified"], each["ETag"].strip('"'))

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; those that are not there are no matter."""
        for start in range(0, len(keys), _DELETED_AT_ONCE):
            self._delete_some(keys[start : start + _DELETED_AT_ONCE])

    def delete_prefix(self, prefix: str) -> None:
        """Delete all objects whose key begins so. Raises ValueError for a prefix that would be the whole bucket."""
        if not prefix:
            raise ValueError("the whole bucket is never deleted")
        # Listed to the end first: what is deleted under a listing makes some stores skip.
        self.delete([found.key for found in self.list(prefix)])

    def _delete_some(self, keys: Sequence[str]) -> None:
        some = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
        with translated("The objects"):
            answer = self.client.delete_objects(Bucket=self.bucket, Delete=cast("DeleteTypeDef", some))
        if errors := answer.get("Errors"):
            raise Damaged(f"The store kept {len(errors)} objects that were to be deleted ({errors[0].get('Code')}).")

    def _found(self, bucket: str, key: str) -> Found:
        with translated("The object"):
            head = self.client.head_object(Bucket=bucket, Key=key)
        return Found(key, head["ContentLength"], head["LastModified"], head["ETag"].strip('"'))

    def _foreign(self, bucket: str, key: str, limit: int) -> Found:
        if bucket not in self.source_buckets:
            raise Refused(f"The bucket {bucket!r} may not be read; ask the operator to allow it, or upload the film.")
        found = self._found(bucket, key)
        if found.bytes > limit:
            raise TooLarge(f"The film has {found.bytes} bytes; at most {limit} are accepted.")
        return found

    def _bring(self, bucket: str, found: Found, path: Path, sha256: str | None) -> None:
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            arrived = self._write(self._stream(bucket, found, 0, found.bytes), aside)
            if sha256 is not None and arrived != sha256:
                raise Damaged("The object is not what was put into the store; make it again.")
            aside.replace(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be written ({error.strerror}); free space.") from error
        finally:
            aside.unlink(missing_ok=True)

    def _write(self, chunks: Iterator[bytes], path: Path) -> str:
        sha256 = hashlib.sha256()
        with path.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
                sha256.update(chunk)
        return sha256.hexdigest()

    def _stream(self, bucket: str, found: Found, start: int, stop: int) -> Iterator[bytes]:
        """Bytes from `start` to before `stop`; goes on where a connection broke."""
        at, broken = start, 0
        while at < stop:
            try:
                for chunk in self._window(bucket, found, at, min(at + _WINDOW, stop)):
                    at, broken = at + len(chunk), 0
                    yield chunk
            except Unavailable:
                broken += 1
                if broken == _TRIES:
                    raise
                time.sleep(broken * _PAUSE)

    def _window(self, bucket: str, found: Found, start: int, stop: int) -> Iterator[bytes]:
        span = f"bytes={start}-{stop - 1}"
        with translated("The object"):
            answer = self.client.get_object(Bucket=bucket, Key=found.key, Range=span, IfMatch=f'"{found.etag}"')
            with closing(answer["Body"]) as body:
                yield from body.iter_chunks(CHUNK)


def _chunks_of(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(MIB):
                yield chunk
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}); check its permissions.") from error
