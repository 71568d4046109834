"""Films sent straight to the store, part by part."""

from fastapi import APIRouter

router = APIRouter(prefix="/v1/uploads", tags=["uploads"])
