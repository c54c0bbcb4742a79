"""The rejected, skipped and partial rows of imports as the API shows them."""

from collections.abc import Callable, Sequence
from typing import Any

import strawberry

from models.errors import Invalid
from models.queue.jobs import Job
from models.transfers.imports import report
from models.transfers.imports.report import RefusedRow
from permissions.capabilities import Permission
from schema.server.context import Info
from schema.server.execution.rows import Named
from schema.server.guard import admit, scope_of
from schema.server.types.connection import Page, PageInfo, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, read_for_each


@strawberry.type(description="A row of a file that did not go in, or not whole.")
class RejectedRow:
    line: int = strawberry.field(description="Where the row begins in the file; its header has the line 1.")
    outcome: str = strawberry.field(description="SKIPPED, REJECTED, or PARTIAL: it went in without some of its cells.")
    column: str | None = strawberry.field(description="The heading of the column that is at fault; several with `; `.")
    reason: str = strawberry.field(description="What is wrong, in plain words.")
    cells: list[str] = strawberry.field(description="The row's cells as they came.")


@strawberry.type
class RejectedRowEdge:
    cursor: str
    node: RejectedRow


@strawberry.type
class RejectedRowConnection:
    """A page of the rows, in the order of the file."""

    edges: list[RejectedRowEdge]
    nodes: list[RejectedRow]
    page_info: PageInfo


def plain(job: Any) -> Job:
    """Returns the row of a job, without the name of its type."""
    return job.row if isinstance(job, Named) else job  # type: ignore[no-any-return]


async def rejected_rows_of(
    rows: Sequence[Any], info: Info, first: int | None = 50, after: str | None = None
) -> Sequence[Page | Invalid]:
    """Loads ImportJob.rejectedRows: they hold personal data, as the report does."""
    admit(info.context, Permission.CONTACT_IMPORT)
    scope, jobs = scope_of(info), [plain(job) for job in rows]
    lists = [Cursors(scope, "ImportJob.rejectedRows", job.id) for job in jobs]
    key, problems = read_for_each(lists, after, a_number)
    line = None if key is None else key[0]
    found = await report.page_for_each(scope, jobs, page_size(first) + 1, line)
    return [
        problem or page_of(found[job.id], first, after, _cursor_of(cursors))
        for job, cursors, problem in zip(jobs, lists, problems, strict=True)
    ]


def _cursor_of(cursors: Cursors) -> Callable[[RefusedRow], str]:
    return lambda row: cursors.write(row.line)
