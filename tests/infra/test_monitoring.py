import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.backbone import metrics
from tests.infra.composition import INFRA

DASHBOARDS = sorted((INFRA / "grafana" / "dashboards").glob("*.json"))
ALERTS = INFRA / "prometheus" / "alerts.yml"
# Of prometheus-client's ProcessCollector, and of Prometheus itself.
GENERAL = {"process_resident_memory_bytes", "process_cpu_seconds_total", "up"}
_NAME = re.compile(r"\b((?:soundstage|process)_[a-z_]+)\b")


def expressions() -> Iterator[tuple[str, str]]:
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", ()):
                yield f"{path.name}: {panel['title']}", target["expr"]
    for group in yaml.safe_load(ALERTS.read_text())["groups"]:
        for rule in group["rules"]:
            yield f"alert {rule['alert']}", rule["expr"]


@pytest.mark.parametrize(("where", "expression"), list(expressions()), ids=[where for where, _ in expressions()])
def test_what_is_shown_and_watched_is_told(where: str, expression: str) -> None:
    used = set(_NAME.findall(expression))
    assert used, where
    assert used <= metrics.names() | GENERAL


def test_what_models_are_asked_and_cost_is_shown() -> None:
    shown = {name for where, expression in expressions() if ".json" in where for name in _NAME.findall(expression)}
    names = ("question_seconds_bucket", "question_seconds_count", "stood_in_total", "tokens_total", "dollars_total")
    assert {f"soundstage_{name}" for name in names} <= shown & metrics.names()


def test_every_name_is_explained() -> None:
    told = (INFRA / "README.md").read_text()
    bases = {re.sub(r"_(bucket|sum|count)$", "", name) for name in metrics.names()}
    assert {name for name in bases if f"`{name}" not in told} == set()


def test_nothing_is_explained_that_is_not_told() -> None:
    explained = set(re.findall(r"`(soundstage_[a-z_]+)", (INFRA / "README.md").read_text()))
    bases = {re.sub(r"_(bucket|sum|count)$", "", name) for name in metrics.names()}
    assert explained <= bases | metrics.names()


def test_what_must_be_watched_is() -> None:
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    names = {rule["alert"] for rule in rules}
    assert {"QueueWaits", "NoWorkerReady", "LeasesExpired", "WebhooksWait", "JobsFail"} <= names
    for rule in rules:
        assert rule["annotations"].keys() == {"summary", "action"}, rule["alert"]
        assert rule["labels"]["severity"] in ("warning", "critical"), rule["alert"]


def test_prometheus_asks_every_process_of_ours(services: Mapping[str, Any]) -> None:
    scrapes = yaml.safe_load((INFRA / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    asked = {name: found["port"] for scrape in scrapes for found in scrape["dns_sd_configs"] for name in found["names"]}
    workers = {name for name in services if name.startswith("worker_")}
    assert asked == {"api": 8000, "keeper": 9464, **dict.fromkeys(workers, 9464)}
    for name in (*asked, "prometheus"):
        assert "watch" in services[name]["networks"], name


def test_grafana_finds_its_source_and_its_dashboards(services: Mapping[str, Any]) -> None:
    (source,) = yaml.safe_load((INFRA / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((INFRA / "grafana/provisioning/dashboards/soundstage.yml").read_text())["providers"]
    assert source["url"] == "http://prometheus:9090"
    assert provider["options"]["path"] in {mount["target"] for mount in services["grafana"]["volumes"]}
    for path in DASHBOARDS:
        used = {panel["datasource"]["uid"] for panel in json.loads(path.read_text())["panels"] if "datasource" in panel}
        assert used == {source["uid"]}


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_do_not_overlap(path: Path) -> None:
    taken: set[tuple[int, int]] = set()
    ids = set()
    for panel in json.loads(path.read_text())["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        ids.add(panel["id"])
    assert len(ids) == len(json.loads(path.read_text())["panels"])


def test_alerts_fire_when_they_should(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    for path in (ALERTS, INFRA / "prometheus" / "prometheus.yml", Path(__file__).with_name("alerts.test.yml")):
        shutil.copy(path, tmp_path)
    subprocess.run([promtool, "check", "config", tmp_path / "prometheus.yml"], check=True, capture_output=True)
    done = subprocess.run(
        [promtool, "test", "rules", tmp_path / "alerts.test.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
