"""Drafts are checked, only drafts can be changed, and a retry keeps what was frozen."""

from datetime import timedelta

import pytest

from models import clock, db
from models.broadcasts import drafts, lifecycle, starting
from models.broadcasts.drafts import Draft
from models.errors import DomainError, NotAllowedInState, NotFound, Problems
from models.messaging.rendering import Binding
from models.segments import uses
from permissions.principal import Scope
from tests.kit.broadcasts import (
    FIRST_NAME,
    a_draft,
    a_draft_to,
    a_segment,
    a_sender,
    people,
    read_again,
    template,
)


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
        ({"parameters": [Binding("1")]}, "REQUIRED", ("parameters", "0", "field")),
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
    await starting.prepare(scope, broadcast.id)
    with pytest.raises(NotAllowedInState, match="only a draft"):
        await drafts.update(scope, broadcast.id, await written(scope, name="Newest"))
    assert (await read_again(broadcast)).name == "New"


async def test_a_draft_is_deleted_with_its_uses_and_nothing_else_can_be(database: str):
    scope = await a_sender()
    draft, started = await a_draft_to(scope, 1), await a_draft(scope, await a_segment(scope, [], "Nobody"))
    await drafts.delete(scope, draft.id)
    assert await drafts.find(scope, draft.id) is None
    assert await db.fetch_value("SELECT count(*) FROM segment_uses WHERE used_by_id = $1", draft.id) == 0
    assert await db.fetch_value("SELECT count(*) FROM audit_log WHERE action = 'broadcast_delete'") == 1
    with pytest.raises(NotFound):
        await drafts.delete(scope, draft.id)
    await lifecycle.schedule(scope, started.id, None)
    with pytest.raises(NotAllowedInState, match="only a draft"):
        await drafts.delete(scope, started.id)
