"""An outage of PostgreSQL is told from other errors, and logged once a second."""

from pathlib import Path

import asyncpg
import pytest
import structlog

from models.db.errors import is_passing
from models.db.outages import OutageLog, is_outage


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(111, "Connection refused"),
        ConnectionResetError(),
        FileNotFoundError(2, "No such file or directory"),
        OSError(113, "No route to host"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InterfaceError("pool is closing"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.AdminShutdownError("terminating connection due to administrator command"),
        asyncpg.TooManyConnectionsError("sorry, too many clients already"),
    ],
)
def test_errors_that_pass_are_outages(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize(
    "text",
    [
        "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally",
        "SSL connection has been closed unexpectedly",
        "SSL SYSCALL error: EOF detected",
        "SSL SYSCALL error: Connection reset by peer",
        "invalid socket\n",
        "no connection to the server\n",
    ],
)
def test_a_lost_node_is_an_outage_by_what_its_coordinator_says(text: str) -> None:
    error = asyncpg.InternalServerError(text)
    assert is_outage(error)
    assert is_passing(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a bug"),
        asyncpg.InternalServerError("tuple concurrently updated"),
        OSError(28, "No space left on device"),
        asyncpg.UndefinedTableError('relation "x" does not exist'),
        asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
        asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
        TimeoutError(),
    ],
)
def test_other_errors_are_none(error: Exception) -> None:
    assert not is_outage(error)


def test_a_missing_file_is_no_outage(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        (tmp_path / "x").read_text()
    assert not is_outage(missing.value)


def test_one_line_is_written_each_second_and_counts_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    # The usual logger may be bound to an earlier configuration.
    monkeypatch.setattr("models.db.outages.log", structlog.get_logger())
    times = iter([10.0, 10.0, 10.1, 10.9, 11.0, 11.0, 11.5, 13.0, 13.0])
    outages = OutageLog(now=lambda: next(times))
    with structlog.testing.capture_logs() as lines:
        for _ in range(6):
            outages.write(ConnectionRefusedError())
    assert [line["errors_left_out"] for line in lines] == [0, 2, 1]
    assert {line["error"] for line in lines} == {"ConnectionRefusedError"}
