"""All kinds of sources share one ledger, its limits and its stops."""

from datetime import timedelta

import pytest

from models import clock, db
from models.broadcasts import lifecycle
from models.messaging import counters, ledger, outcomes, policy, sources, statuses
from models.messaging.message_states import MessageStatus
from models.messaging.pace import PAIR_INTERVAL
from models.messaging.policy import Reach
from models.messaging.provider_events import Receipt, StatusEvent
from models.messaging.sources import MessageSource, SourceState, Stop, of_broadcast
from permissions.principal import Scope
from tests.kit.broadcasts import a_draft, a_draft_to, a_segment, a_sender, people, read_again, template
from tests.models.messaging.claims import claim_of, sending, sent
from workers import stops

NODE = MessageSource("WORKFLOW", 7)


async def begin(
    scope: Scope, contact_ids: list[int], *, source: MessageSource = NODE, visit: int = 0, name: str = "greeting"
) -> None:
    chosen = await template(scope, name)
    message = {"name": chosen.name, "language": chosen.language, "slots": []}
    if visit == 0:
        await sources.begin(scope.workspace_id, source, message, chosen.id, chosen.business_account_id)
        await counters.begin(scope.workspace_id, source, len(contact_ids))
    await db.execute(
        """
        INSERT INTO messages (workspace_id, source_kind, source_id, visit, contact_id, phone, parameters, due_at)
        SELECT $1, $2, $3, $4, id, phone, '{}', $5 FROM contacts WHERE workspace_id = $1 AND id = ANY ($6::bigint[])
        """,
        scope.workspace_id,
        *source,
        visit,
        clock.now(),
        contact_ids,
    )


async def counts(scope: Scope, source: MessageSource = NODE) -> dict[str, int]:
    row = await db.fetch_row("SELECT * FROM message_counters WHERE source_kind = $1 AND source_id = $2", *source)
    assert row is not None
    return {name: row[name] for name in counters.COLUMNS if row[name]}


async def test_one_claim_takes_equally_from_each_kind(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 50))
    await begin(scope, await people(scope, 50, first=900))
    claimed = await claim_of(scope, of_broadcast(broadcast.id), NODE, grant=10)
    kinds = [attempt.source.kind for attempt in claimed.attempts]
    assert (kinds.count("BROADCAST"), kinds.count("WORKFLOW")) == (5, 5)
    assert await counts(scope) == {"pending": 45, "sending": 5}


async def test_the_same_id_of_another_kind_is_another_source(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 2))
    await begin(scope, await people(scope, 3, first=900), source=MessageSource("WORKFLOW", broadcast.id))
    await lifecycle.pause(scope, broadcast.id)
    claimed = await claim_of(scope, of_broadcast(broadcast.id), MessageSource("WORKFLOW", broadcast.id))
    assert {attempt.source.kind for attempt in claimed.attempts} == {"WORKFLOW"}
    assert len(claimed.attempts) == 3


async def test_one_person_waits_between_two_messages_whatever_sends_them(database: str):
    scope = await a_sender()
    ids = await people(scope, 2)
    broadcast = await sending(scope, await a_draft(scope, await a_segment(scope, ids)))
    await begin(scope, ids)
    both = (of_broadcast(broadcast.id), NODE)
    assert len((await claim_of(scope, *both)).attempts) == 2
    assert not (await claim_of(scope, *both)).attempts
    start = clock.now()
    clock.set_source(lambda: start + PAIR_INTERVAL + timedelta(milliseconds=1))
    assert len((await claim_of(scope, *both)).attempts) == 2


async def test_the_account_s_limit_of_people_holds_over_all_kinds(database: str):
    scope = await a_sender(daily_limit=5)
    broadcast = await sending(scope, await a_draft_to(scope, 3))
    await begin(scope, await people(scope, 4, first=900))
    assert len((await claim_of(scope, of_broadcast(broadcast.id))).attempts) == 3
    limited = await claim_of(scope, NODE)
    assert (len(limited.attempts), limited.out_of_quota) == (2, True)


async def test_opted_out_contacts_get_nothing_of_any_kind(database: str):
    scope = await a_sender()
    ids = await people(scope, 2)
    await begin(scope, ids)
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT' WHERE id = $1", ids[0])
    assert len((await claim_of(scope, NODE)).attempts) == 1
    assert await counts(scope) == {"sending": 1, "skipped": 1}


