"""Logs of all service processes: one line an event, as JSON or, on a terminal, for people to read.

Every line has `timestamp` (UTC), `level`, `service`, `logger` and `event`; the ids that are bound where it is written
(`request_id`, `account`, `job`, `step`, `attempt`, ...); and `trace_id` inside a trace. Records of the standard
library (uvicorn, Celery, warnings) go the same way. Secrets are struck out of what is written, wherever they stand.
"""

import logging
import logging.config
import re
import sys
from typing import TextIO

import structlog
from celery.signals import setup_logging
from opentelemetry import trace
from structlog.typing import EventDict, Processor, WrappedLogger

from services.backbone.settings import settings

STRUCK = "***"
# They tell every request at INFO, with URLs that are somebody's secret (webhooks, presigned URLs).
_TALKATIVE = ("httpx", "httpcore", "boto3", "botocore", "s3transfer", "urllib3", "opentelemetry", "asyncio")
_BRINGS_ITS_OWN_HANDLERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "celery", "celery.task", "kombu", "amqp")

_SECRET_NAME = re.compile(r"(?i)password|passwd|secret|authorization|cookie|(?:api|access|private)[_-]?key$|token$")
# Where a word begins, be it after a colour or after an escaped end of line.
_START = r"(?:(?<![A-Za-z0-9])|(?<=\x1b\[\d\dm)|(?<=\\[nrt]))"
_SECRETS = (
    # An API key of ours, of a model's provider, a webhook's secret.
    (re.compile(rf"{_START}(sk_|sk-|whsec_)[A-Za-z0-9+/=_-]{{16,}}"), rf"\1{STRUCK}"),
    # The password of a URL; up to the last @ before the path.
    (re.compile(r"(://[^\s:/@\"'\\]*:)[^\s/\"'\\]+@"), rf"\1{STRUCK}@"),
    (re.compile(r"(?i)(authorization\W{0,3}[:=,]\W{0,3}(?:(?:bearer|basic)\s+)?)[^\s\"',\\]+"), rf"\1{STRUCK}"),
    (re.compile(rf"{_START}(Bearer\s+)[A-Za-z0-9._~+/=-]{{16,}}"), rf"\1{STRUCK}"),
    # What makes a presigned URL good for whoever reads it.
    (re.compile(r"((?:X-Amz-(?:Signature|Credential|Security-Token)|Signature)=)[^&\s\"'\\]+"), rf"\1{STRUCK}"),
)


def configure(service: str, level: str | None = None, stream: TextIO | None = None) -> None:
    """Log as `service` from now on, in this process; may be called again, for instance after a fork.

    Args:
        service: the name that stands in every line.
        level: the least that is told; that of the settings when None.
        stream: where to write; standard error when None.
    """
    stream = stream or sys.stderr
    shared = _shared(service)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _strike_named,
                *_renderers(stream.isatty()),
                _strike_rendered,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=(level or settings().log_level).upper(), force=True)
    _take_over()
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # or loggers made before a second call would keep to the first
    )


def strike(text: str) -> str:
    """`text` without the secrets that can be told by their shape: keys, passwords in URLs, signatures."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def _shared(service: str) -> list[Processor]:
    def name_service(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        name_service,
        _name_trace,
    ]


def _renderers(is_terminal: bool) -> list[Processor]:
    # Neither shows the values of local variables, as the renderers' own tracebacks would.
    if is_terminal:
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str, ensure_ascii=False)]


def _take_over() -> None:
    """Let everything reach the one handler."""
    for name in _BRINGS_ITS_OWN_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    setup_logging.connect(_leave_alone)


def _leave_alone(**_: object) -> None:
    """Celery sets up no logging of its own when somebody listens to this signal."""


def _name_trace(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
    return event


def _strike_named(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Strike out values whose name says that they are secret."""
    return {name: _without_secrets(name, value) for name, value in event.items()}


def _without_secrets(name: object, value: object) -> object:
    if isinstance(name, str) and isinstance(value, str | bytes) and _SECRET_NAME.search(name):
        return STRUCK
    if isinstance(value, dict):
        return {key: _without_secrets(key, inner) for key, inner in value.items()}
    return value


def _strike_rendered(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Strike secrets out of the whole line: messages and tracebacks hold them too."""
    return strike(str(event))  # type: ignore[return-value] # the renderer before it made a line of the dict
