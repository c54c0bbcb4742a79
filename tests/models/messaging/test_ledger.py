"""Messages are claimed once, equally from all sources, within every limit."""

import asyncio
from datetime import timedelta

from models import clock, db
from models.broadcasts import lifecycle
from models.contacts.create import create_contact
from models.identity.merge import merge_contacts
from models.messaging import counters, ledger
from models.messaging.pace import PAIR_INTERVAL
from models.messaging.sources import SourceKind, of_broadcast
from tests.kit.broadcasts import a_draft, a_draft_to, a_segment, a_sender, counts_of, people
from tests.kit.locks import wait_until_blocked
from tests.models.messaging.claims import claim, credentials, sending


async def test_claims_at_once_never_take_the_same_message(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 200))
    claims = await asyncio.gather(*(claim(scope, broadcast, grant=30) for _ in range(8)))
    ids = [attempt.id for one in claims for attempt in one.attempts]
    assert len(ids) == len(set(ids)) == 200
    assert await counts_of(broadcast) == {"sending": 200}


async def test_a_claim_takes_equally_from_each_broadcast(database: str):
    scope = await a_sender()
    large = await sending(scope, await a_draft_to(scope, 100))
    small = await sending(scope, await a_draft(scope, await a_segment(scope, await people(scope, 5, first=500))))
    claimed = await claim(scope, large, small, grant=8)
    of_small = [attempt for attempt in claimed.attempts if attempt.source.id == small.id]
    assert (len(of_small), len(claimed.attempts)) == (4, 8)
    rest = await claim(scope, large, small, grant=8)
    assert [attempt.source.id for attempt in rest.attempts].count(small.id) == 1
    assert len(rest.attempts) == 8


async def test_nothing_is_claimed_of_a_broadcast_that_is_not_being_sent(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 3))
    await lifecycle.pause(scope, broadcast.id)
    assert not (await claim(scope, broadcast)).attempts
    await lifecycle.resume(scope, broadcast.id)
    assert len((await claim(scope, broadcast)).attempts) == 3


async def test_contacts_who_opted_out_changed_number_or_were_deleted_are_skipped(database: str):
    scope = await a_sender()
    ids = await people(scope, 4)
    broadcast = await sending(scope, await a_draft(scope, await a_segment(scope, ids)))
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT' WHERE id = $1", ids[0])
    await db.execute("UPDATE contacts SET phone = '+34699999999' WHERE id = $1", ids[1])
    await db.execute("DELETE FROM contacts WHERE id = $1", ids[2])
    claimed = await claim(scope, broadcast)
    assert len(claimed.attempts) == 1
    assert await counts_of(broadcast) == {"sending": 1, "skipped": 3}
    reasons = await db.fetch("SELECT reason FROM messages WHERE status = 'SKIPPED' ORDER BY contact_id")
    assert [row["reason"].split(" ", 2)[2].split(" after")[0] for row in reasons] == [
        "opted out",
        "number was changed or removed",
        "was deleted",
    ]


async def test_a_message_to_a_merged_contact_goes_to_the_kept_one_at_the_same_number(database: str):
    scope = await a_sender()
    ids = await people(scope, 2)
    broadcast = await sending(scope, await a_draft(scope, await a_segment(scope, ids)))
    nobody = (await create_contact(scope, {"name": "Without a number"}))["id"]
    other = (await create_contact(scope, {"phone": "+34699999999", "whatsapp_consent": "OPTED_IN"}))["id"]
    await merge_contacts(scope, nobody, ids[0], {})
    await merge_contacts(scope, other, ids[1], {})
    claimed = await claim(scope, broadcast)
    assert len(claimed.attempts) == 1
    [skipped] = await db.fetch("SELECT contact_id, reason FROM messages WHERE status = 'SKIPPED'")
    assert (skipped["contact_id"], "number was changed" in skipped["reason"]) == (ids[1], True)


async def test_one_person_waits_six_seconds_between_two_messages(database: str):
    scope = await a_sender()
    segment = await a_segment(scope, await people(scope, 2))
    first, second = (
        await sending(scope, await a_draft(scope, segment)),
        await sending(scope, await a_draft(scope, segment)),
    )
    both = await claim(scope, first, second, grant=10)
    assert len(both.attempts) == 2
    later = await claim(scope, first, second, grant=10)
    assert not later.attempts
    start = clock.now()
    clock.set_source(lambda: start + PAIR_INTERVAL + timedelta(milliseconds=1))
    assert len((await claim(scope, first, second)).attempts) == 2


