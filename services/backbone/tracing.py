"""Traces from a request through the outbox to the workers, after W3C Trace Context.

A job and its messages keep the `traceparent` of the request that made them; whoever works a step goes on from it.
Nothing is sent anywhere unless the environment asks for it: `OTEL_EXPORTER_OTLP_ENDPOINT` (with the extra `tracing`
installed), or `OTEL_TRACES_EXPORTER=console`. Until then spans are not recorded; only their ids travel, so that the
log lines of a job can be found by one `trace_id`.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.backbone.errors import BadSetting

_NAME = "soundstage"
_HEADER = "traceparent"
_FLUSH_MS = 5000
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_log = structlog.get_logger()
_propagator = TraceContextTextMapPropagator()
# What records nothing, so that spans work in a process that was not configured.
_provider = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)
_tracer = _provider.get_tracer(_NAME)


def configure(service: str, exporter: SpanExporter | None = None) -> None:
    """Trace as `service` from now on, in this process; to be called again after a fork.

    Args:
        service: the name under which spans are recorded.
        exporter: where spans go, each at once; what the environment names when None.

    Raises:
        BadSetting: OTEL_TRACES_EXPORTER names something that does not exist.
    """
    global _provider, _tracer
    _provider = _recording(service, exporter)
    _tracer = _provider.get_tracer(_NAME)


def _recording(service: str, exporter: SpanExporter | None) -> TracerProvider:
    chosen = exporter or _chosen_exporter()
    if chosen is None:
        return TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: f"{_NAME}-{service}"}))
    provider.add_span_processor(SimpleSpanProcessor(chosen) if exporter else BatchSpanProcessor(chosen))
    return provider


def flush() -> None:
    """Send what is recorded and not sent yet; for processes that are about to end."""
    _provider.force_flush(_FLUSH_MS)


def current_traceparent() -> str | None:
    """The `traceparent` to hand on with work that this span causes; None outside spans."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(_HEADER)


@contextmanager
def span(
    name: str,
    traceparent: str | None = None,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    **attributes: str | float | None,
) -> Iterator[Span]:
    """A span around the block; an error that leaves the block is recorded in it.

    Args:
        name: what is done; few different ones, ids belong into the attributes.
        traceparent: of what caused it, as it was handed on; the current span when None or malformed.
        kind: whether it serves a request or message that came from elsewhere.
        attributes: recorded as `soundstage.<name>`; those that are None are not.
    """
    told = {f"{_NAME}.{key}": value for key, value in attributes.items() if value is not None}
    with _tracer.start_as_current_span(name, _parent(traceparent), kind, told) as started:
        yield started


def _parent(traceparent: str | None) -> Context | None:
    return _propagator.extract({_HEADER: traceparent}) if traceparent else None


def _chosen_exporter() -> SpanExporter | None:
    is_wanted = any(os.environ.get(name) for name in _ENDPOINTS)
    name = os.environ.get("OTEL_TRACES_EXPORTER") or ("otlp" if is_wanted else "none")
    if name not in _EXPORTERS:
        raise BadSetting(f"OTEL_TRACES_EXPORTER: there is no {name}; set it to one of {', '.join(_EXPORTERS)}.")
    return _EXPORTERS[name]()


def _otlp() -> SpanExporter | None:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        _log.warning("traces are not sent: install soundstage[tracing] to send them")
        return None
    return OTLPSpanExporter()


_EXPORTERS: dict[str, Callable[[], SpanExporter | None]] = {
    "otlp": _otlp,
    "console": ConsoleSpanExporter,
    "none": lambda: None,
}
