"""Contacts: many writers at once, and any sequence of writes against a plain model of them."""

import asyncio
import contextlib
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import db
from models.contacts import activities, contacts, fields, tags
from models.contacts.activities import NewActivity
from models.contacts.contacts import KEYS, MOST_AT_ONCE
from models.errors import InUse, LimitExceeded, MusterError, NotFound, Problems, Required, Taken
from models.rules.tree import FieldType
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


# ---------------------------------------------------------------- at once


async def test_many_upserts_of_one_contact_at_once_end_as_one(workspace: Scope) -> None:
    given = [
        {"external_id": "1", "email": "ana@example.com", "score": number, "tags": ["Vip" if number % 2 else "VIP"]}
        for number in range(24)
    ]
    outcomes = await asyncio.gather(*(contacts.upsert(workspace, values) for values in given))
    assert Counter(made for _, made in outcomes) == {True: 1, False: 23}
    assert len({row["id"] for row, _ in outcomes}) == 1
    assert len({row["tags"][0] for row, _ in outcomes}) == 1
    assert await db.fetch_value("SELECT count(*) FROM contacts") == 1


async def test_upserts_by_different_keys_of_the_same_contact_at_once_end_as_one(workspace: Scope) -> None:
    whole = {"external_id": "1", "email": "ana@example.com", "phone": "+34600111222"}
    parts = [{key: whole[key] for key in some} for some in (KEYS, KEYS[:2], KEYS[1:], ("phone", "external_id"))]
    outcomes = await asyncio.gather(*(contacts.upsert(workspace, part) for part in parts * 5), return_exceptions=True)
    stored = await db.fetch("SELECT external_id, email, phone FROM contacts")
    for key in KEYS:
        values = [row[key] for row in stored if row[key] is not None]
        assert len(values) == len(set(values))
    assert all(isinstance(outcome, tuple | Problems) for outcome in outcomes), outcomes
    assert any(isinstance(outcome, tuple) for outcome in outcomes)


async def test_of_many_creations_with_one_key_at_once_one_goes_well(workspace: Scope) -> None:
    outcomes = await asyncio.gather(
        *(contacts.create(workspace, {"email": "ana@example.com"}) for _ in range(12)), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, Problems)]
    assert len(refused) == 11
    assert all([type(error) for error in problems.errors] == [Taken] for problems in refused)


async def test_two_contacts_that_want_one_key_at_once_do_not_both_get_it(workspace: Scope) -> None:
    rows = [await contacts.create(workspace, {"external_id": str(number)}) for number in range(8)]
    outcomes = await asyncio.gather(
        *(contacts.update(workspace, row["id"], {"email": "ana@example.com"}) for row in rows), return_exceptions=True
    )
    assert sum(not isinstance(outcome, Exception) for outcome in outcomes) == 1
    assert all(isinstance(outcome, Problems) for outcome in outcomes if isinstance(outcome, Exception)), outcomes


async def test_writers_of_the_same_tags_and_contacts_in_any_order_never_wait_in_a_ring(workspace: Scope) -> None:
    numbers = [(await contacts.create(workspace, {"external_id": str(number)}))["id"] for number in range(6)]
    names = ["a", "b", "c", "d"]
    work = []
    for turn in range(20):
        some = numbers if turn % 2 else numbers[::-1]
        work.append(contacts.add_tags(workspace, some, names if turn % 3 else [name.upper() for name in names[::-1]]))
        work.append(contacts.upsert(workspace, {"external_id": str(turn % 6), "tags": names[:: -1 if turn % 2 else 1]}))
    await asyncio.gather(*work)
    assert await db.fetch_value("SELECT count(*) FROM tags") == 4


