"""An object written chunk by chunk: parts of it go to the store while the next are coming."""

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

from services.backbone.errors import NotFound, ServiceError, TooLarge, Unavailable
from services.backbone.objects.bucket import Bucket
from services.backbone.objects.digests import to_header
from services.backbone.objects.failures import translated
from services.backbone.settings import MIB

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART = 16 * MIB
_MOST = 10_000 * PART


@dataclass(frozen=True)
class Stored:
    """An object that was put into the store; SHA-256 in hex."""

    key: str
    bytes: int
    sha256: str


class PartWriter:
    """Takes the chunks of one object, of any number and size; used by one thread at a time, not always the same.

    As a context manager it aborts whatever is not finished. The SHA-256 of each part is sent along, for the store
    to check; that of the whole is the answer of `finish`.
    """

    def __init__(self, bucket: Bucket, key: str, content_type: str, *, limit: int | None, ahead: int) -> None:
        """Args as `Contents.writer`."""
        self.key = key
        self._bucket = bucket
        self._content_type = content_type
        self._limit = min(limit or _MOST, _MOST)
        self._ahead = ahead
        self._buffer = bytearray()
        self._count = 0
        self._sha256 = hashlib.sha256()
        self._upload: str | None = None
        self._sent = 0
        self._done: list[CompletedPartTypeDef] = []
        self._pending: deque[Future[CompletedPartTypeDef]] = deque()
        self._threads: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()

    @property
    def written(self) -> int:
        """Bytes taken so far."""
        return self._count

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Take a chunk; waits while as many parts as allowed are on their way.

        Raises:
            TooLarge: that is more than the limit.
            Damaged: a part did not arrive as it was sent.
            Unavailable: the store is away.
        """
        view = memoryview(chunk)
        self._count += len(view)
        if self._count > self._limit:
            raise TooLarge(f"More than {self._limit} bytes are not accepted; send less.")
        self._sha256.update(view)
        while view:
            room = PART - len(self._buffer)
            self._buffer += view[:room]
            view = view[room:]
            if len(self._buffer) == PART:
                self._send()

    def finish(self) -> Stored:
        """Make the object of all that was written. Raises as `write`."""
        if self._upload is None:
            self._put_whole()
        else:
            self._complete(self._upload)
        self._close()
        return Stored(self.key, self._count, self._sha256.hexdigest())

    def abort(self) -> None:
        """Leave nothing behind, unless it is finished; parts that cannot be freed now are freed by the keeper."""
        upload, self._upload = self._upload, None
        self._close()
        if upload is not None:
            with suppress(ServiceError), translated("The upload"):
                self._bucket.client.abort_multipart_upload(Bucket=self._bucket.bucket, Key=self.key, UploadId=upload)

    def _put_whole(self) -> None:
        with translated("The object"):
            self._bucket.client.put_object(
                Bucket=self._bucket.bucket,
                Key=self.key,
                Body=bytes(self._buffer),
                ContentType=self._content_type,
                ChecksumSHA256=to_header(self._sha256.hexdigest()),
            )

    def _complete(self, upload: str) -> None:
        if self._buffer:
            self._send()
        while self._pending:
            self._settle()
        with _kept(), translated("The upload"):
            self._bucket.client.complete_multipart_upload(
                Bucket=self._bucket.bucket, Key=self.key, UploadId=upload, MultipartUpload={"Parts": self._done}
            )
        self._upload = None

    def _send(self) -> None:
        """Hand the buffer to a thread; it is not copied, the next part begins a new one."""
        upload, threads = self._begun()
        while len(self._pending) >= self._ahead:
            self._settle()
        part, self._buffer = self._buffer, bytearray()
        self._sent += 1
        self._pending.append(threads.submit(self._put_part, upload, self._sent, part))

    def _begun(self) -> tuple[str, ThreadPoolExecutor]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._ahead, thread_name_prefix="part")
        if self._upload is None:
            self._upload = self._create()
        return self._upload, self._threads

    def _create(self) -> str:
        with translated("The upload"):
            answer = self._bucket.client.create_multipart_upload(
                Bucket=self._bucket.bucket, Key=self.key, ContentType=self._content_type, ChecksumAlgorithm="SHA256"
            )
        return answer["UploadId"]

    def _put_part(self, upload: str, number: int, part: bytearray) -> "CompletedPartTypeDef":
        checksum = to_header(hashlib.sha256(part).hexdigest())
        with _kept(), translated("The part"):
            answer = self._bucket.client.upload_part(
                Bucket=self._bucket.bucket,
                Key=self.key,
                UploadId=upload,
                PartNumber=number,
                Body=cast(bytes, part),  # a bytearray goes as it is
                ChecksumSHA256=checksum,
            )
        return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum}

    def _settle(self) -> None:
        self._done.append(self._pending.popleft().result())

    def _close(self) -> None:
        if self._threads is not None:
            # Waited for: a part that came in after the abort would stay.
            self._threads.shutdown(wait=True, cancel_futures=True)
        self._pending.clear()
        self._buffer = bytearray()


@contextmanager
def _kept() -> Iterator[None]:
    """To lose an upload that is under way is the store's trouble, not something that was never there."""
    try:
        yield
    except NotFound as error:
        raise Unavailable("The object store lost what was sent so far; try again in a moment.") from error
