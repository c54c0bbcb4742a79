from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from muster.cli import main

COMMANDS = ("up", "api", "worker", "migrate", "seed", "token", "doctor")


def muster(*arguments: str, data_dir: Path, **environment: str) -> Result:
    """Run a command in this process: only for those that end before a pool or a server is opened."""
    variables = {"MUSTER_DATA_DIR": str(data_dir), "MUSTER_DATABASE_URL": None, "MUSTER_REDIS_URL": None}
    return CliRunner().invoke(main, arguments, env=variables | environment)


def test_the_help_names_every_command_and_what_it_does(tmp_path: Path) -> None:
    shown = muster("--help", data_dir=tmp_path)
    assert shown.exit_code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in shown.output
    assert "generate" not in shown.output, "commands for contributors are hidden"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, tmp_path: Path) -> None:
    shown = muster(command, "--help", data_dir=tmp_path)
    assert shown.exit_code == 0
    assert len(shown.output.splitlines()) > 4


def test_a_worker_needs_a_queue(tmp_path: Path) -> None:
    refused = muster("worker", data_dir=tmp_path)
    assert refused.exit_code == 2
    assert "realtime" in refused.output


@pytest.mark.parametrize("arguments", [("api",), ("worker", "--queue", "bulk")])
def test_without_servers_one_line_says_how_to_get_some(arguments: tuple[str, ...], tmp_path: Path) -> None:
    refused = muster(*arguments, data_dir=tmp_path)
    assert refused.exit_code == 1
    assert refused.output.count("\n") == 1
    assert "`make run`" in refused.output
    assert "MUSTER_DATABASE_URL" in refused.output


def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    refused = muster("up", data_dir=tmp_path, MUSTER_PORT="many")
    assert refused.exit_code == 1
    assert "MUSTER_PORT" in refused.output
    assert "Traceback" not in refused.output
