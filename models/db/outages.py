"""Outages of PostgreSQL: errors after which the same may succeed in a moment, and their line in the log."""

import errno
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from socket import gaierror
from typing import Final

import asyncpg
import structlog

from models.db.errors import is_lost_node

log = structlog.get_logger(__name__)

SECONDS_BETWEEN_LINES: Final = 1.0

_OUTAGES: Final = (
    ConnectionError,
    gaierror,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,  # the connection leads to a server that is a standby now
)

_NO_WAY_THERE: Final = frozenset({errno.ENOENT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT})
"""ENOENT: there is no socket while a server on this machine is down."""


def is_outage(error: BaseException) -> bool:
    if isinstance(error, _OUTAGES) or is_lost_node(error):
        return True
    if isinstance(error, asyncpg.InterfaceError):
        return "clos" in str(error)  # "connection is closed", "pool is closing"
    return isinstance(error, OSError) and error.errno in _NO_WAY_THERE and error.filename is None


@dataclass(slots=True)
class OutageLog:
    """Everything fails at once in an outage, so only one line is written each second; it counts the others."""

    now: Callable[[], float] = time.monotonic
    next_line_at: float = -math.inf
    left_out: int = 0

    def write(self, error: BaseException) -> None:
        if self.now() < self.next_line_at:
            self.left_out += 1
            return
        log.error("postgresql does not answer", error=type(error).__name__, errors_left_out=self.left_out)
        self.next_line_at, self.left_out = self.now() + SECONDS_BETWEEN_LINES, 0


_log = OutageLog()


def logged_as_outage(error: BaseException) -> bool:
    """Writes an outage into the log. Returns False when the error is something else, which the caller must log."""
    if not is_outage(error):
        return False
    _log.write(error)
    return True
