"""Inspects files in child processes with limits on memory and time, so that no file takes more than its share."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from models import errors
from models.errors import DomainError, Invalid, Throttled
from models.transfers.reading.inspection import Inspection, InspectionRequest
from models.transfers.reading.reader import ParsedRows


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an inspection may take. `wall_seconds` end one that others keep from the processor.

    `wait_seconds` is how long it may wait for a child; None: as long as its caller. `niceness` lets others go first.
    """

    memory_mib: int
    cpu_seconds: int
    wall_seconds: float
    wait_seconds: float | None = None
    niceness: int = 0


HEAD: Final = Bounds(memory_mib=384, cpu_seconds=10, wall_seconds=20, wait_seconds=20, niceness=10)
WHOLE: Final = Bounds(memory_mib=512, cpu_seconds=200, wall_seconds=270)
"""The largest workbook takes minutes; a job may work for five on one step."""

AT_ONCE: Final = 2
"""So many inspections run at once in a process; the others wait."""


async def inspect_head(head: bytes, request: InspectionRequest, *, whole: bool) -> tuple[Inspection, ParsedRows]:
    """Does what `inspection.inspect_head` does. Raises Throttled, too, when many others wait."""
    order = {"task": "inspect_head", "request": asdict(request), "whole": whole}
    return _with_rows(await _ask(order, HEAD, head))


async def inspect_workbook_head(path: Path, request: InspectionRequest) -> tuple[Inspection, ParsedRows]:
    """Does what `inspection.inspect_workbook_head` does. Raises Throttled, too."""
    order = {"task": "inspect_workbook_head", "request": asdict(request), "path": str(path)}
    return _with_rows(await _ask(order, HEAD))


async def inspect(path: Path, request: InspectionRequest, table: Path) -> Inspection:
    """Does what `inspection.inspect` does. Raises Throttled, too, when the machine is too slow."""
    order = {"task": "inspect", "request": asdict(request), "path": str(path), "table": str(table)}
    return Inspection.from_json((await _ask(order, WHOLE))["inspection"])


def _with_rows(answer: Mapping[str, Any]) -> tuple[Inspection, ParsedRows]:
    return Inspection.from_json(answer["inspection"]), ParsedRows(**answer["rows"])


# ---------------------------------------------------------------- orders and answers


async def _ask(order: Mapping[str, Any], bounds: Bounds, content: bytes = b"") -> dict[str, Any]:
    """Returns the child's answer. Raises the task's DomainError, Invalid for a file beyond the bounds, and Throttled."""
    line = (
        json.dumps(
            {**order, "bounds": [bounds.memory_mib, bounds.cpu_seconds, bounds.niceness], "bytes": len(content)},
            default=list,
        ).encode()
        + b"\n"
    )
    async with _children(bounds.wait_seconds) as children:
        for _ in range(AT_ONCE + 1):  # idle children may end as they are asked
            child = children.idle_one() or await _start_child()
            answer = await _answer_of(child, line + content, bounds.wall_seconds)
            if answer:
                children.idle.append(child)
                return _checked(json.loads(answer))
            if child.returncode == -signal.SIGXCPU:
                raise Invalid("the file takes too long to read: save it anew, as CSV")
            if child.returncode:
                raise RuntimeError(f"the child process that inspects files ended with {child.returncode}")
    raise RuntimeError("no child process inspects the file")


async def _answer_of(child: asyncio.subprocess.Process, order: bytes, seconds: float) -> bytes:
    """Returns a line; empty when the child has ended."""
    assert child.stdin is not None
    assert child.stdout is not None
    answer = b""
    try:
        async with asyncio.timeout(seconds):
            with contextlib.suppress(ConnectionError):
                child.stdin.write(order)
                await child.stdin.drain()
            answer = await child.stdout.readline()
            if not answer:  # Process.kill would take the exit code from asyncio, which then reports 255
                await child.wait()
    except TimeoutError:
        raise _busy() from None
    finally:
        if not answer and child.returncode is None:
            await _end(child)
    return answer


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    match answer:
        case {"error": {"kind": str(kind), "message": str(message), "path": path}}:
            error: type[DomainError] = getattr(errors, kind)
            raise error(message, path)
        case {"missing": str(path)}:
            raise FileNotFoundError(path)
        case {"crash": str(crash)}:
            raise RuntimeError(f"an inspection ended with {crash}")
    return answer


def _busy() -> Throttled:
    return Throttled("too many files are looked into at this moment: try again", retry_after_seconds=5.0)


# ---------------------------------------------------------------- children


@dataclass
class _Children:
    """The child processes of an event loop. An idle one ends by itself after a while."""

    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    idle: list[asyncio.subprocess.Process] = field(default_factory=list)

    def idle_one(self) -> asyncio.subprocess.Process | None:
        """Takes an idle child that has not ended, if there is one."""
        self.idle = [child for child in self.idle if child.returncode is None]
        return self.idle.pop() if self.idle else None


_by_loop: dict[asyncio.AbstractEventLoop, _Children] = {}


@asynccontextmanager
async def _children(wait_seconds: float | None) -> AsyncIterator[_Children]:
    """Gives the children, with the right to use one. Raises Throttled."""
    loop = asyncio.get_running_loop()
    if loop not in _by_loop:
        _by_loop.clear()
        _by_loop[loop] = _Children()
    children = _by_loop[loop]
    try:
        async with asyncio.timeout(wait_seconds):
            await children.slots.acquire()
    except TimeoutError:
        raise _busy() from None
    try:
        yield children
    finally:
        children.slots.release()


_CODE: Final = """\
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from models.transfers.reading.child import main
main()
"""

_LONGEST_ANSWER: Final = 64 << 20


async def _start_child() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "utf8", "-c", _CODE, json.dumps(sys.path)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_LONGEST_ANSWER,
    )


async def _end(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.kill()
    await child.wait()


async def close() -> None:
    """Ends the idle children of this event loop."""
    children = _by_loop.pop(asyncio.get_running_loop(), None)
    for child in children.idle if children is not None else ():
        await _end(child)
