"""A typed client of a running Soundstage service, blocking (`Client`) and asynchronous (`AsyncClient`).

Needs httpx (`pip install 'soundstage[client]'`), and of the engine only its cue sheet and its errors.
"""

from soundstage.client.clients import AsyncClient, Client
from soundstage.client.core import Patience
from soundstage.client.errors import ApiError, Damaged, JobFailed, NotReached

__all__ = ["ApiError", "AsyncClient", "Client", "Damaged", "JobFailed", "NotReached", "Patience"]
