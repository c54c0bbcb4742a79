"""Selections of contacts, as conditions."""

import pytest

from models import clock, db
from models.accounts import workspaces
from models.contacts import selections
from models.contacts.selections import ContactSelection
from models.rules.parameters import Parameters
from permissions.principal import Scope
from tests.kit.segments import TAGGED_VIP, many_contacts, new_contacts, static_segment


@pytest.fixture
async def scope(database: str) -> Scope:
    return await workspaces.create("Clinic")


@pytest.mark.parametrize(
    "selection",
    [
        ContactSelection(ids=(3, 1, 2)),
        ContactSelection(filter=TAGGED_VIP),
        ContactSelection(search="ana"),
        ContactSelection(segment_id=7),
    ],
)
def test_a_job_stores_a_selection_without_change(selection):
    assert selections.from_json(db.load_json(db.dump_json(selections.to_json(selection)))) == selection


async def test_a_selection_is_counted_and_read_in_batches(scope):
    ids = await new_contacts(scope, 6, name="Ana")
    segment = await static_segment(scope, ids[:4])
    for selection, found in ((ContactSelection(search="ana"), ids), (ContactSelection(segment_id=segment.id), ids[:4])):
        assert await selections.count(scope, selection) == len(found)
        assert await selections.ids_after(scope, selection, 0, 3) == found[:3]
        assert await selections.ids_after(scope, selection, ids[2], 10) == found[3:]


@pytest.mark.parametrize("text", ["act 4999", "06 52 00 00 02", "0033652"])
async def test_a_search_can_use_its_index(scope, text):
    await many_contacts(scope, 100)
    p = Parameters(scope.workspace_id, scope.timezone)
    sql = f"SELECT {p.workspace} FROM contacts c WHERE {selections.by_search(scope, text, p)}"
    values = await p.values(clock.now())
    async with db.transaction():
        await db.execute("SET LOCAL enable_seqscan = off")
        plan = await db.fetch(f"EXPLAIN {sql}", *values)
    assert any("contacts_search_idx" in row[0] for row in plan)


async def test_a_search_folds_as_postgresql_does(scope):
    ids = await new_contacts(scope, 1, name="ΟΔΥΣΣΕΥΣ Straße")
    for text in ("οδυσσευσ", "STRASSE", "straße"):
        found = await selections.ids_after(scope, ContactSelection(search=text), 0, 10)
        assert found == (ids if text != "STRASSE" else [])


@pytest.mark.parametrize(
    "text", ["06 52 00 00 02", "0652000002", "+33 6 52 00 00 02", "0033 652 00 00 02", "06 52", "652 00"]
)
async def test_a_number_is_found_as_people_type_it(database, text):
    scope = await workspaces.create("Clinic", default_country="FR")
    ids = await new_contacts(scope, 1, phone="+33652000002")
    await new_contacts(scope, 1, phone="+34652111002")
    assert await selections.ids_after(scope, ContactSelection(search=text), 0, 10) == ids


async def test_a_number_is_found_by_its_other_spelling(database):
    scope = await workspaces.create("Clinic", default_country="BR")
    ids = await new_contacts(scope, 1, phone="+5511976500001")
    for text in ("11 97650-0001", "+55 11 7650-0001", "0055 11 97650 0001"):
        assert await selections.ids_after(scope, ContactSelection(search=text), 0, 10) == ids
