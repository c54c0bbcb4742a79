"""Cursors: opaque positions for clients, versioned by their mark."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from models.changelog.log import Log
from models.errors import Invalid, Path
from permissions.principal import Scope


def to_cursor(log: Log[Any], workspace_id: int, position: int) -> str:
    return urlsafe_b64encode(f"{log.cursor_mark}:{workspace_id}:{position}".encode()).rstrip(b"=").decode()


def from_cursor(scope: Scope, log: Log[Any], cursor: str, path: Path = ("after",)) -> int:
    """Raises Invalid at `path` unless it is of this log and workspace."""
    try:
        mark, workspace, position = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").split(":")
        if mark == log.cursor_mark and int(workspace) == scope.workspace_id and 0 <= int(position) < 2**63:
            return int(position)
    except ValueError:  # not base64, not text, not numbers
        pass
    raise Invalid(
        f"this is no cursor of this workspace's {log.noun}: pass one that {log.cursor_source} gave, or none", path
    )
