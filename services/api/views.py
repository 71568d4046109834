"""Jobs as JSON: one function for the ledger's rows, whoever read them."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.backbone.ledger.repositories.statuses import COUNTS, DOCUMENTS, LONG_OPTIONS, PLAIN, TIMES
from services.backbone.ledger.tables import Job
from services.backbone.settings import settings

_ACTIONS = ("events", "cancel", "retry", "cuesheet", "artifacts")


def job_json(job: Job) -> str:
    """A job in full."""
    row: dict[str, Any] = {name: getattr(job, name) for name in (*PLAIN, *COUNTS, *TIMES)}
    documents = {name: getattr(job, name) for name in DOCUMENTS}
    documents["options"] = {name: value for name, value in job.options.items() if name not in LONG_OPTIONS}
    return row_json({**row, **{name: _dumps(value) for name, value in documents.items()}})


def created_json(job: Job, webhook_secret: str | None) -> str:
    """A job that was just taken in."""
    return f'{job_json(job)[:-1]},"webhook_secret":{_dumps(webhook_secret)}}}'


def row_json(row: Mapping[str, Any]) -> str:
    """A job from its columns; its documents are text of JSON already. Written out, for it is called most of all."""
    plain = ",".join([f'"{name}":{_plain(row[name])}' for name in PLAIN])
    times = ",".join([f'"{name}":{_time(row[name])}' for name in TIMES])
    documents = ",".join([f'"{name}":{row[name] or "null"}' for name in DOCUMENTS])
    steps = f'"steps":{{"done":{row["steps_done"]},"total":{row["steps_total"]}}}'
    here = url_of(row["id"])
    urls = ",".join([f'"{action}_url":"{here}/{action}"' for action in _ACTIONS])
    return f'{{{plain},{steps},{documents},{times},"status_url":"{here}",{urls}}}'


def url_of(job_id: str) -> str:
    """Where a job is told of."""
    return f"{settings().public_url.rstrip('/')}/v1/jobs/{job_id}"


def _plain(value: str | float | None) -> str:
    return "null" if value is None else _dumps(value)


def _time(time: datetime | None) -> str:
    return "null" if time is None else f'"{time.isoformat()}"'


_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
