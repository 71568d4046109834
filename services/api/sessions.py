"""The request's transaction: it begins with the first question and is committed before the answer goes out."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from services.api.resources import Resources, resources


async def session_of(request: Request) -> AsyncIterator[AsyncSession]:
    """One session a request, as a dependency; rolled back when the request ends in an error."""
    async with resources(request).transaction() as session:
        yield session


# With the scope of the function, and not of the request: a client that is told of success can count on it.
Session = Annotated[AsyncSession, Depends(session_of, scope="function")]
Held = Annotated[Resources, Depends(resources)]
