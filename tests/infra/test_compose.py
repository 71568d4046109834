import json
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from services.backbone.dispatch.broker import app
from services.backbone.settings import Settings, settings
from soundstage.agents.llm.settings import AgentSettings, ModelSettings, Role, agent_settings
from soundstage.weights.settings import ModelSettings as MakerSettings
from tests.infra.composition import FILE, INFRA, ROOT, config, new_environment

Services = Mapping[str, Mapping[str, Any]]

SECRETS = (
    "POSTGRES_PASSWORD",
    "VALKEY_PASSWORD",
    "S3_ACCESS_KEY",
    "S3_SECRET_KEY",
    "SOUNDSTAGE_SECRET",
    "GRAFANA_PASSWORD",
)
# Of model services, as their clients read them.
KEYS = {"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"}
ONE_SHOTS = {"migrate", "bucket"}
# Makes the volume of the model's weights one that it may write to.
PREPARES = {"weights"}
WORKERS = {"worker_llm", "worker_media", "worker_cpu", "worker_gpu"}
OURS = {"api", "keeper", *ONE_SHOTS, *WORKERS}
# Who has a way out, and why.
OUTSIDE = {
    "api": "clients ask it",
    "store": "clients send films to it",
    "keeper": "it calls webhooks",
    "worker_llm": "it asks models, and fetches films by URL",
    "vllm": "it fetches its weights",
    "grafana": "people look at it",
}
PUBLISHED = {"api": 8000, "store": 8333, "grafana": 3000}


@pytest.mark.parametrize(
    ("profiles", "more"),
    [
        ("", set()),
        ("cpu", {"worker_cpu"}),
        ("gpu", {"worker_gpu"}),
        ("cpu,vllm", {"worker_cpu", "vllm", "weights"}),
        ("cpu,monitoring", {"worker_cpu", "prometheus", "grafana"}),
    ],
    ids=["none", "cpu", "gpu", "vllm", "monitoring"],
)
def test_compose_accepts_it(profiles: str, more: set[str], compose: list[str], tmp_path: Path) -> None:
    done = config(compose, new_environment(), tmp_path, profiles, "--services")
    assert done.returncode == 0, done.stderr
    always = {"postgres", "valkey", "store", "migrate", "bucket", "api", "keeper", "worker_llm", "worker_media"}
    assert set(done.stdout.split()) == always | more
    assert done.stderr == ""


@pytest.mark.parametrize("secret", SECRETS)
def test_without_a_secret_it_does_not_start(secret: str, compose: list[str], tmp_path: Path) -> None:
    environment = re.sub(rf"(?m)^{secret}=.*$", f"{secret}=", new_environment())
    done = config(compose, environment, tmp_path, "cpu", "--quiet")
    assert done.returncode != 0
    assert f"required variable {secret} is missing a value: run infra/new-env > .env" in done.stderr


def test_the_example_holds_no_secret() -> None:
    example = dict(re.findall(r"(?m)^([A-Z0-9_]+)=(.*)$", (ROOT / ".env.example").read_text()))
    assert {name: example[name] for name in SECRETS} == dict.fromkeys(SECRETS, "")


def test_a_new_environment_has_secrets_of_its_own() -> None:
    first, second = (dict(re.findall(r"(?m)^([A-Z0-9_]+)=(.*)$", new_environment())) for _ in range(2))
    assert all(re.fullmatch(r"[0-9a-f]{20,}", first[name]) for name in SECRETS)
    assert not {first[name] for name in SECRETS} & {second[name] for name in SECRETS}
    assert len(first["SOUNDSTAGE_SECRET"]) >= 32
    assert {name: first[name] for name in first if name not in SECRETS} == {
        name: second[name] for name in second if name not in SECRETS
    }


def test_what_may_be_set_is_written_down() -> None:
    used = set(re.findall(r"\$\{([A-Z0-9_]+)", FILE.read_text()))
    told = (ROOT / ".env.example").read_text() + (INFRA / "README.md").read_text()
    assert {name for name in used if not re.search(rf"\b{name}\b", told)} == set()


def test_no_secret_has_a_default() -> None:
    for name, rest in re.findall(r"\$\{([A-Z0-9_]+)(:?.?)", FILE.read_text()):
        assert (rest == ":?") == (name in SECRETS), f"{name}{rest}"


def test_what_processes_are_told_is_something_that_they_read(services: Services) -> None:
    known = {field.alias or f"SOUNDSTAGE_{name.upper()}" for name, field in Settings.model_fields.items()}
    told = {name for service in OURS for name in services[service]["environment"]}
    of_makers = {f"SOUNDSTAGE_{name.upper()}" for name in MakerSettings.model_fields}
    elsewhere = {name for name in told if name.startswith("OTEL_")} | agents_variables() | KEYS | of_makers
    assert told - elsewhere <= known