async def test_two_claims_at_once_never_take_messages_to_the_same_person(database: str):
    scope = await a_sender(daily_limit=None)
    segment = await a_segment(scope, await people(scope, 3))
    first, second = [await sending(scope, await a_draft(scope, segment)) for _ in range(2)]
    has_claimed = asyncio.Event()

    async def claim_after_the_first():
        await has_claimed.wait()
        return await claim(scope, second)

    later = asyncio.create_task(claim_after_the_first())
    async with db.transaction():
        assert len((await claim(scope, first)).attempts) == 3
        has_claimed.set()
        await wait_until_blocked()
    assert not (await later).attempts
    assert await counts_of(second) == {"pending": 3}
    row = await db.fetch_row(
        "SELECT max(attempts) AS attempts, min(due_at) AS due_at FROM messages WHERE source_id = $1", second.id
    )
    assert row is not None
    assert row["attempts"] == 0
    assert row["due_at"] > clock.now() + PAIR_INTERVAL - timedelta(seconds=5)


async def test_the_account_s_limit_of_people_holds_over_all_its_broadcasts(database: str):
    scope = await a_sender(daily_limit=5)
    ids = await people(scope, 8)
    first = await sending(scope, await a_draft(scope, await a_segment(scope, ids[:4])))
    second = await sending(scope, await a_draft(scope, await a_segment(scope, ids)))
    assert len((await claim(scope, first, grant=10)).attempts) == 4
    clock.set_source(_in(seconds=7))
    limited = await claim(scope, second, grant=10)
    reached = await db.fetch_value("SELECT count(*) FROM whatsapp_reached")
    assert (len(limited.attempts), limited.out_of_quota, reached) == (5, True, 5)  # four known ones, and one more
    assert (await claim(scope, second)).out_of_quota
    clock.set_source(_in(hours=25))
    assert len((await claim(scope, second)).attempts) == 3


def _in(**more: float):
    start = clock.now()
    return lambda: start + timedelta(**more)


async def test_claims_at_once_never_exceed_the_limit(database: str):
    scope = await a_sender(daily_limit=37)
    broadcast = await sending(scope, await a_draft_to(scope, 100))
    claims = await asyncio.gather(*(claim(scope, broadcast, grant=10) for _ in range(8)))
    assert sum(len(one.attempts) for one in claims) == 37


async def test_a_claim_whose_answer_was_lost_can_be_released(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 5))
    until = clock.now() + timedelta(seconds=60)
    await ledger.claim(scope.workspace_id, await credentials(scope), {of_broadcast(broadcast.id): 3}, 3, until, 77)
    assert await ledger.release(scope.workspace_id, 77) == 3
    assert await ledger.release(scope.workspace_id, 77) == 0
    assert await counts_of(broadcast) == {"pending": 5}
    assert len((await claim(scope, broadcast)).attempts) == 5
    assert await db.fetch_value("SELECT max(attempts) FROM messages") == 1


async def test_a_claim_reads_no_more_than_it_takes(database: str):
    """Whatever the audience, a claim reads about as many rows as it claims."""
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 3_000))
    await db.execute("ANALYZE messages")
    for _ in range(3):
        await claim(scope, broadcast, grant=100)
    plan = await db.fetch(
        """
        EXPLAIN (FORMAT TEXT) SELECT r.id FROM messages r
        WHERE r.workspace_id = $1 AND r.source_kind = 'BROADCAST' AND r.source_id = $2 AND r.status = 'PENDING'
          AND r.due_at <= now()
        ORDER BY r.due_at, r.id LIMIT 100 FOR UPDATE SKIP LOCKED
        """,
        scope.workspace_id,
        broadcast.id,
    )
    text = "\n".join(row[0] for row in plan)
    assert "messages_due_idx" in text
    assert "Seq Scan" not in text
    before = await _rows_read()
    await claim(scope, broadcast, grant=100)
    assert await _rows_read() - before < 1_000
    assert (await counters.of(scope.workspace_id, SourceKind.BROADCAST, [broadcast.id]))[broadcast.id]["sending"] == 400


async def _rows_read() -> int:
    await db.execute("SELECT pg_stat_force_next_flush()")
    await db.execute("SELECT pg_stat_clear_snapshot()")
    return int(
        await db.fetch_value(
            """
            SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables
            WHERE relname = 'messages'
            """
        )
    )
