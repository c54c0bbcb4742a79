"""Columns change contacts by their policies."""

import pytest

from models import db
from models.contacts.create import create_contact
from models.transfers.imports.mapping import Policy
from permissions.principal import Scope
from tests.kit.transfers import (
    counts,
    everyone,
    fields_of_every_type,
    imported,
)
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def contact(scope: Scope, **values):
    return await create_contact(scope, values)


async def test_only_contacts_that_differ_are_updated(scope):
    await contact(scope, email="a@x.org", name="Ana", tags=["one", "two"], score=3)
    await contact(scope, email="b@x.org", name="Bea")
    before = await everyone(scope, "updated_at")
    job = await imported(scope, "email,name,tags,score\na@x.org,,TWO;one,\nb@x.org,Beatriz,,\n", overwrite=True)
    assert counts(job) == {"updated": 1, "unchanged": 1}
    assert await everyone(scope, "name", "tags", "score") == [("Ana", ["one", "two"], 3), ("Beatriz", [], 0)]
    after = await everyone(scope, "updated_at")
    assert (after[0] == before[0], after[1] > before[1]) == (True, True)


async def test_an_empty_cell_clears_only_under_replace(scope):
    await fields_of_every_type(scope)
    full = {
        "name": "Ana",
        "phone": "+34600000001",
        "score": 3,
        "tags": ["vip"],
        "whatsapp_consent": "OPTED_IN",
        "attributes": {"text": "hello", "number": 1},
    }
    for address in ("overwrite@x.org", "fill_empty@x.org", "replace@x.org"):
        await contact(scope, email=address, **full)
        full["phone"] = full["phone"][:-1] + str(int(full["phone"][-1]) + 1)
    fields = ("name", "phone", "score", "tags", "whatsapp_consent", "attributes.text", "attributes.number")
    for policy in (Policy.OVERWRITE, Policy.FILL_EMPTY, Policy.REPLACE):
        content = f"email,{','.join(fields)}\n{policy.lower()}@x.org,,,,,,,\n"
        job = await imported(scope, content, "email", *((name, name, policy) for name in fields), overwrite=True)
        assert counts(job) == ({"updated": 1} if policy is Policy.REPLACE else {"unchanged": 1})
    kept, filled, cleared = await everyone(scope, "name", "phone", "score", "tags", "whatsapp_consent", "attributes")
    assert (kept[0], filled[2], cleared) == ("Ana", 3, (None, None, 0, [], "UNKNOWN", "{}"))


async def test_fill_empty_writes_only_where_there_is_nothing(scope):
    await fields_of_every_type(scope)
    await contact(scope, external_id="1", name="Ana", score=1, tags=["old"], attributes={"text": "old"})
    await contact(scope, external_id="2")
    fields = ("name", "email", "score", "tags", "whatsapp_consent", "attributes.text", "attributes.number")
    job = await imported(
        scope,
        f"external_id,{','.join(fields)}\n1,New,a@x.org,9,new,OPTED_IN,new,5\n2,New,b@x.org,9,new,OPTED_IN,new,5\n",
        "external_id",
        *((name, name, Policy.FILL_EMPTY) for name in fields),
        overwrite=True,
    )
    assert counts(job) == {"updated": 2}
    rows = await everyone(scope, "name", "email", "score", "tags", "whatsapp_consent", "attributes")
    assert rows[0][:5] == ("Ana", "a@x.org", 1, ["old"], "OPTED_IN")
    assert db.load_json(rows[0][5]) == {"text": "old", "number": 5}
    assert rows[1][:5] == ("New", "b@x.org", 9, ["new"], "OPTED_IN")


async def test_merge_adds_tags_and_choices(scope):
    await fields_of_every_type(scope)
    await contact(scope, email="a@x.org", tags=["VIP"], attributes={"multi_choice": ["Green"], "text": "kept"})
    job = await imported(
        scope,
        "email,tags,colours\na@x.org,vip;new,RED\nb@x.org,new,red\n",
        "email",
        ("tags", "tags", Policy.MERGE),
        ("colours", "attributes.multi_choice", Policy.MERGE),
        overwrite=True,
    )
    assert counts(job) == {"updated": 1, "created": 1}
    (tags, attributes), _ = await everyone(scope, "tags", "attributes")
    assert (tags, db.load_json(attributes)) == (["VIP", "new"], {"multi_choice": ["Red", "Green"], "text": "kept"})
    again = await imported(scope, "email,tags\na@x.org,NEW\n", "email", ("tags", "tags", Policy.MERGE), overwrite=True)
    assert counts(again) == {"unchanged": 1}


@pytest.mark.parametrize("policy", list(Policy)[:2] + [Policy.REPLACE])
@pytest.mark.parametrize("cell", ["OPTED_IN", "UNKNOWN", ""])
async def test_an_import_never_turns_an_opt_out_into_anything_else(scope, policy, cell):
    await contact(scope, email="a@x.org", whatsapp_consent="OPTED_OUT")
    columns = ("email", ("whatsapp_consent", "whatsapp_consent", policy), "name")
    await imported(scope, f"email,whatsapp_consent,name\na@x.org,{cell},Ana\n", *columns, overwrite=True)
    assert await everyone(scope, "whatsapp_consent", "name") == [("OPTED_OUT", "Ana")]


async def test_an_import_can_opt_a_contact_out(scope):
    await contact(scope, email="a@x.org", whatsapp_consent="OPTED_IN")
    await imported(scope, "email,whatsapp_consent\na@x.org,OPTED_OUT\n", overwrite=True)
    assert await everyone(scope, "whatsapp_consent") == [("OPTED_OUT",)]


async def test_only_changed_fields_are_marked_dirty(scope):
    await fields_of_every_type(scope)
    await contact(scope, email="a@x.org", name="Ana", attributes={"text": "x", "number": 1})
    await db.execute("DELETE FROM dirty_contacts")
    content = "email,name,score,attributes.text,attributes.number\na@x.org,Ana,5,y,1\nb@x.org,B,,,\n"
    await imported(scope, content, overwrite=True)
    rows = await db.fetch("SELECT fields, bulk FROM dirty_contacts ORDER BY id")
    assert {(frozenset(row["fields"]), row["bulk"]) for row in rows} == {
        (frozenset({"*"}), True),
        (frozenset({"updated_at", "score", "attributes.text"}), True),
    }
