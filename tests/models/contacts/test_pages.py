"""Pages of contacts."""

import pytest

from models.contacts import pages
from models.contacts.create import create_contact
from models.contacts.pages import ContactCriteria, ContactOrder, ContactPosition
from models.errors import NotFound
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


@pytest.mark.parametrize("order", ContactOrder)
async def test_pages_in_any_order_show_each_contact_once(workspace: Scope, order: ContactOrder) -> None:
    for values in (
        *({"name": name} for name in ("Bob", "ana", "Ana", None)),
        *({"last_interaction_at": f"2026-01-0{day}T00:00:00Z"} for day in (1, 2, 2)),
    ):
        await create_contact(workspace, values)
    ids, after = [], None
    while rows := await pages.page(workspace, ContactCriteria(), order, 2, after=after, names=["name"]):
        ids += [row["id"] for row in rows]
        after = ContactPosition(rows[-1]["sort_key"], rows[-1]["id"])
    assert sorted(ids) == list(range(1, 8))
    assert await pages.count(workspace, ContactCriteria()) == 7


async def test_contacts_without_a_sort_key_come_last(workspace: Scope) -> None:
    for name in (None, "b", "a"):
        await create_contact(workspace, {"name": name})
    for order, expected in ((ContactOrder.NAME_ASC, [3, 2, 1]), (ContactOrder.NAME_DESC, [2, 3, 1])):
        rows = await pages.page(workspace, ContactCriteria(), order, 9, after=None, names=[])
        assert [row["id"] for row in rows] == expected


async def test_all_criteria_must_fit(workspace: Scope) -> None:
    for name, score in (("Ana", 1), ("Anabel", 2), ("Bob", 2)):
        await create_contact(workspace, {"name": name, "score": score})
    rule = {"field": {"field": "score", "operator": "EQUALS", "value": 2}}
    criteria = ContactCriteria(search="ana", rule=rule)
    rows = await pages.page(workspace, criteria, ContactOrder.NAME_ASC, 9, after=None, names=["name"])
    assert [row["name"] for row in rows] == ["Anabel"]
    assert await pages.count(workspace, criteria) == 1
    with pytest.raises(NotFound) as refused:
        await pages.count(workspace, ContactCriteria(segment_id=7))
    assert refused.value.path == ("segmentId",)
