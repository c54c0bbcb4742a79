"""The file of an export: its format, its parts in storage, and reading it once it is finished."""

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
"""How long a finished export can be downloaded."""


class Format(StrEnum):
    """How an export is written."""

    CSV = "CSV"
    NDJSON = "NDJSON"


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A finished export: the storage keys of its parts, and its size in bytes."""

    format: Format
    keys: Sequence[str]
    size: int


def part_key(workspace_id: int, job_id: int, index: int) -> str:
    """The storage key of a part."""
    return f"exports/{workspace_id}/{job_id}/{index:06}"


async def remove_parts(workspace_id: int, job_id: int) -> None:
    """Remove everything that an export has written."""
    async for key, _ in storage().each_key(f"exports/{workspace_id}/{job_id}"):
        await storage().delete(key)


def is_ready(status: str, finished_at: datetime | None) -> bool:
    """Whether the file of an export in this state can be downloaded now."""
    return status == JobStatus.SUCCEEDED and finished_at is not None and clock.now() < finished_at + KEPT_FOR


async def get_file(scope: Scope, job_id: int) -> ExportFile:
    """The file of a finished export. Raises NotFound when there is none, or when it has expired."""
    job = await jobs.find(scope, job_id)
    if job is None or job.kind != JobKind.EXPORT or not is_ready(job.status, job.finished_at):
        raise NotFound("there is no such file")
    sizes = job.progress["parts"]
    keys = [part_key(scope.workspace_id, job_id, index) for index in range(len(sizes))]
    return ExportFile(Format(job.input["format"]), keys, sum(sizes))


async def blocks(file: ExportFile) -> AsyncIterator[bytes]:
    """The contents of the file, block by block."""
    for key in file.keys:
        async for block in storage().blocks(key):
            yield block
