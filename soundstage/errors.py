"""The errors a user can meet: each has a stable kind, an exit code and an HTTP status.

Every message is one sentence that says what is wrong, then what to do about it.
"""


class SoundstageError(Exception):
    """Something Soundstage cannot go on from; the message is written for the user."""

    kind: str = "internal"
    exit_code: int = 1
    status: int = 500


class BadOption(SoundstageError):
    """An option or argument that makes no sense."""

    kind = "bad-option"
    exit_code = 2
    status = 400


class BadFilm(SoundstageError):
    """The input is not a film that can be given sound."""

    kind = "bad-film"
    exit_code = 3
    status = 422


class BadCueSheet(SoundstageError):
    """The cue sheet is not valid, or does not belong to this film."""

    kind = "bad-cue-sheet"
    exit_code = 4
    status = 422


class BadSound(SoundstageError):
    """A recording or a subtitle file given by the user cannot be used."""

    kind = "bad-sound"
    exit_code = 5
    status = 422


class MissingPart(SoundstageError):
    """An optional part is not installed; the message says how to get it."""

    kind = "missing-part"
    exit_code = 6
    status = 501


class StorageError(SoundstageError):
    """A path cannot be read or written, or the disk is full."""

    kind = "storage"
    exit_code = 7
    status = 507


class ToolFailed(SoundstageError):
    """A program that Soundstage runs (ffmpeg) ended with an error that is no fault of the film's."""

    kind = "tool-failed"
    exit_code = 8
    status = 500
