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


class ModelAway(SoundstageError):
    """A model service does not answer: not reached, too busy, or broken; worth another try later."""

    kind = "model-away"
    exit_code = 9
    status = 503


class ModelRefused(SoundstageError):
    """A model service will not serve what is asked: the key, the model's name, or the request itself."""

    kind = "model-refused"
    exit_code = 10
    status = 502


class BadAnswer(SoundstageError):
    """A model gave no answer that can be used, however often it was told what was wrong."""

    kind = "bad-answer"
    exit_code = 11
    status = 502


class BudgetSpent(SoundstageError):
    """The tokens or the money that a job may spend on models are spent."""

    kind = "budget-spent"
    exit_code = 12
    status = 402


class BadModel(SoundstageError):
    """A sound model cannot be used: its files are damaged or another model's, or it does not fit into memory."""

    kind = "bad-model"
    exit_code = 13
    status = 500


class BadBench(SoundstageError):
    """A benchmark, a list it is read from, or results for it are not what they should be."""

    kind = "bad-bench"
    exit_code = 14
    status = 422
