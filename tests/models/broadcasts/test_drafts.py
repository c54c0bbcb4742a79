"""Drafts are checked, only drafts can be changed, and a retry keeps what was frozen."""

from datetime import timedelta

import pytest

from models import clock, db
from models.broadcasts import drafts, lifecycle
from models.broadcasts.drafts import Draft
from models.db.tables.broadcasts import Broadcast
from models.errors import DomainError, Invalid, NotAllowedInState, Problems, Required, Unsupported
from models.messaging import outcomes
from models.messaging.message_states import MessageStatus
from models.messaging.outcomes import AttemptOutcome
from models.messaging.rendering import Binding
from models.segments import uses
from permissions.principal import Scope
from tests.kit.broadcasts import (
    FIRST_NAME,
    a_draft,
    a_draft_to,
    a_segment,
    a_sender,
    counts_of,
    people,
    read_again,
    template,
)
from tests.models.messaging.claims import claim, sending


async def written(scope: Scope, **more) -> Draft:
    values = {
        "name": "Sale",
        "template_id": (await template(scope)).id,
        "parameters": [FIRST_NAME],
        "include_segment_ids": [await a_segment(scope, [])],
    }
    return Draft(**(values | more))


async def problems_of(scope: Scope, draft: Draft) -> list[tuple[str, tuple[str, ...]]]:
    try:
        await drafts.create(scope, draft)
    except Problems as error:
        return [(str(one.code), one.path) for one in error.errors]
    except DomainError as error:
        return [(str(error.code), error.path)]
    return []


@pytest.mark.parametrize(
    ("more", "code", "path"),
    [
        ({"name": "  "}, "INVALID", ("name",)),
        ({"template_id": 0}, "NOT_FOUND", ("templateId",)),
        ({"include_segment_ids": []}, "REQUIRED", ("includeSegmentIds",)),
        ({"include_segment_ids": [999]}, "NOT_FOUND", ("includeSegmentIds", "0")),
        ({"exclude_segment_ids": [999]}, "NOT_FOUND", ("excludeSegmentIds", "0")),
        ({"include_segment_ids": list(range(1, 200))}, "LIMIT_EXCEEDED", ("includeSegmentIds",)),
        ({"max_lateness": "P99999999D"}, "INVALID", ("maxLateness",)),
        ({"max_lateness": "an hour"}, "INVALID", ("maxLateness",)),
        ({"max_lateness": f"P{'0' * 40}D"}, "INVALID", ("maxLateness",)),
        ({"parameters": []}, "REQUIRED", ("parameters",)),
        ({"parameters": [FIRST_NAME, FIRST_NAME]}, "INVALID", ("parameters", "1", "name")),
        ({"parameters": [FIRST_NAME, Binding("9", text="x")]}, "INVALID", ("parameters", "1", "name")),
        ({"parameters": [Binding("1")]}, "INVALID", ("parameters", "0", "field")),
        ({"parameters": [Binding("1", field="name", text="x")]}, "INVALID", ("parameters", "0", "field")),
        ({"parameters": [Binding("1", field="nonsense")]}, "INVALID", ("parameters", "0", "field")),
        ({"parameters": [Binding("1", field="attributes.nothing")]}, "INVALID", ("parameters", "0", "field")),
        ({"parameters": [Binding("1", text=" \n ")]}, "INVALID", ("parameters", "0", "text")),
        ({"parameters": [Binding("1", text="x" * 2000)]}, "INVALID", ("parameters", "0")),
        ({"parameters": [Binding("1", text="x", fallback="y")]}, "INVALID", ("parameters", "0", "fallback")),
    ],
)
async def test_problems_name_their_path_and_nothing_is_saved(database: str, more: dict, code: str, path: tuple):
    scope = await a_sender()
    assert await problems_of(scope, await written(scope, **more)) == [(code, path)]
    assert await db.fetch_value("SELECT count(*) FROM broadcasts") == 0
    assert await db.fetch_value("SELECT count(*) FROM segment_uses") == 0


async def test_media_is_a_link_or_an_id(database: str):
    scope = await a_sender()
    chosen = (await template(scope, "new_collection")).id
    for value, right in (
        ("https://a.example/b.png", True),
        ("123456", True),
        ("http://a.example/b.png", False),
        ("b.png", False),
    ):
        bindings = [Binding("header.image", text=value), FIRST_NAME]
        found = await problems_of(scope, await written(scope, template_id=chosen, parameters=bindings))
        assert bool(found) is not right


async def test_a_template_with_parts_that_a_broadcast_cannot_fill_is_refused(database: str):
    scope = await a_sender()
    await db.execute(
        "UPDATE message_templates SET unsupported = 'a header of the format LOCATION' WHERE name = 'greeting'"
    )
    assert await problems_of(scope, await written(scope)) == [("UNSUPPORTED", ("templateId",))]


async def test_only_a_draft_can_be_changed(database: str):
    scope = await a_sender()
    first, second = await a_segment(scope, []), await a_segment(scope, await people(scope, 1), "Second")
    broadcast = await a_draft(scope, first)
    changed = await drafts.update(scope, broadcast.id, await written(scope, name="New", include_segment_ids=[second]))
    assert (changed.name, list(changed.include_segment_ids)) == ("New", [second])
    assert not await uses.in_use(scope, first)
    assert await uses.in_use(scope, second)
    await lifecycle.schedule(scope, broadcast.id, clock.now() + timedelta(hours=1))
    with pytest.raises(NotAllowedInState, match="only a draft"):
        await drafts.update(scope, broadcast.id, await written(scope, name="Newer"))
    await lifecycle.schedule(scope, broadcast.id, None)
    await lifecycle.prepare(scope, broadcast.id)
    with pytest.raises(NotAllowedInState, match="only a draft"):
        await drafts.update(scope, broadcast.id, await written(scope, name="Newest"))
    assert (await read_again(broadcast)).name == "New"


