"""Which activities are an event of a graph."""

from collections.abc import Sequence

from models import db
from models.rules.measures import filter_sql
from models.rules.parameters import Parameters
from models.workflows.graph.events import ActivityHappened
from models.workflows.run import Run


async def activities_that_pass(
    run: Run, event: ActivityHappened, ids: Sequence[int], key: str | None = None
) -> dict[int | None, str]:
    """The activities that are this event, each with the text of its property `key`."""
    p = Parameters(run.workspace_id, run.scope.timezone)
    filters = "".join(f" AND ({filter_sql(part, p)})" for part in event.where)
    sql = _PASSING.format(
        key="''" if key is None else f"coalesce(a.properties ->> {p.bind(key, 'text')}, '')",
        workspace=p.workspace,
        ids=p.named("ids", "bigint[]"),
        kind=p.bind(event.kind, "text"),
        filters=filters,
    )
    return dict(await db.fetch(sql, *await p.values(run.now, ids=list(ids))))  # type: ignore[arg-type]  # rows are pairs


_PASSING = """
SELECT a.id, {key} FROM activities AS a
WHERE a.workspace_id = {workspace} AND a.id = ANY ({ids}) AND a.kind = {kind}{filters}
"""
