"""Indexes by which the dates of custom fields are found, built when a workflow first needs them."""

from models import db
from models.membership import indexes
from models.rules.crossings import Anniversary, AnyCrossing, Crossing
from models.rules.thresholds import NOW
from models.workflows.contact_dates import field_of
from models.workflows.graph.events import DateReached
from models.workflows.graph.read import read_graph
from models.workflows.plan import Plan, plan_of
from permissions.principal import Scope


async def build(scope: Scope) -> bool:
    """In no transaction. False: another index is built, try again later."""
    wanted: set[AnyCrossing] = set()
    for row in await db.fetch(_RUNNING, scope.workspace_id):
        wanted |= _of_dates(await plan_of(scope, read_graph(db.load_json(row["graph"]))))
    return await indexes.build(wanted)


def _of_dates(plan: Plan) -> set[AnyCrossing]:
    found: set[AnyCrossing] = set()
    for trigger in plan.graph.triggers:
        on = trigger.on
        field = field_of(plan.catalogue, on.field) if isinstance(on, DateReached) else None
        if field is not None and isinstance(on, DateReached):
            found.add(Anniversary(field, NOW, reached=True) if on.yearly else Crossing(field, NOW, keeps=True))
    return found


_RUNNING = """
SELECT v.graph FROM workflows AS w
JOIN workflow_versions AS v ON v.workspace_id = $1 AND v.workflow_id = w.id AND v.number = w.published_number
WHERE w.workspace_id = $1 AND w.status IN ('ACTIVE', 'PAUSED') AND NOT w.drains
"""
