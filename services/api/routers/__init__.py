"""The routes, one module a noun. A new router is added to `ROUTERS`; the order is that of the documentation."""

from fastapi import APIRouter

from services.api.routers import events, jobs, kinds, uploads, webhooks

ROUTERS: tuple[APIRouter, ...] = (
    uploads.router,
    jobs.router,
    events.router,
    webhooks.router,
    kinds.router,
)
