"""Imported by Celery in every process of a pool: registers the task that works there."""

from services.backbone.dispatch.service import attach_named

attach_named()
