"""The errors of the service, beside the engine's: each with a stable kind and the HTTP status it is told with."""

from soundstage.errors import SoundstageError


class ServiceError(SoundstageError):
    """A request or step that cannot go on; `pointer` names the field at fault (RFC 6901), `wait` when to come again."""

    kind = "service"
    status = 500

    def __init__(self, message: str, *, pointer: str | None = None, wait: float | None = None) -> None:
        """Args: message: for the user. pointer: JSON pointer of the offending field. wait: seconds until a retry."""
        super().__init__(message)
        self.pointer = pointer
        self.wait = wait


class BadSetting(ServiceError):
    """The service is set up in a way that cannot work."""

    kind = "bad-setting"
    exit_code = 2


class BadRequest(ServiceError):
    """The request makes no sense."""

    kind = "bad-request"
    status = 400


class Unauthorized(ServiceError):
    """No API key, or one that is not good."""

    kind = "unauthorized"
    status = 401


class Forbidden(ServiceError):
    """The API key lacks the scope."""

    kind = "forbidden"
    status = 403


class NotFound(ServiceError):
    """There is no such thing in this account."""

    kind = "not-found"
    status = 404


class Conflict(ServiceError):
    """What is asked for contradicts the present state."""

    kind = "conflict"
    status = 409


class Gone(ServiceError):
    """It was there and is not any more."""

    kind = "gone"
    status = 410


class PreconditionFailed(ServiceError):
    """The document changed since it was read."""

    kind = "precondition-failed"
    status = 412


class TooLarge(ServiceError):
    """More bytes than are accepted."""

    kind = "too-large"
    status = 413


class Unprocessable(ServiceError):
    """The request is well formed, but its content is not acceptable."""

    kind = "unprocessable"
    status = 422


class PreconditionRequired(ServiceError):
    """A write that must say which version it changes did not."""

    kind = "precondition-required"
    status = 428


class TooMany(ServiceError):
    """A rate limit or a quota is used up."""

    kind = "too-many"
    status = 429


class Refused(ServiceError):
    """An address that the service does not connect to."""

    kind = "address-refused"
    status = 422


class Unreachable(ServiceError):
    """A foreign server did not answer as it should; worth another try."""

    kind = "unreachable"
    status = 502


class Unavailable(ServiceError):
    """A server that the service stands on is away; worth another try."""

    kind = "unavailable"
    status = 503