def test_what_an_operator_may_set_reaches_every_process(services: Services) -> None:
    # What images or compositions decide, and what is for trying out on one machine.
    decided = {"SOUNDSTAGE_SCRATCH", "SOUNDSTAGE_METRICS_PORT", "SOUNDSTAGE_METRICS_HOST", "SOUNDSTAGE_ALLOW_LOOPBACK"}
    known = {field.alias or f"SOUNDSTAGE_{name.upper()}" for name, field in Settings.model_fields.items()}
    for name in OURS:
        assert known - decided <= services[name]["environment"].keys(), name


def test_what_is_set_in_the_environment_is_heard(compose: list[str], tmp_path: Path) -> None:
    done = config(compose, f"{new_environment()}\nSOUNDSTAGE_RETENTION=60\n", tmp_path, "cpu", "--format", "json")
    told = json.loads(done.stdout)["services"]["keeper"]["environment"]
    assert told["SOUNDSTAGE_RETENTION"] == "60"
    assert told["SOUNDSTAGE_MAX_UPLOAD"] is None


def agents_variables() -> set[str]:
    """The settings of the cast llm, one for all roles and one for each."""
    fields = set(AgentSettings.model_fields) - set(Role)
    roles = {f"{role}__{name}" for role in Role for name in ModelSettings.model_fields}
    return {f"SOUNDSTAGE_AGENTS__{name.upper()}" for name in fields | roles}


AGENTS = f"""
SOUNDSTAGE_AGENTS__MODEL=openai-chat:Qwen/Qwen3-VL-8B-Instruct
SOUNDSTAGE_AGENTS__BASE_URL=http://vllm:8000/v1
SOUNDSTAGE_AGENTS__API_KEY=of-all
SOUNDSTAGE_AGENTS__DESIGNER__MODEL=anthropic:large
ANTHROPIC_API_KEY={"k" * 8}
"""


