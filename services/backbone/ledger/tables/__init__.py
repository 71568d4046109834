"""All tables of the ledger, by the module that holds them."""

from services.backbone.ledger.tables.accounts import Account, ApiKey
from services.backbone.ledger.tables.base import Base
from services.backbone.ledger.tables.jobs import ACTIVE, Batch, Event, IdempotencyKey, Job, JobStatus, Priority
from services.backbone.ledger.tables.sheets import Cue, Memory, Scene, Sheet, Take, Turn
from services.backbone.ledger.tables.steps import Attempt, Outbox, Outcome, Step, StepState, Worker
from services.backbone.ledger.tables.uploads import Asset, Upload, UploadState
from services.backbone.ledger.tables.webhooks import Delivery, DeliveryState, Endpoint, EndpointState, Message

__all__ = [
    "ACTIVE",
    "Account",
    "ApiKey",
    "Asset",
    "Attempt",
    "Base",
    "Batch",
    "Cue",
    "Delivery",
    "DeliveryState",
    "Endpoint",
    "EndpointState",
    "Event",
    "IdempotencyKey",
    "Job",
    "JobStatus",
    "Memory",
    "Message",
    "Outbox",
    "Outcome",
    "Priority",
    "Scene",
    "Sheet",
    "Step",
    "StepState",
    "Take",
    "Turn",
    "Upload",
    "UploadState",
    "Worker",
]
