"""What a child process does: it bounds itself, inspects files and answers in JSON, a line for each order."""

import errno
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from models.errors import DomainError, LimitExceeded
from models.transfers.reading.inspection import (
    Inspection,
    InspectionRequest,
    inspect,
    inspect_head,
    inspect_workbook_head,
)
from models.transfers.reading.reader import ParsedRows

IDLE_SECONDS: Final = 60.0

MOST_ORDERS: Final = 1_000
"""A child then makes room for a new one, so that memory that is lost comes back."""

MOST_TABLE_BYTES: Final = 8 << 30
"""No temporary file may grow larger."""

MOST_CHARACTERS: Final = 1_000_000
"""The first rows that are shown hold no more together."""


def main() -> None:
    """Answers orders until the parent ends, or has nothing to ask for a while.

    An order is a line of JSON, and the bytes that it announces.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_TABLE_BYTES, MOST_TABLE_BYTES))
    orders, answers = sys.stdin.buffer, sys.stdout.buffer
    for _ in range(MOST_ORDERS):
        if not select.select([orders], [], [], IDLE_SECONDS)[0] or not (line := orders.readline()):
            return
        order = json.loads(line)
        answer = _answer({**order, "content": orders.read(order["bytes"])})
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


def _answer(order: Mapping[str, Any]) -> dict[str, Any]:
    _bound(*order["bounds"])
    try:
        return _TASKS[order["task"]](order)
    except DomainError as error:
        return _told(error)
    except MemoryError:
        return _told(LimitExceeded("the file takes more memory than any list needs: save it anew, as CSV"))
    except FileNotFoundError as error:
        return {"missing": str(error.filename)}
    except OSError as error:
        if error.errno == errno.EFBIG:
            return _told(LimitExceeded("the file unpacks to more than can be kept: split it"))
        return {"crash": f"OSError {error.errno}"}
    except Exception as error:  # noqa: BLE001 - the parent raises it; its message may hold what is in the file
        return {"crash": _where(error)}


def _told(error: DomainError) -> dict[str, Any]:
    return {"error": {"kind": type(error).__name__, "message": error.message, "path": error.path}}


def _where(error: Exception) -> str:
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    code = "" if last is None else f" in {Path(last.tb_frame.f_code.co_filename).name}:{last.tb_lineno}"
    return f"{type(error).__name__}{code}"


def _bound(memory_mib: int, cpu_seconds: int, niceness: int) -> None:
    """Bounds the memory, and the time from now on. Linux counts the memory of mapped files apart from RLIMIT_DATA."""
    os.nice(max(0, niceness - os.nice(0)))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime) + 1
    for limit, value in ((resource.RLIMIT_DATA, memory_mib << 20), (resource.RLIMIT_CPU, used + cpu_seconds)):
        resource.setrlimit(limit, (value, resource.getrlimit(limit)[1]))


def _request(order: Mapping[str, Any]) -> InspectionRequest:
    return InspectionRequest(**order["request"])


def _head(order: Mapping[str, Any]) -> dict[str, Any]:
    return _with_rows(*inspect_head(order["content"], _request(order), whole=order["whole"]))


def _workbook_head(order: Mapping[str, Any]) -> dict[str, Any]:
    return _with_rows(*inspect_workbook_head(Path(order["path"]), _request(order)))


def _whole(order: Mapping[str, Any]) -> dict[str, Any]:
    return {"inspection": inspect(Path(order["path"]), _request(order), Path(order["table"])).to_json()}


_TASKS: Final[Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "inspect_head": _head,
    "inspect_workbook_head": _workbook_head,
    "inspect": _whole,
}


def _with_rows(inspection: Inspection, rows: ParsedRows) -> dict[str, Any]:
    left, shown = MOST_CHARACTERS, ParsedRows()
    for line, cells in zip(rows.lines, rows.cells, strict=True):
        left -= sum(map(len, cells))
        if left < 0:
            break
        shown.lines.append(line)
        shown.cells.append(cells)
    return {"inspection": inspection.to_json(), "rows": asdict(shown)}
