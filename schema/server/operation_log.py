"""Writes a line in the log for each operation; lines are gathered for a moment and written together.

Redaction is not needed: a caller chooses only the operation's name.
"""

import asyncio
import re
from datetime import UTC, datetime
from typing import Final, TextIO

import orjson

from schema.server.operations import Line

GATHER_SECONDS: Final = 0.1

_DIGITS: Final = re.compile(r"\d{6,}")
_LONGEST_NAME: Final = 80


class LineWriter:
    def __init__(self, stream: TextIO, as_text: bool) -> None:
        self.stream = stream
        self.format = _as_text if as_text else _as_json
        self.waiting: list[str] = []

    def __call__(self, line: Line) -> None:
        if not self.waiting:
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self.flush)
        self.waiting.append(self.format(line))

    def flush(self) -> None:
        lines, self.waiting = self.waiting, []
        if lines:
            self.stream.write("".join(lines))
            self.stream.flush()


def _safe_name(line: Line) -> str | None:
    """Cut short, without what could be a phone number."""
    name = line["operation"]
    return None if name is None else _DIGITS.sub("#", str(name))[:_LONGEST_NAME]


def _as_json(line: Line) -> str:
    stamped = {"timestamp": datetime.now(UTC), "level": "info", "logger": "muster.operation", **line}
    stamped["operation"] = _safe_name(line)
    stamped["message"] = stamped.pop("event")
    return orjson.dumps(stamped, option=orjson.OPT_UTC_Z).decode() + "\n"


def _as_text(line: Line) -> str:
    what = f"{line['type']} {_safe_name(line) or '-'}"
    rest = f"cost={line['cost']} workspace={line['workspace']} request_id={line['request_id']}"
    return (
        f"{datetime.now().astimezone():%H:%M:%S} [info     ] {what} {line['code']} {line['milliseconds']} ms {rest}\n"
    )
