"""The sources of a workflow's messages: one for each SEND node and template, as the template was when it was first sent."""

from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any, Final

from models import db
from models.db.tables.broadcasts import MessageTemplate
from models.messaging import counters, outcomes, sources
from models.messaging.sources import MessageSource, SourceKind, SourceState, of_workflow

CHUNK_REASON: Final = "The workflow was archived."


async def find_or_begin(
    workspace_id: int, workflow_id: int, node: int, template: MessageTemplate, *, ignores_cap: bool
) -> MessageSource:
    """In the transaction that sends, under the lock of the engine."""
    message = {"name": template.name, "language": template.language, "slots": template.slots}
    digest = _digest(message, template.id, ignores_cap)
    sender_id = await db.fetch_value(_FIND, workspace_id, workflow_id, node, digest)
    if sender_id is None:
        sender_id = await db.fetch_value(_BEGIN, workspace_id, workflow_id, node, digest)
        source = of_workflow(sender_id)
        await sources.begin(
            workspace_id, source, message, template.id, template.business_account_id, ignores_cap=ignores_cap
        )
        await counters.begin(workspace_id, source, 0)
    return of_workflow(sender_id)


def _digest(message: Mapping[str, Any], template_id: int, ignores_cap: bool) -> str:
    text = f"{template_id} {ignores_cap} {db.dump_json(dict(message))}"
    return blake2b(text.encode(), digest_size=16).hexdigest()


_FIND: Final = """
    SELECT id FROM workflow_senders WHERE workspace_id = $1 AND workflow_id = $2 AND node = $3 AND digest = $4
"""

_BEGIN: Final = """
    INSERT INTO workflow_senders (workspace_id, workflow_id, node, digest) VALUES ($1, $2, $3, $4) RETURNING id
"""


async def set_state(workspace_id: int, workflow_id: int, state: SourceState) -> None:
    """What is not sent yet waits (PAUSED), goes on (SENDING), or is skipped (ENDED). With the change of the workflow's status."""
    rows = await db.fetch(
        "SELECT id FROM workflow_senders WHERE workspace_id = $1 AND workflow_id = $2", workspace_id, workflow_id
    )
    await sources.set_state(workspace_id, SourceKind.WORKFLOW, [row["id"] for row in rows], state)


async def end(workspace_id: int, source: MessageSource) -> None:
    """Skips what an ended source has not sent."""
    while await outcomes.skip_rest(workspace_id, source, CHUNK_REASON):
        pass


async def nodes_of(workspace_id: int, sender_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """The workflow and the number of the node, by sender."""
    rows = await db.fetch(
        "SELECT id, workflow_id, node FROM workflow_senders WHERE workspace_id = $1 AND id = ANY ($2::bigint[])",
        workspace_id,
        list(sender_ids),
    )
    return {row["id"]: (row["workflow_id"], row["node"]) for row in rows}


async def workflows_of(workspace_id: int, found: Collection[MessageSource]) -> dict[int, list[int]]:
    """The senders among these sources, by workflow."""
    ids = sources.ids_of(SourceKind.WORKFLOW, found)
    workflows: dict[int, list[int]] = {}
    for sender_id, (workflow_id, _) in (await nodes_of(workspace_id, ids)).items() if ids else ():
        workflows.setdefault(workflow_id, []).append(sender_id)
    return workflows
