"""One line in the log for each operation, written without the machinery that other lines deserve.

A line holds no text that a caller chose but the operation's name, so there is nothing in it to redact; and it is
written for every request, so it has to be cheap. Lines are gathered for a moment and written together."""

import asyncio
import re
from datetime import UTC, datetime
from typing import Final, TextIO

import orjson

from schema.server.operations import Line

GATHER_SECONDS: Final = 0.1
"""How long a line may wait to be written."""

_DIGITS: Final = re.compile(r"\d{6,}")
_LONGEST_NAME: Final = 80


class LineWriter:
    """Writes lines to a stream, as JSON or (`as_text`) for people to read."""

    def __init__(self, stream: TextIO, as_text: bool) -> None:
        self.stream = stream
        self.form = _as_text if as_text else _as_json
        self.waiting: list[str] = []

    def __call__(self, line: Line) -> None:
        if not self.waiting:
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self.flush)
        self.waiting.append(self.form(line))

    def flush(self) -> None:
        """Write what has gathered."""
        lines, self.waiting = self.waiting, []
        if lines:
            self.stream.write("".join(lines))
            self.stream.flush()


def _name_of(line: Line) -> str | None:
    """The operation's name, short, and without what could be somebody's number."""
    name = line["operation"]
    return None if name is None else _DIGITS.sub("#", str(name))[:_LONGEST_NAME]


def _as_json(line: Line) -> str:
    stamped = {"timestamp": datetime.now(UTC), "level": "info", "logger": "muster.operation", **line}
    stamped["operation"] = _name_of(line)
    stamped["message"] = stamped.pop("event")
    return orjson.dumps(stamped, option=orjson.OPT_UTC_Z).decode() + "\n"


def _as_text(line: Line) -> str:
    what = f"{line['type']} {_name_of(line) or '-'}"
    rest = f"cost={line['cost']} workspace={line['workspace']} request_id={line['request_id']}"
    return (
        f"{datetime.now().astimezone():%H:%M:%S} [info     ] {what} {line['code']} {line['milliseconds']} ms {rest}\n"
    )
