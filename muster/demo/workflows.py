"""The workflows of the demo workspace. They run, and whatever is done to its contacts moves them."""

from collections.abc import Mapping
from typing import Any, Final

from models.messaging import templates
from models.segments import segments
from models.segments.segments import SegmentKind
from models.workflows import drafts
from models.workflows.lifecycle.activation import Activation, activate
from models.workflows.publishing.preview import preview
from models.workflows.publishing.publish import Answers, publish
from models.workflows.states import EnrolledContactsPolicy
from muster.demo.channel import SANDBOX
from muster.demo.segments import SILENT
from permissions.principal import Scope

GREETING: Final[Mapping[str, Any]] = {
    "id": "900000000000006",
    "name": "greeting",
    "language": "en_US",
    "status": "APPROVED",
    "category": "UTILITY",
    "parameter_format": "POSITIONAL",
    "components": [{"type": "BODY", "text": "Hello {{1}}, welcome."}],
}
"""Of the sandbox, which tells of all its templates soon after."""

DAYTIME: Final = {"from": "09:00", "to": "20:00"}

END: Final = {"key": "end", "do": {"end": {}}}


async def make_workflows(scope: Scope, segment_ids: Mapping[str, int], *, sends: bool) -> int:
    """Returns how many. Without `sends` (no number of the sandbox), those that send messages are left out."""
    won_back = (await segments.create(scope, SegmentKind.STATIC, name="Win back")).segment.id
    graphs = {"Win back": win_back(segment_ids[SILENT], won_back)}
    if sends:
        await templates.store(scope.workspace_id, SANDBOX.business_account_id, [GREETING])
        (template,) = await templates.all_of(scope)
        graphs |= {"Welcome after the first purchase": welcome(template.id), "Birthday": birthday(template.id)}
    for name, graph in graphs.items():
        workflow = await drafts.create(scope, name, graph_json=graph)
        seen = await preview(scope, workflow.id, EnrolledContactsPolicy.MOVE, {})
        await publish(scope, workflow.id, Answers(seen.token))
        await activate(scope, workflow.id, Activation())
    return len(graphs)


def welcome(template_id: int) -> dict[str, Any]:
    """A message some minutes after the first purchase, by day, and a tag for those who buy again within a month."""
    first = {"activity": {"kind": "purchase", "metric": "COUNT", "operator": "EQUALS", "value": 1}}
    again = {"any": [{"activity": {"kind": "purchase"}}], "timeout": "P30D", "next": "regular", "timedOut": "end"}
    return {
        "triggers": [{"key": "bought", "on": {"activity": {"kind": "purchase"}}}],
        "start": "wait",
        "zone": "CONTACT",
        "entryRule": first,
        "sendWindow": DAYTIME,
        "nodes": [
            {"key": "wait", "label": "Some minutes", "do": {"wait": {"for": "PT10M", "next": "greet"}}},
            {"key": "greet", "do": {"send": _message(template_id, "again")}},
            {"key": "again", "label": "Buys again?", "do": {"waitFor": {**again, "lookBack": False}}},
            {"key": "regular", "do": {"tagsChange": {"add": ["regular"], "next": "end"}}},
            END,
        ],
    }


def birthday(template_id: int) -> dict[str, Any]:
    """A message at ten on the day, where the contact lives."""
    on = {"date": {"field": "date_of_birth", "yearly": True, "at": "10:00"}}
    return {
        "triggers": [{"key": "birthday", "on": on}],
        "start": "greet",
        "zone": "CONTACT",
        "reentry": {"policy": "EVERY_TIME", "cooldown": "P300D"},
        "nodes": [{"key": "greet", "do": {"send": _message(template_id, "end")}}, END],
    }


def win_back(silent_id: int, won_back_id: int) -> dict[str, Any]:
    """Those who fall silent are kept in a segment for a month, and are at risk when they do not buy within a fortnight."""
    bought = {"any": [{"activity": {"kind": "purchase"}}], "timeout": "P14D", "next": "safe", "timedOut": "at_risk"}
    return {
        "triggers": [{"key": "silent", "on": {"segmentEntered": silent_id}}],
        "start": "keep",
        "reentry": {"policy": "AFTER_LEAVING", "cooldown": "P90D"},
        "nodes": [
            {"key": "keep", "do": {"segmentKeep": {"segmentId": won_back_id, "for": "P30D", "next": "bought"}}},
            {"key": "bought", "label": "Buys within a fortnight?", "do": {"waitFor": bought}},
            {"key": "safe", "do": {"tagsChange": {"remove": ["at risk"], "next": "end"}}},
            {"key": "at_risk", "do": {"tagsChange": {"add": ["at risk"], "next": "end"}}},
            END,
        ],
    }


def _message(template_id: int, following: str) -> dict[str, Any]:
    name = {"name": "1", "field": "first_name", "fallback": "there"}
    return {"templateId": template_id, "parameters": [name], "next": following}
