"""One line in the log for each operation."""

import asyncio
import io

import orjson

from schema.server.operation_log import LineWriter
from tests.kit.api import application, started

LINE = {
    "event": "operation",
    "type": "query",
    "operation": "Find_34612345678",
    "code": "OK",
    "milliseconds": 1.5,
    "cost": 2,
    "workspace": 7,
    "request_id": "abc",
}


async def test_lines_are_json_written_together_after_a_moment() -> None:
    out = io.StringIO()
    write = LineWriter(out, as_text=False)
    write(LINE)
    write({**LINE, "operation": None})
    assert out.getvalue() == ""
    await asyncio.sleep(0.15)
    first, second = map(orjson.loads, out.getvalue().splitlines())
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "level": "info",
        "logger": "muster.operation",
        "message": "operation",
        "type": "query",
        "operation": "Find_#",
        "code": "OK",
        "milliseconds": 1.5,
        "cost": 2,
        "workspace": 7,
        "request_id": "abc",
    }
    assert second["operation"] is None


async def test_for_people_a_line_is_text() -> None:
    out = io.StringIO()
    write = LineWriter(out, as_text=True)
    write(LINE)
    write.flush()
    assert out.getvalue()[8:] == " [info     ] query Find_# OK 1.5 ms cost=2 workspace=7 request_id=abc\n"
    await asyncio.sleep(0.15)


async def test_waiting_lines_are_written_when_the_server_stops() -> None:
    out = io.StringIO()
    write = LineWriter(out, as_text=True)
    async with started(application(write_line=write)):
        write(LINE)
    assert "Find_#" in out.getvalue()
    await asyncio.sleep(0.15)
