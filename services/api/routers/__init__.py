"""The routes, one module a noun. A new router is added to `ROUTERS`; the order is that of the documentation."""

from fastapi import APIRouter

from services.api.routers import jobs, kinds, uploads

ROUTERS: tuple[APIRouter, ...] = (
    uploads.router,
    jobs.router,
    kinds.router,
)
