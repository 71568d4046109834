import io
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator

import pytest
import structlog
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.backbone import logs, tracing

KEY = "sk_0123456789abcdefghijKLMNOPQRSTUVWXYZab"
WEBHOOK = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(False)


@pytest.fixture
def written() -> io.StringIO:
    stream = io.StringIO()
    logs.configure("api", "INFO", stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_says_when_who_and_how_grave(written: io.StringIO) -> None:
    structlog.get_logger("relay").warning("messages wait", count=3)
    (line,) = lines(written)
    assert line.pop("timestamp", "").endswith("Z")
    assert line == {"event": "messages wait", "level": "warning", "logger": "relay", "service": "api", "count": 3}


def test_bound_ids_stand_in_each_line_of_the_block(written: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(job="job_1", step="step_2", attempt=3):
        structlog.get_logger().info("within")
        logging.getLogger("elsewhere").info("within")
    structlog.get_logger().info("after")
    told = [(line.get("job"), line.get("step"), line.get("attempt")) for line in lines(written)]
    assert told == [("job_1", "step_2", 3), ("job_1", "step_2", 3), (None, None, None)]


@pytest.mark.parametrize("name", ["uvicorn.error", "celery.worker", "kombu.connection", "py.warnings", "any.library"])
def test_the_standard_library_goes_the_same_way(name: str, written: io.StringIO) -> None:
    logging.getLogger(name).warning("lost %s of %d", "one", 2)
    (line,) = lines(written)
    assert (line["event"], line["logger"], line["service"]) == ("lost one of 2", name, "api")


def test_warnings_are_logged(written: io.StringIO) -> None:
    warnings.warn("going away", DeprecationWarning, stacklevel=1)
    assert "going away" in str(lines(written)[0]["event"])


def test_what_is_below_the_level_is_not_told(written: io.StringIO) -> None:
    structlog.get_logger().debug("small")
    logging.getLogger("any").debug("small")
    assert written.getvalue() == ""


def test_clients_do_not_tell_where_they_go(written: io.StringIO) -> None:
    logging.getLogger("httpx").info("HTTP Request: POST https://hooks.example/T0/secret")
    assert written.getvalue() == ""


def test_an_error_comes_with_its_traceback_in_one_line(written: io.StringIO) -> None:
    try:
        raise ValueError("no such film")
    except ValueError:
        structlog.get_logger().exception("step failed")
    (line,) = lines(written)
    assert "ValueError: no such film" in str(line["exception"])


def test_lines_within_a_trace_name_it(written: io.StringIO) -> None:
    tracing.configure("api", InMemorySpanExporter())
    with tracing.span("request") as span:
        structlog.get_logger().info("within")
    assert lines(written)[0]["trace_id"] == f"{span.get_span_context().trace_id:032x}"


def test_configuring_again_replaces_the_first(written: io.StringIO) -> None:
    log = structlog.get_logger()
    log.info("first")
    again = io.StringIO()
    logs.configure("keeper", "INFO", again)
    log.info("second")
    assert [line["service"] for line in lines(written)] == ["api"]
    assert [line["service"] for line in lines(again)] == ["keeper"]


def test_a_terminal_gets_lines_for_people() -> None:
    stream = Terminal()
    logs.configure("api", "INFO", stream)
    structlog.get_logger().info("hello", key=KEY)
    assert "hello" in stream.getvalue()
    assert KEY not in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_the_level_is_that_of_the_settings(service_environment: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUNDSTAGE_LOG_LEVEL", "ERROR")
    logs.settings.cache_clear()
    stream = io.StringIO()
    logs.configure("api", stream=stream)
    structlog.get_logger().warning("no")
    structlog.get_logger().error("yes")
    assert [line["event"] for line in lines(stream)] == ["yes"]


SECRETS = {
    "API key": (f"key {KEY} was used", KEY),
    "API key in a header": (f"Authorization: Bearer {KEY}", KEY),
    "API key on a line of its own": (f"it was:\n{KEY}\n", KEY),
    "key of a model's provider": ("sk-proj-abcdefghijklmnop0123", "abcdefghijklmnop0123"),
    "bearer token": ("got Bearer abc.def-ghi.0123456789", "abc.def-ghi.0123456789"),
    "basic login": ("{'authorization': 'Basic dXNlcjpwYXNz'}", "dXNlcjpwYXNz"),
    "webhook secret": (f"sealed {WEBHOOK}", WEBHOOK),
    "password of a URL": ("postgresql://soundstage:hunter2@db:5432/x", "hunter2"),
    "password without user": ("redis://:hunter2@valkey:6379/0", "hunter2"),
    "password with an @": ("amqp://me:hun@ter2@host/x", "hun@ter2"),
    "presigned signature": ("https://s3/x?X-Amz-Signature=abcdef0123&partNumber=1", "abcdef0123"),
    "presigned credential": ("https://s3/x?X-Amz-Credential=AKIA%2F2026&b=1", "AKIA%2F2026"),
}


@pytest.mark.parametrize(("text", "secret"), SECRETS.values(), ids=SECRETS)
def test_secrets_are_struck_wherever_they_stand(text: str, secret: str, written: io.StringIO) -> None:
    structlog.get_logger().info(text, field=text, nested={"list": [text]})
    logging.getLogger("library").error("it said %s", text)
    try:
        raise RuntimeError(text)
    except RuntimeError:
        structlog.get_logger().exception("failed")
    assert len(lines(written)) == 3
    assert secret not in written.getvalue()
    assert logs.STRUCK in written.getvalue()


@pytest.mark.parametrize(
    "name", ["password", "db_password", "SECRET", "client_secret", "authorization", "api_key", "secret_key", "token"]
)
def test_values_of_secret_names_are_struck(name: str, written: io.StringIO) -> None:
    structlog.get_logger().info("set", **{name: "opensesame"}, nested={name: "opensesame"})
    assert "opensesame" not in written.getvalue()


HARMLESS = {
    "an id of a job": "job_01jdk3m5n7p9q1r3s5t7v9w1x3",
    "an id of a key": "key_01jdk3m5n7p9q1r3s5t7v9w1x3",
    "a URL": "https://films.example/a.mp4?x=1",
    "an address with a port": "http://127.0.0.1:8000/v1/jobs",
    "a mail address": "someone@films.example",
    "words that end so": "task_force, disk_utilisation_percentage_all, task_01jdk3m5n7p9q1r3s5t7v9w1x3",
    "talk of authorization": "no authorization header came",
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert logs.strike(text) == text


def test_counts_of_tokens_stay(written: io.StringIO) -> None:
    structlog.get_logger().info("model answered", tokens_in=120, tokens_out=7)
    assert (lines(written)[0]["tokens_in"], lines(written)[0]["tokens_out"]) == (120, 7)


def test_celery_leaves_logging_alone() -> None:
    script = (
        "import io, logging, sys\n"
        "from celery import Celery\n"
        "from services.backbone import logs\n"
        "logs.configure('worker', 'INFO')\n"
        "Celery('x').log.setup(loglevel='INFO', redirect_stdouts=False)\n"
        "logging.getLogger('celery.worker').info('ready')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    (line,) = done.stderr.splitlines()
    assert json.loads(line)["event"] == "ready"
