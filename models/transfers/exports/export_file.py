"""The file of an export."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from models import clock
from models.errors import NotFound
from models.queue import jobs
from models.queue.jobs import JobKind, JobStatus
from models.transfers.files import storage
from permissions.principal import Scope

KEPT_FOR: Final = timedelta(days=7)


class Format(StrEnum):
    CSV = "CSV"
    NDJSON = "NDJSON"
    XLSX = "XLSX"


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A finished export; `size` is in bytes."""

    format: Format
    keys: Sequence[str]
    size: int


def part_key(workspace_id: int, job_id: int, index: int) -> str:
    return f"exports/{workspace_id}/{job_id}/{index:06}"


def workbook_key(workspace_id: int, job_id: int) -> str:
    return f"exports/{workspace_id}/{job_id}/workbook"


async def remove_parts(workspace_id: int, job_id: int, but: str | None = None) -> None:
    """Remove all files of an export, except that with the key `but`."""
    async for key, _ in storage().each_key(f"exports/{workspace_id}/{job_id}"):
        if key != but:
            await storage().delete(key)


def is_ready(status: str, finished_at: datetime | None) -> bool:
    return status == JobStatus.SUCCEEDED and finished_at is not None and clock.now() < finished_at + KEPT_FOR


async def get_file(scope: Scope, job_id: int) -> ExportFile:
    """Raises NotFound, also when it has expired."""
    job = await jobs.find(scope, job_id)
    if job is None or job.kind != JobKind.EXPORT or not is_ready(job.status, job.finished_at):
        raise NotFound("there is no such file")
    if "removed" in job.progress:  # because a person in it was erased
        raise NotFound("there is no such file")
    file_format = Format(job.input["format"])
    if file_format is Format.XLSX:
        return ExportFile(file_format, [workbook_key(scope.workspace_id, job_id)], job.progress["workbook"])
    sizes = job.progress["parts"]
    keys = [part_key(scope.workspace_id, job_id, index) for index in range(len(sizes))]
    return ExportFile(file_format, keys, sum(sizes))


async def blocks(file: ExportFile) -> AsyncIterator[bytes]:
    for key in file.keys:
        async for block in storage().blocks(key):
            yield block
