import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from services.backbone import tracing
from services.backbone.errors import BadSetting

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
NOT_RECORDED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.configure("test", exporter)
    yield exporter
    tracing.configure("test")


@pytest.fixture(autouse=True)
def _no_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)


def trace_of(traceparent: str | None) -> str:
    assert traceparent is not None
    return traceparent.split("-")[1]


def test_a_worker_goes_on_from_the_request(spans: InMemorySpanExporter) -> None:
    with tracing.span("request"):
        handed_on = tracing.current_traceparent()
    with tracing.span("step", handed_on):
        pass
    request, step = spans.get_finished_spans()
    assert step.context.trace_id == request.context.trace_id
    assert step.parent is not None
    assert step.parent.span_id == request.context.span_id


def test_a_callers_trace_is_gone_on_with(spans: InMemorySpanExporter) -> None:
    with tracing.span("request", CALLER, kind=SpanKind.SERVER):
        assert trace_of(tracing.current_traceparent()) == trace_of(CALLER)
    assert spans.get_finished_spans()[0].kind is SpanKind.SERVER


def test_a_trace_that_its_caller_does_not_record_is_not_recorded(spans: InMemorySpanExporter) -> None:
    with tracing.span("request", NOT_RECORDED):
        pass
    assert spans.get_finished_spans() == ()


@pytest.mark.parametrize("malformed", ["", "nonsense", "00-0-0-00", f"{CALLER}-more", "ff" + CALLER[2:]])
def test_a_malformed_traceparent_begins_a_new_trace(malformed: str, spans: InMemorySpanExporter) -> None:
    with tracing.span("request", malformed):
        pass
    assert spans.get_finished_spans()[0].parent is None


def test_spans_nest(spans: InMemorySpanExporter) -> None:
    with tracing.span("outer"), tracing.span("inner"):
        pass
    inner, outer = spans.get_finished_spans()
    assert inner.parent is not None
    assert inner.parent.span_id == outer.context.span_id


def test_attributes_have_our_prefix(spans: InMemorySpanExporter) -> None:
    with tracing.span("step", job="job_1", attempt=2, batch=None):
        pass
    assert dict(spans.get_finished_spans()[0].attributes or {}) == {"soundstage.job": "job_1", "soundstage.attempt": 2}


def test_an_error_is_recorded_and_goes_on(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="no film"), tracing.span("step"):
        raise ValueError("no film")
    (span,) = spans.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.events[0].name == "exception"


def test_outside_spans_there_is_nothing_to_hand_on(spans: InMemorySpanExporter) -> None:
    assert tracing.current_traceparent() is None


def test_without_a_collector_ids_travel_but_nothing_is_recorded() -> None:
    tracing.configure("test")
    with tracing.span("request") as span:
        handed_on = tracing.current_traceparent()
        assert not span.is_recording()
    with tracing.span("step", handed_on):
        assert trace_of(tracing.current_traceparent()) == trace_of(handed_on)


def test_spans_work_in_a_process_that_was_not_configured() -> None:
    script = "from services.backbone import tracing\nwith tracing.span('a'): print(tracing.current_traceparent())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("00-")


def test_an_unknown_exporter_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "carrier-pigeon")
    with pytest.raises(BadSetting, match="there is no carrier-pigeon; set it to one of otlp, console, none"):
        tracing.configure("test")


def test_the_console_shows_spans() -> None:
    script = (
        "from services.backbone import tracing\n"
        "tracing.configure('worker')\n"
        "with tracing.span('step mix'): pass\n"
        "tracing.flush()\n"
    )
    environment = {**os.environ, "OTEL_TRACES_EXPORTER": "console"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True, env=environment
    )
    assert '"name": "step mix"' in done.stdout
    assert '"service.name": "soundstage-worker"' in done.stdout


def test_spans_reach_a_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="the extra `tracing` is not installed")
    received: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        tracing.configure("api")
        with tracing.span("POST /v1/jobs"):
            pass
        tracing.flush()
        server.shutdown()
    tracing_path, body = received[0]
    assert tracing_path == "/v1/traces"
    assert b"POST /v1/jobs" in body
    assert b"soundstage-api" in body


def test_a_missing_exporter_is_told_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    tracing.configure("api")
    with tracing.span("request") as span:
        assert not span.is_recording()