@pytest.fixture(scope="module")
def with_models(compose: list[str], tmp_path_factory: pytest.TempPathFactory) -> Services:
    folder = tmp_path_factory.mktemp("models")
    done = config(compose, new_environment() + AGENTS, folder, "cpu,vllm", "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["services"]


def test_without_models_none_are_named(services: Services) -> None:
    for name in ("api", "worker_llm"):
        told = services[name]["environment"]
        assert {value for name, value in told.items() if name in agents_variables() | KEYS} == {None}


def test_the_models_of_the_environment_are_asked(with_models: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in with_models["worker_llm"]["environment"].items():
        if value is not None:
            monkeypatch.setenv(name, value)
    asked = agent_settings()
    assert asked.is_complete
    assert asked.of(Role.DESIGNER).model == "anthropic:large"
    assert asked.of(Role.SCRIPTWRITER).base_url == "http://vllm:8000/v1"


def test_who_takes_jobs_in_knows_the_models_but_no_key(with_models: Services) -> None:
    told = {name for name, value in with_models["api"]["environment"].items() if value is not None}
    assert {"SOUNDSTAGE_AGENTS__MODEL", "SOUNDSTAGE_AGENTS__DESIGNER__MODEL"} <= told
    assert not {name for name in told if name.endswith("API_KEY")}


@pytest.mark.parametrize("name", sorted((OURS | {"vllm"}) - {"api", "worker_llm"}))
def test_nobody_else_is_told_of_models(name: str, with_models: Services, services: Services) -> None:
    told = with_models.get(name, services[name])["environment"]
    assert not (agents_variables() | KEYS) & told.keys()


def test_a_model_of_ones_own_is_kept_and_looked_after(services: Services) -> None:
    vllm = services["vllm"]
    assert vllm["command"][0] == "Qwen/Qwen3-VL-8B-Instruct"
    assert [(mount["source"], mount["target"]) for mount in vllm["volumes"]] == [("weights", "/weights")]
    assert vllm["environment"]["HF_HOME"] == "/weights"
    assert vllm["environment"]["HF_TOKEN"] is None
    assert vllm["depends_on"]["weights"]["condition"] == "service_completed_successfully"
    assert services["weights"]["user"] == vllm["user"]


def test_the_example_names_the_model_that_is_served() -> None:
    example = (ROOT / ".env.example").read_text()
    (served,) = re.findall(r"(?m)^#VLLM_MODEL=(.+)$", example)
    assert f"${{VLLM_MODEL:-{served}}}" in FILE.read_text()
    assert f"#SOUNDSTAGE_AGENTS__MODEL=openai-chat:{served}\n" in example


def test_every_image_is_ours_or_pinned(services: Services) -> None:
    for name, service in services.items():
        repository, _, tag = service["image"].rpartition(":")
        if repository.startswith("soundstage/"):
            assert (ROOT / service["build"]["dockerfile"]).is_file(), name
        else:
            assert re.match(r"v?\d+\.\d+", tag), f"{name}: {service['image']}"


def test_every_service_is_hardened(services: Services) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "cap_add", "devices", "network_mode", "pid", "ipc"} & service.keys(), name


def test_no_service_runs_as_root(services: Services) -> None:
    for name, service in services.items():
        assert service["user"].split(":")[0] not in ("", "0", "root"), name


def test_every_service_has_limits(services: Services) -> None:
    for name, service in services.items():
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory", "pids"} <= limits.keys(), name
        assert service["logging"]["options"]["max-size"], name


def test_every_service_is_looked_after(services: Services) -> None:
    for name, service in services.items():
        if name in ONE_SHOTS | PREPARES:
            assert service["healthcheck"]["disable"] is True, name
            assert service["restart"] == "no", name
        else:
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name


def test_services_start_when_what_they_need_is_ready(services: Services) -> None:
    for name in OURS - ONE_SHOTS:
        needs = {need: how["condition"] for need, how in services[name]["depends_on"].items()}
        assert needs == {
            "migrate": "service_completed_successfully",
            "bucket": "service_completed_successfully",
            "postgres": "service_healthy",
            "valkey": "service_healthy",
            "store": "service_healthy",
        }
    assert services["migrate"]["depends_on"].keys() == {"postgres"}
    assert services["bucket"]["depends_on"].keys() == {"store"}


def test_only_who_must_has_a_way_out(composed: Mapping[str, Any], services: Services) -> None:
    ways_out = {name for name, network in composed["networks"].items() if not network.get("internal")}
    assert {name for name, service in services.items() if ways_out & service["networks"].keys()} == OUTSIDE.keys()


def test_only_what_clients_need_is_published_and_to_this_host(services: Services) -> None:
    published = {name: service["ports"] for name, service in services.items() if service.get("ports")}
    assert {name: ports[0]["target"] for name, ports in published.items()} == PUBLISHED
    assert {port["host_ip"] for ports in published.values() for port in ports} == {"127.0.0.1"}


def test_workers_are_given_time_to_hand_their_steps_back(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.setenv(name, services["api"]["environment"][name])
    monkeypatch.setenv("SOUNDSTAGE_SECRET", services["api"]["environment"]["SOUNDSTAGE_SECRET"])
    settings.cache_clear()
    soft = app().conf.worker_soft_shutdown_timeout
    settings.cache_clear()
    for name in WORKERS:
        assert _seconds(services[name]["stop_grace_period"]) >= 2 * soft, name


def _seconds(duration: str) -> int:
    minutes, seconds = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?", duration).groups(default="0")  # type: ignore[union-attr]
    return 60 * int(minutes) + int(seconds)


def test_scratch_is_on_disk_and_no_two_share_it(services: Services) -> None:
    for name in WORKERS:
        assert {"type": "volume", "target": "/scratch"} in services[name]["volumes"], name


def test_sound_models_are_read_and_never_written(services: Services) -> None:
    mounted = {
        name: [m for m in service.get("volumes", ()) if m["target"] == "/models"] for name, service in services.items()
    }
    assert {name for name, mounts in mounted.items() if mounts} == {"worker_gpu"}
    assert mounted["worker_gpu"][0]["read_only"] is True
    assert services["worker_gpu"]["environment"]["SOUNDSTAGE_MODELS"] == "/models"


def test_a_card_is_worked_by_processes_that_were_not_forked(services: Services) -> None:
    assert "--spawn" in services["worker_gpu"]["command"]


def test_the_gpu_is_reserved(services: Services) -> None:
    for name in ("worker_gpu", "vllm"):
        (device,) = services[name]["deploy"]["resources"]["reservations"]["devices"]
        assert (device["driver"], device["count"], device["capabilities"]) == ("nvidia", 1, ["gpu"]), name
    assert "reservations" not in services["worker_cpu"]["deploy"]["resources"]


def test_commands_name_modules_that_can_be_run(services: Services) -> None:
    for name in OURS - WORKERS:
        python, dash_m, module, *_ = services[name]["command"]
        assert (python, dash_m) == ("python", "-m")
        spec = find_spec(module)
        assert spec is not None, module
        runs = find_spec(f"{module}.__main__") if spec.submodule_search_locations else spec
        assert runs is not None, module
        assert "__main__" in Path(str(runs.origin)).read_text(), module


def test_what_is_mounted_is_there(services: Services) -> None:
    for service in services.values():
        for mount in service.get("volumes", ()):
            if mount["type"] == "bind":
                assert Path(mount["source"]).exists(), mount["source"]
                assert mount["read_only"] is True, mount["source"]