async def test_writers_of_every_kind_at_once_never_wait_in_a_ring(workspace: Scope) -> None:
    """Any refusal is fine, but a deadlock is none of Muster's own errors."""

    async def one_of_everything(chance: random.Random) -> None:
        rows = await db.fetch("SELECT id FROM contacts ORDER BY random() LIMIT 5")
        numbers = [row["id"] for row in rows]
        keys = {key: shape.format(chance.randrange(8)) for key, shape in SHAPES.items() if chance.random() < 0.6}
        names = chance.sample(["a", "B", "c", "D"], 3)
        for write in (
            lambda: contacts.upsert(workspace, {**keys, "tags": names}),
            lambda: contacts.add_tags(workspace, numbers, names),
            lambda: activities.record(workspace, [NewActivity("visit", number) for number in numbers[::-1]]),
            lambda: contacts.update(workspace, numbers[0], keys),
            lambda: contacts.remove_tags(workspace, numbers, names[:2]),
            lambda: contacts.delete(workspace, numbers[:2]),
        ):
            with contextlib.suppress(MusterError, IndexError):
                await write()

    chances = [random.Random(seed) for seed in range(12)]
    for _ in range(4):
        await asyncio.gather(*map(one_of_everything, chances))


SHAPES = {"external_id": "e{}", "email": "m{}@example.com", "phone": "+3460000000{}"}