# ---------------------------------------------------------------- retries


async def a_finished_one(scope: Scope) -> Broadcast:
    """Of five recipients one was reached, three failed (one of them for a day at least), one is unconfirmed."""
    broadcast = await sending(scope, await a_draft_to(scope, 5))
    one, two, three, four, five = (await claim(scope, broadcast)).attempts
    await outcomes.settle(
        scope.workspace_id,
        [
            AttemptOutcome(one, MessageStatus.SENT, "wamid.1"),
            AttemptOutcome(two, MessageStatus.FAILED, error_code=131016, reason="out"),
            AttemptOutcome(three, MessageStatus.FAILED, error_code=131016, reason="out"),
            AttemptOutcome(four, MessageStatus.FAILED, error_code=131049, reason="healthy ecosystem"),
            AttemptOutcome(five, MessageStatus.UNCONFIRMED, reason="no answer"),
        ],
    )
    assert await lifecycle.finish(scope.workspace_id, broadcast.id)
    return await read_again(broadcast)


async def rows_of(broadcast: Broadcast) -> list[db.Record]:
    return await db.fetch("SELECT * FROM messages WHERE source_id = $1 ORDER BY phone", broadcast.id)


async def test_a_retry_is_a_linked_draft_for_the_failed_with_their_parameters_as_they_were(database: str):
    scope = await a_sender()
    broadcast = await a_finished_one(scope)
    await db.execute("UPDATE contacts SET name = 'Renamed'")
    again = await drafts.retry(scope, broadcast.id, [MessageStatus.FAILED])
    assert (again.status, again.retry_of) == ("DRAFT", broadcast.id)
    assert (await drafts.audience_of(scope, again)).recipients == 3
    await sending(scope, again)
    rows = await rows_of(again)
    assert [row["parameters"] for row in rows] == [["Person 2"], ["Person 3"], ["Person 4"]]
    assert rows[2]["due_at"] >= clock.now() + timedelta(hours=23), "131049 forbids another try within a day"
    assert rows[0]["due_at"] <= clock.now()
    assert await counts_of(broadcast) == {"sent": 1, "failed": 3, "unconfirmed": 1}


async def test_unconfirmed_messages_are_retried_only_on_request(database: str):
    scope = await a_sender()
    broadcast = await a_finished_one(scope)
    again = await drafts.retry(scope, broadcast.id, [MessageStatus.FAILED, MessageStatus.UNCONFIRMED])
    assert (await drafts.audience_of(scope, again)).recipients == 4


async def test_a_retry_leaves_out_opted_out_and_deleted_contacts(database: str):
    scope = await a_sender()
    broadcast = await a_finished_one(scope)
    rows = await rows_of(broadcast)
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT' WHERE id = $1", rows[1]["contact_id"])
    await db.execute("DELETE FROM contacts WHERE id = $1", rows[2]["contact_id"])
    again = await drafts.retry(scope, broadcast.id, [MessageStatus.FAILED])
    found = await drafts.audience_of(scope, again)
    assert (found.recipients, dict(found.exclusions)) == (1, {"OPTED_OUT": 1, "NO_PHONE": 1})


async def test_two_retries_of_the_same_broadcast_do_not_reach_anybody_twice(database: str):
    scope = await a_sender()
    broadcast = await a_finished_one(scope)
    first = await sending(scope, await drafts.retry(scope, broadcast.id, [MessageStatus.FAILED]))
    assert first.audience_size == 3
    second = await drafts.retry(scope, broadcast.id, [MessageStatus.FAILED])
    found = await drafts.audience_of(scope, second)
    assert (found.recipients, dict(found.exclusions)) == (0, {"DUPLICATE_PHONE": 3})


async def test_a_retry_that_is_not_possible_is_refused(database: str):
    scope = await a_sender()
    draft = await a_draft_to(scope, 1)
    with pytest.raises(NotAllowedInState):
        await drafts.retry(scope, draft.id, [MessageStatus.FAILED])
    await lifecycle.cancel(scope, draft.id)
    with pytest.raises(NotAllowedInState, match="never started"):
        await drafts.retry(scope, draft.id, [MessageStatus.FAILED])
    with pytest.raises(Required):
        await drafts.retry(scope, draft.id, [])
    with pytest.raises(Invalid):
        await drafts.retry(scope, draft.id, [MessageStatus.SENT])


async def test_a_retry_keeps_template_parameters_and_segments(database: str):
    scope = await a_sender()
    broadcast = await a_finished_one(scope)
    again = await drafts.retry(scope, broadcast.id, [MessageStatus.FAILED])
    same = Draft(
        "Once more", broadcast.template_id, [FIRST_NAME], list(broadcast.include_segment_ids), max_lateness="PT5M"
    )
    assert (await drafts.update(scope, again.id, same)).name == "Once more"
    with pytest.raises(Unsupported):
        await drafts.update(scope, again.id, await written(scope))
