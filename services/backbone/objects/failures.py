"""What goes wrong between us and the store, in our own errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from services.backbone.errors import (
    BadRequest,
    BadSetting,
    Conflict,
    NotFound,
    ServiceError,
    TooLarge,
    Unavailable,
    Unprocessable,
)

_AWAY = "The object store is away; try again in a moment."
_WAIT = 5.0
_MISSING = frozenset({"NoSuchKey", "NoSuchUpload", "NotFound", "404"})
_DAMAGED = frozenset({"BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "IncompleteBody"})
_WRONG_PARTS = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"})
_KEYS = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "403"})
_CHANGED = frozenset({"PreconditionFailed", "412"})


class Damaged(ServiceError):
    """The bytes are not those that they should be."""

    kind = "damaged-object"
    status = 502


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn the library's errors into ours; `what` names the object in the sentence.

    Raises:
        NotFound: there is no such object or upload.
        Conflict: it was replaced meanwhile.
        Unprocessable: the parts of an upload do not make a whole.
        Damaged: bytes did not arrive as they were sent.
        BadSetting: the store refuses the keys, or there is no such bucket.
        Unavailable: it cannot be reached, or has trouble of its own.
    """
    try:
        yield
    except ClientError as error:
        raise _translated(error, what) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise BadSetting("There are no keys for the object store; set AWS_ACCESS_KEY_ID and its secret.") from error
    except (BotoCoreError, Boto3Error) as error:
        raise Unavailable(_AWAY, wait=_WAIT) from error


def status_of(error: ClientError) -> int:
    """The HTTP status of the store's answer; 0 where there was none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def code_of(error: ClientError) -> str:
    """The store's own word for what is wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _translated(error: ClientError, what: str) -> ServiceError:
    code, status = code_of(error), status_of(error)
    if (status >= 500 and status != 501) or code in {"SlowDown", "RequestTimeout"} or status == 429:
        return Unavailable(_AWAY, wait=_WAIT)
    if code == "NoSuchBucket":
        return BadSetting("The store has no such bucket; check SOUNDSTAGE_S3_BUCKET.")
    if code in _KEYS:
        return BadSetting("The object store refuses the service's keys; check AWS_ACCESS_KEY_ID and its secret.")
    for codes, kind, sentence in _KINDS:
        if code in codes:
            return kind(sentence.format(what=what, code=code))
    return _by_status(status, what, code)


_KINDS: tuple[tuple[frozenset[str], type[ServiceError], str], ...] = (
    (_MISSING, NotFound, "{what} is not in the store."),
    (_DAMAGED, Damaged, "{what} did not arrive as it was sent ({code}); send it again."),
    (_WRONG_PARTS, Unprocessable, "The parts of {what} do not make a whole ({code}); send the missing ones."),
    (_CHANGED, Conflict, "{what} was replaced meanwhile; begin again."),
    (frozenset({"InvalidRange", "416"}), BadRequest, "{what} has no such bytes; ask for others."),
    (frozenset({"EntityTooLarge"}), TooLarge, "{what} is larger than the store accepts; send a smaller one."),
)


def _by_status(status: int, what: str, code: str) -> ServiceError:
    if status == 404:
        return NotFound(f"{what} is not in the store.")
    return ServiceError(f"The object store does not accept {what} ({code}); tell the operator.")