async def test_a_field_deleted_beside_its_writers_leaves_no_value_behind(workspace: Scope) -> None:
    field = await fields.create(workspace, key="city", label="City", kind=FieldType.TEXT)

    writers = [
        asyncio.ensure_future(contacts.upsert(workspace, {"external_id": str(number), "attributes": {"city": "Rome"}}))
        for number in range(30)
    ]
    await asyncio.sleep(0.01)
    await fields.delete(workspace, field.id)
    outcomes = await asyncio.gather(*writers, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert all(isinstance(one, Problems) and one.errors[0].path == ("attributes", "city") for one in refused), refused
    assert await db.fetch_value("SELECT count(*) FROM contacts WHERE attributes ? 'city'") == 0


# ---------------------------------------------------------------- one by one


async def test_what_changes_nothing_is_not_captured_or_written_down(workspace: Scope) -> None:
    values = {"email": "ana@example.com", "tags": ["a", "b"], "score": 3}
    row = await contacts.create(workspace, values)
    await db.execute("TRUNCATE dirty_contacts, audit_log")
    same, made = await contacts.upsert(workspace, {**values, "tags": ["B", "A"]})
    assert (made, same["updated_at"]) == (False, row["updated_at"])
    await contacts.update(workspace, row["id"], {})
    await contacts.add_tags(workspace, [row["id"]], ["A"])
    await contacts.remove_tags(workspace, [row["id"]], ["c"])
    assert await db.fetch_value("SELECT (SELECT count(*) FROM dirty_contacts) + (SELECT count(*) FROM audit_log)") == 0


async def test_true_takes_the_place_of_a_one_that_somebody_wrote_in_sql(workspace: Scope) -> None:
    await fields.create(workspace, key="vip", label="VIP", kind=FieldType.BOOLEAN)
    ana = await contacts.create(workspace, {"name": "Ana"})
    await db.execute("UPDATE contacts SET attributes = '{\"vip\": 1}'")
    changed = await contacts.update(workspace, ana["id"], {"attributes": {"vip": True}})
    assert db.load_json(changed["attributes"])["vip"] is True


async def test_the_audit_names_the_fields_and_never_the_values(workspace: Scope) -> None:
    await fields.create(workspace, key="city", label="City", kind=FieldType.TEXT)
    row = await contacts.create(workspace, {"email": "ana@example.com"})
    await contacts.update(workspace, row["id"], {"phone": "+34600111222", "attributes": {"city": "Rome"}})
    written = await db.fetch_value("SELECT details FROM audit_log WHERE action = 'contact_update'")
    assert db.load_json(written) == {"fields": ["phone", "attributes.city"]}


async def test_a_contact_that_is_not_there_is_not_changed(workspace: Scope) -> None:
    other = await contacts.create(await new_workspace("Other"), {"email": "ana@example.com"})
    with pytest.raises(NotFound):
        await contacts.update(workspace, other["id"], {"name": "X"})
    with pytest.raises(NotFound):
        await contacts.delete(workspace, [other["id"]])
    with pytest.raises(Problems):
        await contacts.add_tags(workspace, [other["id"]], ["x"])
    assert await contacts.by_ids(workspace, [other["id"]]) == []
    assert await db.fetch_value("SELECT count(*) FROM tags") == 0, "what was refused left a tag behind"


async def test_an_upsert_needs_a_key(workspace: Scope) -> None:
    for values in ({}, {"name": "Ana"}, {"email": None, "phone": " "}):
        with pytest.raises(Required):
            await contacts.upsert(workspace, values)


async def test_too_much_at_once_is_refused(workspace: Scope) -> None:
    row = await contacts.create(workspace, {"tags": [str(number) for number in range(199)]})
    with pytest.raises(LimitExceeded) as refused:
        await contacts.add_tags(workspace, [row["id"]], ["x", "y"])
    assert refused.value.path == ("tags",)
    await contacts.add_tags(workspace, [row["id"]], ["x", "X"])
    with pytest.raises(LimitExceeded):
        await contacts.delete(workspace, list(range(MOST_AT_ONCE + 1)))
    with pytest.raises(LimitExceeded):
        await contacts.add_tags(workspace, list(range(MOST_AT_ONCE + 1)), ["x"])


async def test_the_values_of_a_field_being_deleted_are_not_shown(workspace: Scope) -> None:
    for key in ("city", "size"):
        await fields.create(workspace, key=key, label=key, kind=FieldType.TEXT)
    row = await contacts.create(workspace, {"external_id": "1", "attributes": {"city": "Rome", "size": "M"}})
    await db.execute("UPDATE contact_fields SET deleted_at = now() WHERE key = 'city'")
    for shown in (
        await contacts.find(workspace, "external_id", "1"),
        *await contacts.by_ids(workspace, [row["id"]]),
    ):
        assert shown is not None
        assert db.load_json(shown["attributes"]) == {"size": "M"}
    with pytest.raises(Taken, match="still being removed"):
        await fields.create(workspace, key="city", label="City", kind=FieldType.TEXT)
    assert await fields.remove_leftovers() == 1
    assert await db.fetch_value("SELECT attributes FROM contacts") == '{"size": "M"}'
    assert await fields.remove_leftovers() == 0
    await fields.create(workspace, key="city", label="City", kind=FieldType.TEXT)


async def test_a_field_in_a_deep_rule_is_in_use(workspace: Scope) -> None:
    field = await fields.create(workspace, key="city", label="City", kind=FieldType.TEXT)
    await fields.create(workspace, key="city2", label="City", kind=FieldType.TEXT)
    deep = {"all": [{"not": {"any": [{"field": {"field": "attributes.city", "operator": "IS_SET"}}]}}]}
    other = {"field": {"field": "attributes.city2", "operator": "EQUALS", "value": "attributes.city"}}
    sql = "INSERT INTO segments (workspace_id, name, kind, rule, active_rule) VALUES ($1, $2, 'DYNAMIC', $3, $4)"
    await db.execute(sql, workspace.workspace_id, "Other", db.dump_json(other), db.dump_json(other))
    await db.execute(sql, workspace.workspace_id, "Deep", db.dump_json(other), db.dump_json(deep))
    with pytest.raises(InUse, match="'Deep'") as refused:
        await fields.delete(workspace, field.id)
    assert "'Other'" not in refused.value.message


# ---------------------------------------------------------------- any sequence of writes

KEY_VALUES = {
    "external_id": st.sampled_from(["1", "2", "3"]),
    "email": st.sampled_from(["a@example.com", "b@example.com", "c@example.com"]),
    "phone": st.sampled_from(["+34600000001", "+34600000002", "+34600000003"]),
}
VALUES = st.fixed_dictionaries(
    {},
    optional={
        **{key: st.none() | value for key, value in KEY_VALUES.items()},
        "score": st.none() | st.integers(0, 3),
        "tags": st.none() | st.lists(st.sampled_from(["a", "A", "b", "B "]), max_size=3),
        "attributes": st.none()
        | st.dictionaries(st.sampled_from(["x", "y"]), st.none() | st.sampled_from(["", "1", "2"]), max_size=2),
    },
)
STEPS = st.lists(st.tuples(st.sampled_from(["create", "upsert", "update", "delete"]), VALUES), max_size=12)


class Model:
    """Contacts as a list of dictionaries."""

    def __init__(self) -> None:
        self.contacts: list[dict[str, Any]] = []
        self.spelling: dict[str, str] = {}

    def apply(self, step: str, values: dict[str, Any]) -> str:
        """What the step comes to: "made", "changed", "taken", "required" or "missing"."""
        clean = {**values, "tags": [tag.strip() for tag in values.get("tags") or []]} if "tags" in values else values
        target = self.target(step, clean)
        if step == "upsert" and all(clean.get(key) is None for key in KEYS):
            return "required"
        if step in ("update", "delete") and target is None:
            return "missing"
        if step == "delete":
            self.contacts.remove(target)
            return "changed"
        others = [contact for contact in self.contacts if contact is not target]
        if any(clean.get(key) is not None and other[key] == clean[key] for key in KEYS for other in others):
            return "taken"
        made = target is None
        if target is None:
            target = {**dict.fromkeys(KEYS), "score": 0, "tags": [], "attributes": {}}
            self.contacts.append(target)
        self.write(target, clean)
        return "made" if made else "changed"

    def target(self, step: str, values: dict[str, Any]) -> Any:
        if step == "create":
            return None
        if step in ("update", "delete"):
            return self.contacts[0] if self.contacts else None
        for key in KEYS:
            for contact in self.contacts:
                if values.get(key) is not None and contact[key] == values[key]:
                    return contact
        return None

    def write(self, contact: dict[str, Any], values: dict[str, Any]) -> None:
        for key, value in values.items():
            if key == "attributes":
                merged = {**contact["attributes"], **(value or {})}
                contact["attributes"] = {name: one for name, one in merged.items() if one}
            elif key == "tags":
                spelled = list(dict.fromkeys(self.spelling.setdefault(tag.lower(), tag) for tag in value))
                if set(spelled) != set(contact["tags"]):
                    contact["tags"] = spelled
            else:
                contact[key] = 0 if key == "score" and value is None else value


async def really(workspace: Scope, step: str, values: dict[str, Any], first: int | None) -> str:
    try:
        if step == "create":
            await contacts.create(workspace, values)
            return "made"
        if step == "upsert":
            return "made" if (await contacts.upsert(workspace, values))[1] else "changed"
        if step == "update":
            await contacts.update(workspace, first or 0, values)
        else:
            await contacts.delete(workspace, [first or 0])
    except Required:
        return "required"
    except NotFound:
        return "missing"
    except Problems as problems:
        return "taken" if all(isinstance(error, Taken) for error in problems.errors) else "wrong"
    return "changed"


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(STEPS)
async def test_any_sequence_of_writes_ends_as_a_plain_model_says(database: str, steps: list) -> None:
    workspace = await new_workspace()
    for key in ("x", "y"):
        await fields.create(workspace, key=key, label=key, kind=FieldType.TEXT)
    model = Model()
    shown = "SELECT id, external_id, email, phone, score, tags, attributes FROM contacts WHERE workspace_id = $1 ORDER BY id"
    for step, values in steps:
        rows = await db.fetch(shown, workspace.workspace_id)
        first = rows[0]["id"] if rows else None
        assert await really(workspace, step, values, first) == model.apply(step, values)
    rows = await db.fetch(shown, workspace.workspace_id)
    stored = [{**row, "attributes": db.load_json(row["attributes"])} for row in rows]
    for contact in stored:
        del contact["id"]
    assert stored == model.contacts
    assert set(await tags.find(workspace, None, 100)) >= {tag for contact in stored for tag in contact["tags"]}
