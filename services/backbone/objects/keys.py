"""Keys of objects: by account, job, step and attempt. No word of a user's is ever part of one.

accounts/{account}/uploads/{upload}/source
accounts/{account}/jobs/{job}/steps/{step}/{attempt}/{name}
"""

import re
from dataclasses import dataclass

_ID = re.compile(r"[a-z]+_[0-9a-z]{1,40}")
# No segment begins with a dot: no way up, and nothing that a file server hides.
_NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,120}(/(?!\.)[A-Za-z0-9._-]{1,120}){0,3}")
_STEP = re.compile(
    rf"accounts/(?P<account>{_ID.pattern})/jobs/(?P<job>{_ID.pattern})"
    rf"/steps/(?P<step>{_ID.pattern})/(?P<attempt>[0-9]{{1,9}})/(?P<name>{_NAME.pattern})"
)


@dataclass(frozen=True)
class StepKey:
    """What the key of something that a step made says."""

    account_id: str
    job_id: str
    step_id: str
    attempt: int
    name: str


def upload_key(account_id: str, upload_id: str) -> str:
    """Where a film lies that came in."""
    return f"accounts/{_checked(account_id)}/uploads/{_checked(upload_id)}/source"


def step_key(account_id: str, job_id: str, step_id: str, attempt: int, name: str) -> str:
    """Where one attempt of a step puts what it made. Raises ValueError for a name that is not of our making."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} can not be part of a key")
    return f"{job_prefix(account_id, job_id)}steps/{_checked(step_id)}/{attempt}/{name}"


def job_prefix(account_id: str, job_id: str) -> str:
    """What the keys of all that a job made begin with."""
    return f"accounts/{_checked(account_id)}/jobs/{_checked(job_id)}/"


def parse_step_key(key: str) -> StepKey | None:
    """Whose a key is that `step_key` made; None for any other."""
    match = _STEP.fullmatch(key)
    if match is None:
        return None
    account, job, step, attempt, name = match.group("account", "job", "step", "attempt", "name")
    return StepKey(account, job, step, int(attempt), name)


def _checked(id: str) -> str:
    if not _ID.fullmatch(id):
        raise ValueError(f"{id!r} is no id")
    return id
