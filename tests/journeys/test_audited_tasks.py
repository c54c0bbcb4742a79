"""What tasks decide by themselves is in the audit log as SYSTEM, once, and what people decide is not."""

import json
from datetime import UTC, datetime, timedelta

from models import clock, db
from models.broadcasts import lifecycle, starting, stopping
from models.membership import quarantine
from models.messaging import channels, outcomes
from models.messaging.message_states import MessageStatus
from models.messaging.outcomes import AttemptOutcome
from models.segments import purge, segments
from permissions.principal import Scope
from tests.kit.broadcasts import a_draft_to, a_sender
from tests.kit.segments import dynamic_segment, static_segment
from tests.kit.workspaces import as_member, new_member, new_workspace
from tests.models.messaging.claims import claim

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def decided(scope: Scope) -> list[tuple[str, dict[str, str]]]:
    """The actions of SYSTEM and their details, the oldest first."""
    rows = await db.fetch(
        "SELECT action, details FROM audit_log WHERE workspace_id = $1 AND actor_kind = 'SYSTEM' ORDER BY id",
        scope.workspace_id,
    )
    return [(row["action"], json.loads(row["details"])) for row in rows]


async def test_a_broadcast_that_starts_pauses_and_ends_by_itself(database: str) -> None:
    clock.set_source(lambda: NOON)
    system = await a_sender()
    scope = as_member(system, await new_member(system))
    broadcast = await a_draft_to(scope, 1)
    await lifecycle.schedule(scope, broadcast.id, NOON + timedelta(hours=1))
    await db.execute("DELETE FROM audit_log")
    clock.set_source(lambda: NOON + timedelta(hours=1))
    for _ in range(2):
        await starting.start_due()
        await starting.prepare(system, broadcast.id)
    for _ in range(2):
        await stopping.pause_all(scope.workspace_id, "The number is restricted.")
    await lifecycle.resume(scope, broadcast.id)
    (attempt,) = (await claim(system, broadcast)).attempts
    await outcomes.settle(scope.workspace_id, [AttemptOutcome(attempt, MessageStatus.SENT)])
    for _ in range(2):
        await stopping.finish(scope.workspace_id, broadcast.id)
    assert await decided(scope) == [
        ("broadcast_start", {}),
        ("broadcast_pause", {"reason": "The number is restricted."}),
        ("broadcast_end", {"status": "COMPLETED", "reason": None}),
    ]


async def test_a_channel_that_is_refused_a_rule_that_fails_and_a_segment_that_is_purged(database: str) -> None:
    scope = await new_workspace()
    gone, failing = await static_segment(scope), await dynamic_segment(scope)
    await segments.delete(scope, gone.id)
    await db.execute("DELETE FROM audit_log")
    await quarantine.set_aside(scope.workspace_id, failing.id)
    clock.set_source(lambda: datetime.now(UTC) + timedelta(days=31))
    for _ in range(2):
        await purge.purge(scope.workspace_id, gone.id)
    assert await decided(scope) == [("segment_fail", {}), ("segment_purge", {})]


async def test_a_refused_channel(database: str) -> None:
    scope = await a_sender()
    await db.execute("DELETE FROM audit_log")
    channel = await channels.get(scope)
    for _ in range(2):
        await channels.refused(scope.workspace_id, channel.id, "(190) expired")
    assert await decided(scope) == [("whatsapp_channel_refuse", {"reason": "(190) expired"})]
