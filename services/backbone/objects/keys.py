"""Keys of objects: by account, job, step and attempt. No word of a user's is ever part of one.

accounts/{account}/uploads/{upload}/source
accounts/{account}/jobs/{job}/steps/{step}/{attempt}/{name}
"""

import re

_ID = re.compile(r"[a-z]+_[0-9a-z]{1,40}")
_NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,120}(/(?!\.)[A-Za-z0-9._-]{1,120}){0,3}")


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


def _checked(id: str) -> str:
    if not _ID.fullmatch(id):
        raise ValueError(f"{id!r} is no id")
    return id
