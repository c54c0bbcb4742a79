"""docker-compose.yml and the Dockerfile, read as text."""

import re
from typing import Any

import pytest
import yaml

from models.db.nodes import SETTINGS
from models.queue.work import Queue
from muster.generated import ROOT
from muster.settings import PREFIX, QUEUES, Settings

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DOCKERFILE = (ROOT / "Dockerfile").read_text()


CITUS = yaml.safe_load((ROOT / "docker-compose.citus.yml").read_text())


def test_each_node_of_the_cluster_has_the_settings_that_the_doctor_wants() -> None:
    nodes = [service for service in CITUS["services"].values() if service.get("command", [""])[0] == "postgres"]
    assert len(nodes) == 3
    for node in nodes:
        for name, value in SETTINGS.items():
            assert f"-c{name}={value}" in node["command"]
        assert "-cmax_prepared_transactions=300" in node["command"]
    added = " ".join(CITUS["services"]["cluster"]["command"])
    for name, service in CITUS["services"].items():
        assert service not in nodes or f"'{name}'" in added


def test_the_command_line_knows_every_queue() -> None:
    assert tuple(Queue) == QUEUES


def test_there_is_one_worker_service_for_each_queue() -> None:
    commands = [service["command"] for service in OURS.values()]
    assert [command[-1] for command in commands if command[0] == "worker"] == list(QUEUES)


def test_the_database_is_migrated_once_before_anything_of_ours_starts() -> None:
    assert SERVICES["migrate"]["command"] == ["migrate"]
    for name in set(OURS) - {"migrate"}:
        assert OURS[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully", name


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_restarted(name: str) -> None:
    assert SERVICES[name]["restart"] == ("on-failure:5" if name == "migrate" else "unless-stopped")


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_lasting_service_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("file", ["docker-compose.yml", "docker-compose.citus.yml"])
def test_what_a_health_check_leaves_behind_is_not_taken_for_a_child_of_the_server(file: str) -> None:
    """A check that is stopped leaves a process to the first one of its container: PostgreSQL would take its end for a crash."""
    services = yaml.safe_load((ROOT / file).read_text())["services"]
    checked = {name for name, service in services.items() if "healthcheck" in service}
    assert checked
    assert {name for name in checked if services[name].get("init") is not True} == set()


@pytest.mark.parametrize("name", OURS)
def test_ours_run_without_privileges(name: str) -> None:
    service = OURS[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert "no-new-privileges:true" in service["security_opt"]


def test_the_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    assert users
    assert users[-1] != "root"


def test_secrets_come_from_the_environment_and_have_no_default() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if variable.endswith(("PASSWORD", "SECRET")) or variable == "MUSTER_DATABASE_URL":
                assert re.search(r"\$\{\w+:\?", value), f"{name}: {variable}"


def test_only_settings_that_exist_are_set() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    used = {variable for service in OURS.values() for variable in service["environment"]}
    used |= set(re.findall(rf"\b({PREFIX}[A-Z_]+)=", DOCKERFILE))
    assert used <= known, used - known


def test_the_image_installs_what_is_locked_and_nothing_else() -> None:
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert DOCKERFILE.count("--no-deps") == 2


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    pinned = re.findall(r"^\S+==", text, re.MULTILINE)
    assert len(re.findall(r"^\S+==\S+( ;.*)? \\\n    --hash=", text, re.MULTILINE)) == len(pinned) > 30
