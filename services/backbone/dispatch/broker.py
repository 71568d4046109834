"""The Celery application: how messages travel. What is to be done stands in the ledger."""

from functools import cache

from celery import Celery
from kombu import Queue

from services.backbone.dispatch.queues import ALL_QUEUES
from services.backbone.settings import Settings, settings

_SOFT_SHUTDOWN, _LOADING = 30.0, 600.0


def app() -> Celery:
    """The Celery application of this process and its settings."""
    return _made(settings())


@cache
def _made(chosen: Settings) -> Celery:
    made = Celery("soundstage")
    made.conf.update(_configuration(chosen))
    return made


def _configuration(chosen: Settings) -> dict[str, object]:
    # A message that is older than this is taken for lost with its worker and given to another.
    visibility = int(2 * chosen.hard_limit)
    transport = {
        "visibility_timeout": visibility,
        "queue_order_strategy": "priority",
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }
    return {
        "broker_url": chosen.redis_url,
        "broker_transport_options": transport,
        "result_backend_transport_options": transport,
        "visibility_timeout": visibility,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_queues": [Queue(name) for name in ALL_QUEUES],
        "task_create_missing_queues": False,
        "task_acks_late": True,
        "task_acks_on_timeout": True,
        "task_reject_on_worker_lost": False,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_time_limit": chosen.hard_limit,
        # A process of the pool says that it is up when its models are loaded; Celery would kill it after 4 s.
        "worker_proc_alive_timeout": _LOADING,
        "worker_prefetch_multiplier": 1,
        "worker_soft_shutdown_timeout": _SOFT_SHUTDOWN,
        "worker_enable_soft_shutdown_on_idle": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
    }
