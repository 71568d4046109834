"""Which queue carries what: one for each kind of machine, and a twin of each for bulk."""

from enum import StrEnum

from services.backbone.ledger.tables import Priority

_BULK = "-bulk"


class Lane(StrEnum):
    """The kinds of work, by the machine they need."""

    LLM = "llm"
    MEDIA = "media"
    GPU = "gpu"


def queue_of(lane: Lane, priority: Priority) -> str:
    """The queue of a lane for jobs of that priority."""
    return lane.value + (_BULK if priority is Priority.BULK else "")


def queues_of(*lanes: Lane) -> tuple[str, ...]:
    """All queues of some lanes; the normal ones first, for workers take from the first that has something."""
    return tuple(queue_of(lane, priority) for priority in Priority for lane in lanes)


ALL_QUEUES = queues_of(*Lane)