async def test_a_status_settles_a_message_of_any_kind_and_is_an_activity(database: str):
    scope = await a_sender()
    await begin(scope, await people(scope, 1))
    (attempt,) = (await claim_of(scope, NODE)).attempts
    await outcomes.settle(scope.workspace_id, [sent(attempt)])
    reference = statuses.reference_of(attempt.id)
    async with db.transaction():
        event = StatusEvent("number", f"wamid.{attempt.id}", Receipt.DELIVERED, clock.now(), reference)
        assert await statuses.process(scope.workspace_id, [event]) == []
    assert await counts(scope) == {"delivered": 1}
    rows = await db.fetch("SELECT kind, properties FROM activities ORDER BY kind")
    assert [row["kind"] for row in rows] == ["message.delivered", "message.sent"]
    assert {db.load_json(row["properties"])["template"] for row in rows} == {"greeting"}
    assert not any("broadcastId" in db.load_json(row["properties"]) for row in rows)


async def test_a_contact_gets_one_message_per_visit(database: str):
    scope = await a_sender()
    ids = await people(scope, 1)
    await begin(scope, ids)
    columns = "workspace_id, source_kind, source_id, visit, contact_id, phone, parameters, due_at"
    message = await db.fetch_row(f"SELECT {columns} FROM messages WHERE workspace_id = $1", scope.workspace_id)
    assert message is not None
    with pytest.raises(db.UniqueViolation):
        await db.execute(f"INSERT INTO messages ({columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", *message.values())
    await begin(scope, ids, visit=1)
    assert await db.fetch_value("SELECT count(*) FROM messages") == 2


async def test_unfinished_sources_of_every_kind_are_found(database: str):
    scope = await a_sender()
    await begin(scope, await people(scope, 2))
    assert (await claim_of(scope, NODE, grant=1, seconds=-1)).attempts
    (found,) = await sources.unfinished()
    assert (found.source, found.state, found.pending, found.sending) == (NODE, SourceState.SENDING, True, True)
    assert await outcomes.expire_leases(scope.workspace_id, NODE) == 1
    assert await counts(scope) == {"pending": 1, "unconfirmed": 1}
    assert await ledger.has_open(scope.workspace_id, NODE)
    await db.execute("UPDATE message_sources SET state = 'ENDED'")
    assert await outcomes.skip_rest(scope.workspace_id, NODE, "It has ended.") == 1
    assert not await ledger.has_open(scope.workspace_id, NODE)
    assert await sources.unfinished() == []


# ---------------------------------------------------------------- how far a stop reaches


@pytest.mark.parametrize(
    ("reach", "reached"),
    [
        (Reach.SOURCE, {"one"}),
        (Reach.TEMPLATE, {"one", "same template"}),
        (Reach.NUMBER, {"one", "same template", "other template"}),
        (Reach.ACCOUNT, {"one", "same template", "other template"}),
    ],
)
async def test_a_stop_reaches_the_sources_that_it_is_about(database: str, reach: Reach, reached: set[str]):
    scope = await a_sender()
    names = {"one": 1, "same template": 2, "other template": 3, "other account": 4, "paused": 5}
    for name, source_id in names.items():
        other = "spring_sale" if name == "other template" else "greeting"
        await begin(scope, [], source=MessageSource("WORKFLOW", source_id), name=other)
    await db.execute("UPDATE message_sources SET business_account_id = '9', template_id = 9 WHERE source_id = 4")
    await db.execute("UPDATE message_sources SET state = 'PAUSED' WHERE source_id = 5")
    found = await sources.reached_by(scope.workspace_id, Stop(reach, MessageSource("WORKFLOW", 1), "why"))
    assert {source.id for source in found} == {names[name] for name in reached}


async def test_a_stop_that_a_workflow_meets_pauses_broadcasts_too(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 2))
    await begin(scope, await people(scope, 1, first=900))
    reach = policy.stop_reach(policy.Answer.ACCOUNT_STOPPED)
    assert reach is not None
    assert await stops.stop(scope.workspace_id, Stop(reach, NODE, "No payment.")) == 2
    paused = await read_again(broadcast)
    assert (paused.status, paused.reason) == ("PAUSED", "No payment.")
    assert not (await claim_of(scope, of_broadcast(broadcast.id))).attempts


async def test_an_ended_source_never_sends_again(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 2))
    await lifecycle.cancel(scope, broadcast.id)
    await sources.set_state(scope.workspace_id, sources.SourceKind.BROADCAST, [broadcast.id], SourceState.SENDING)
    assert not (await claim_of(scope, of_broadcast(broadcast.id))).attempts
    assert MessageStatus.PENDING.lower() in await counts(scope, of_broadcast(broadcast.id))
