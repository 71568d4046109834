"""What goes wrong between us and the store, in our own errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import BotoCoreError, ClientError

from services.backbone.errors import BadRequest, NotFound, Unavailable

_MISSING = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NoSuchUpload", "NotFound"})
_REFUSED = frozenset({"BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "InvalidPart", "InvalidPartOrder"})
_AWAY = "The object store is away; try again in a moment."


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn the library's errors into ours; `what` names the object in the sentence.

    Raises:
        NotFound: there is no such object.
        BadRequest: the store refuses what it was given.
        Unavailable: it cannot be reached, or has trouble of its own.
    """
    try:
        yield
    except ClientError as error:
        raise _translated(error, what) from error
    except (BotoCoreError, S3UploadFailedError) as error:
        raise Unavailable(_AWAY) from error


def _translated(error: ClientError, what: str) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _MISSING or status == 404:
        return NotFound(f"{what} is not in the store.")
    if code in _REFUSED:
        return BadRequest(f"The store refuses {what}: it did not arrive as it was declared ({code}); send it again.")
    return Unavailable(_AWAY)
