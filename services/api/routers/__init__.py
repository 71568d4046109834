"""The routes, one module a noun. A new router is added to `ROUTERS`; the order is that of the documentation."""

from fastapi import APIRouter

from services.api.routers import (
    artifacts,
    batches,
    cuesheet,
    events,
    jobs,
    keys,
    kinds,
    labels,
    operations,
    uploads,
    webhooks,
)

ROUTERS: tuple[APIRouter, ...] = (
    uploads.router,
    jobs.router,
    events.router,
    cuesheet.router,
    artifacts.router,
    batches.router,
    webhooks.router,
    keys.router,
    labels.router,
    operations.router,
    kinds.router,
)
