"""All calls of the service, each written once, as a coroutine over a `Core`; by noun."""

from soundstage.client.calls import artifacts, batches, events, jobs, keys, labels, sheets, uploads, webhooks

__all__ = ["artifacts", "batches", "events", "jobs", "keys", "labels", "sheets", "uploads", "webhooks"]
