"""Nobody is sent more messages than the workspace's cap allows, over all sources."""

from datetime import UTC, datetime, timedelta
from random import Random

from models import clock, db
from models.broadcasts import drafts
from models.messaging import ledger, outcomes
from models.messaging.message_states import MessageStatus
from models.messaging.outcomes import AttemptOutcome
from models.messaging.sources import MessageSource, of_broadcast
from models.segments import workspace_settings
from permissions.principal import Scope
from tests.kit.broadcasts import a_draft, a_segment, a_sender, people
from tests.kit.draws import with_seeds
from tests.models.messaging.claims import claim_of, sending, sent
from tests.models.messaging.test_sources import begin

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def at(**later: float) -> datetime:
    moment = NOON + timedelta(**later)
    clock.set_source(lambda: moment)
    return moment


async def a_capped_sender(count: int, window: str) -> Scope:
    at()
    scope = await a_sender()
    await workspace_settings.update(scope, {"message_cap": (count, window)})
    return scope


async def send(scope: Scope, source: MessageSource) -> int:
    """Claims what is due of a source, settles it as sent, and returns how many."""
    attempts = (await claim_of(scope, source, grant=50)).attempts
    await outcomes.settle(scope.workspace_id, [sent(one) for one in attempts])
    return len(attempts)


async def of_node(scope: Scope, ids: list[int], number: int) -> MessageSource:
    """A source of another kind, with a message to each of the contacts."""
    source = MessageSource("OTHER", number)
    await begin(scope, ids, source=source)
    return source


async def reasons() -> list[str]:
    rows = await db.fetch("SELECT DISTINCT reason FROM messages WHERE status = 'SKIPPED'")
    return [row["reason"] for row in rows]


async def test_who_has_had_as_many_messages_as_the_cap_allows_is_skipped_over_all_sources(database: str):
    scope = await a_capped_sender(2, "P1D")
    ids = await people(scope, 3)
    broadcast = await sending(scope, await a_draft(scope, await a_segment(scope, ids)))
    assert await send(scope, of_broadcast(broadcast.id)) == 3
    at(hours=1)
    assert await send(scope, await of_node(scope, ids[:2], 1)) == 2
    at(hours=2)
    assert await send(scope, await of_node(scope, ids, 2)) == 1
    assert await reasons() == [
        "The workspace sends at most 2 messages to a person within 1 day, and this would be one more."
    ]
    at(hours=24, seconds=1)
    assert await send(scope, await of_node(scope, ids, 3)) == 3, "the first ones are out of the window"
    at(hours=25, seconds=1)
    await workspace_settings.update(scope, {"message_cap": None})
    assert await send(scope, await of_node(scope, ids, 4)) == 3, "nothing is capped any more"


async def test_what_was_sent_before_the_cap_was_set_counts_and_what_failed_does_not(database: str):
    at()
    scope = await a_sender()
    ids = await people(scope, 3)
    attempts = (await claim_of(scope, await of_node(scope, ids, 1))).attempts
    results = [MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.UNCONFIRMED]
    await outcomes.settle(
        scope.workspace_id, [AttemptOutcome(one, status) for one, status in zip(attempts, results, strict=True)]
    )
    await workspace_settings.update(scope, {"message_cap": (1, "P1D")})
    at(minutes=1)
    claimed = await claim_of(scope, await of_node(scope, ids, 2))
    assert [one.phone for one in claimed.attempts] == ["+34600000002"]


async def test_the_spellings_of_a_number_are_one_person(database: str):
    scope = await a_capped_sender(1, "P1D")
    first = await people(scope, 1)
    await db.execute("UPDATE contacts SET phone = '+5511976500001'")
    assert await send(scope, await of_node(scope, first, 1)) == 1
    await db.execute("UPDATE contacts SET phone = '+551176500001'")
    at(minutes=1)
    assert await send(scope, await of_node(scope, first, 2)) == 0


async def test_an_audience_leaves_out_who_has_reached_the_cap(database: str):
    scope = await a_capped_sender(1, "P1D")
    ids = await people(scope, 3)
    assert await send(scope, await of_node(scope, ids[:1], 1)) == 1
    draft = await a_draft(scope, await a_segment(scope, ids))
    found = await drafts.audience_of(scope, draft)
    assert (found.recipients, dict(found.exclusions)) == (2, {"MESSAGE_CAP": 1})
    broadcast = await sending(scope, draft)
    assert (broadcast.audience_size, broadcast.exclusions) == (2, {"MESSAGE_CAP": 1})


async def test_a_claim_of_a_person_in_two_sources_at_once_keeps_to_the_cap(database: str):
    scope = await a_capped_sender(1, "P1D")
    ids = await people(scope, 1)
    one, two = await of_node(scope, ids, 1), await of_node(scope, ids, 2)
    assert len((await claim_of(scope, one, two)).attempts) == 1
    at(seconds=10)
    assert len((await claim_of(scope, one, two)).attempts) == 0
    assert await db.fetch_value("SELECT count(*) FROM messages WHERE status = 'SKIPPED'") == 1


async def test_a_claim_that_was_given_back_does_not_count(database: str):
    scope = await a_capped_sender(1, "P1D")
    source = await of_node(scope, await people(scope, 1), 1)
    (attempt,) = (await claim_of(scope, source)).attempts
    assert await ledger.release(scope.workspace_id, attempt.lease_token) == 1
    at(seconds=10)
    assert await send(scope, source) == 1


@with_seeds(6)
async def test_in_no_window_does_anybody_get_more_than_the_cap(database: str, seed: int):
    random = Random(seed)
    count, hours = random.randint(1, 3), random.randint(1, 6)
    scope = await a_capped_sender(count, f"PT{hours}H")
    ids = await people(scope, 3)
    got: dict[str, list[datetime]] = {}
    for number in range(1, 14):
        now = at(minutes=number * 60 + random.randint(0, 50))
        source = await of_node(scope, random.sample(ids, random.randint(1, 3)), number)
        attempts = (await claim_of(scope, source)).attempts
        failed = [one for one in attempts if random.random() < 0.2]
        await outcomes.settle(
            scope.workspace_id,
            [AttemptOutcome(one, MessageStatus.FAILED) if one in failed else sent(one) for one in attempts],
        )
        for one in attempts:
            if one not in failed:
                got.setdefault(one.phone, []).append(now)
        skipped = await db.fetch("SELECT phone FROM messages WHERE source_id = $1 AND status = 'SKIPPED'", number)
        for row in skipped:
            recent = [moment for moment in got[row["phone"]] if moment > now - timedelta(hours=hours)]
            assert len(recent) == count, "nobody is skipped without need"
    for moments in got.values():
        for end in moments:
            within = [moment for moment in moments if end - timedelta(hours=hours) < moment <= end]
            assert len(within) <= count
