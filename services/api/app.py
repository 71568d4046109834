"""Puts the HTTP interface together."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware

from services.api import documentation, problems, status
from services.api.edge import Edge
from services.api.resources import opened
from services.api.routers import ROUTERS
from services.backbone.settings import Settings, settings


def create_app(chosen: Settings | None = None) -> FastAPI:
    """The app of a process. Args: chosen: the settings; those of the environment when None."""
    chosen = chosen or settings()
    app = FastAPI(
        title="Soundstage",
        summary="Gives long films their sound.",
        version=version("soundstage"),
        lifespan=_lifespan(chosen),
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,  # a body without a type is JSON, wherever one is read
        generate_unique_id_function=_operation_id,
    )
    problems.install(app)
    status.install(app)
    for router in ROUTERS:
        app.include_router(router)
    documentation.install(app)
    if chosen.cors_origins:
        app.add_middleware(CORSMiddleware, allow_origins=chosen.cors_origins, allow_methods=["*"], allow_headers=["*"])
    app.add_middleware(Edge, tls=chosen.public_url.startswith("https:"))
    return app


def _lifespan(chosen: Settings) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(chosen) as resources:
            app.state.resources = resources
            yield

    return lifespan


def _operation_id(route: APIRoute) -> str:
    return route.name
