"""Cursors: opaque positions for clients, versioned by their mark. A cursor means a position in one log, or in several."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any, Final

from models.changelog.log import Log
from models.errors import Invalid, Path
from models.values.global_ids import to_url_safe_base64
from permissions.principal import Scope

_OF_SEVERAL: Final = "c1"


def to_cursor(log: Log[Any], workspace_id: int, position: int) -> str:
    return _encoded(f"{log.cursor_mark}:{workspace_id}:{position}")


def to_cursor_of_several(workspace_id: int, positions: Mapping[Log[Any], int]) -> str:
    """Makes a cursor that `from_cursor` takes for each of these logs."""
    parts = ":".join(f"{log.cursor_mark}={position}" for log, position in positions.items())
    return _encoded(f"{_OF_SEVERAL}:{workspace_id}:{parts}")


def from_cursor(scope: Scope, log: Log[Any], cursor: str, path: Path = ("after",)) -> int:
    """Raises Invalid at `path` unless it is of this log and workspace."""
    position = find_position(scope, log, cursor)
    if position is not None:
        return position
    raise Invalid(
        f"this is no cursor of this workspace's {log.noun}: pass one that {log.cursor_source} gave, or none", path
    )


def find_position(scope: Scope, log: Log[Any], cursor: str) -> int | None:
    """Returns None when it is no cursor of this log and workspace."""
    try:
        mark, workspace, *positions = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").split(":")
        if mark == _OF_SEVERAL:
            mark, positions = log.cursor_mark, _of_log(log, positions)
        if mark == log.cursor_mark and int(workspace) == scope.workspace_id and len(positions) == 1:
            position = int(positions[0])
            return position if 0 <= position < 2**63 else None
    except ValueError:  # not base64, not text, not numbers
        pass
    return None


def _of_log(log: Log[Any], positions: list[str]) -> list[str]:
    prefix = f"{log.cursor_mark}="
    return [one.removeprefix(prefix) for one in positions if one.startswith(prefix)]


def _encoded(text: str) -> str:
    return to_url_safe_base64(text.encode())
