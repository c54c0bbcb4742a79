"""How commands end when nothing can be done: one line, and an exit code that says why."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from muster.cli import main
from muster.client.commands import COMMANDS
from muster.client.exits import CommandEnds, Exit


def muster(*arguments: str, **environment: str | None) -> Result:
    nothing = {"MUSTER_TOKEN": None, "MUSTER_URL": None, "MUSTER_DATABASE_URL": None, "MUSTER_REDIS_URL": None}
    return CliRunner().invoke(main, arguments, env=nothing | environment)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_command_is_in_the_help_and_explains_itself(command: object) -> None:
    name = getattr(command, "name", "")
    assert f"\n  {name} " in muster("--help").output
    shown = muster(name, "--help")
    assert shown.exit_code == 0
    assert len(shown.output.splitlines()) > 4


def test_without_a_token_one_line_says_what_to_set() -> None:
    refused = muster("jobs")
    assert refused.exit_code == Exit.NOT_ALLOWED
    assert refused.output.count("\n") == 1
    assert "MUSTER_TOKEN" in refused.output


def test_without_an_api_one_line_says_which_address_was_called() -> None:
    refused = muster("jobs", MUSTER_TOKEN="t", MUSTER_URL="http://127.0.0.1:9")
    assert refused.exit_code == Exit.UNREACHABLE
    assert refused.output.count("\n") == 1
    assert "http://127.0.0.1:9 does not answer" in refused.output


@pytest.mark.parametrize("url", ["nonsense", "ftp://example", "http://[", "http://127.0.0.1:99999"])
def test_an_address_that_is_none_is_told_in_one_line(url: str) -> None:
    refused = muster("jobs", MUSTER_TOKEN="t", MUSTER_URL=url)
    assert refused.exit_code == Exit.UNREACHABLE
    assert refused.output.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "no-such-file.csv"),
        ("import",),
        ("export",),
        ("job", "watch"),
        ("broadcast", "start", "x", "--at", "tomorrow"),
        ("broadcast", "start", "x", "--at", "2027-01-31T09:00"),
        ("jobs", "--limit", "0"),
        ("jobs", "--status", "DONE"),
    ],
)
def test_a_wrong_call_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert muster(*arguments, MUSTER_TOKEN="t", MUSTER_URL="http://127.0.0.1:9").exit_code == Exit.USAGE


def test_an_export_does_not_replace_a_file_unless_it_is_told_to(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("mine")
    refused = muster("export", "-o", str(tmp_path / "a.csv"), MUSTER_TOKEN="t", MUSTER_URL="http://127.0.0.1:9")
    assert refused.exit_code == Exit.USAGE
    assert "--force" in refused.output
    assert (tmp_path / "a.csv").read_text() == "mine"


def test_the_exit_codes_are_written_down() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "operations.md").read_text()
    for code in Exit:
        assert f"| {code.value} |" in page, code


def test_a_message_is_one_line() -> None:
    assert CommandEnds(Exit.FAILED, "a\n  b").message == "a b"
