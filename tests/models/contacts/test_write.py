"""Writes of every kind: at once, without effect, and in any sequence against a plain model."""

import asyncio
import contextlib
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import db
from models.contacts import activities, fields, tags
from models.contacts.activities import NewActivity
from models.contacts.create import create_contact
from models.contacts.delete import delete_contacts
from models.contacts.find import contacts_by_ids
from models.contacts.keys import KEYS
from models.contacts.tagging import add_tags, remove_tags
from models.contacts.update import update_contact
from models.contacts.upsert import upsert_contact
from models.errors import MusterError, NotFound, Problems, Required, Taken
from models.rules.tree import FieldType
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


async def test_writers_of_every_kind_do_not_deadlock(workspace: Scope) -> None:
    """Any refusal is fine, but a deadlock is none of Muster's own errors."""

    async def one_of_everything(chance: random.Random) -> None:
        rows = await db.fetch("SELECT id FROM contacts ORDER BY random() LIMIT 5")
        ids = [row["id"] for row in rows]
        keys = {key: shape.format(chance.randrange(8)) for key, shape in SHAPES.items() if chance.random() < 0.6}
        names = chance.sample(["a", "B", "c", "D"], 3)
        for write in (
            lambda: upsert_contact(workspace, {**keys, "tags": names}),
            lambda: add_tags(workspace, ids, names),
            lambda: activities.record(workspace, [NewActivity("visit", n) for n in ids[::-1]]),
            lambda: update_contact(workspace, ids[0], keys),
            lambda: remove_tags(workspace, ids, names[:2]),
            lambda: delete_contacts(workspace, ids[:2]),
        ):
            with contextlib.suppress(MusterError, IndexError):
                await write()

    chances = [random.Random(seed) for seed in range(12)]
    for _ in range(4):
        await asyncio.gather(*map(one_of_everything, chances))


SHAPES = {"external_id": "e{}", "email": "m{}@example.com", "phone": "+3460000000{}"}


async def test_a_write_without_effect_is_not_recorded(workspace: Scope) -> None:
    values = {"email": "ana@example.com", "tags": ["a", "b"], "score": 3}
    row = await create_contact(workspace, values)
    await db.execute("TRUNCATE dirty_contacts, audit_log")
    same, made = await upsert_contact(workspace, {**values, "tags": ["B", "A"]})
    assert (made, same["updated_at"]) == (False, row["updated_at"])
    await update_contact(workspace, row["id"], {})
    await add_tags(workspace, [row["id"]], ["A"])
    await remove_tags(workspace, [row["id"]], ["c"])
    assert await db.fetch_value("SELECT (SELECT count(*) FROM dirty_contacts) + (SELECT count(*) FROM audit_log)") == 0


async def test_a_contact_of_another_workspace_is_not_changed(workspace: Scope) -> None:
    other = await create_contact(await new_workspace("Other"), {"email": "ana@example.com"})
    with pytest.raises(NotFound):
        await update_contact(workspace, other["id"], {"name": "X"})
    with pytest.raises(NotFound):
        await delete_contacts(workspace, [other["id"]])
    with pytest.raises(Problems):
        await add_tags(workspace, [other["id"]], ["x"])
    assert await contacts_by_ids(workspace, [other["id"]]) == []
    assert await db.fetch_value("SELECT count(*) FROM tags") == 0, "what was refused left a tag behind"


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


async def write(workspace: Scope, step: str, values: dict[str, Any], first: int | None) -> str:
    try:
        if step == "create":
            await create_contact(workspace, values)
            return "made"
        if step == "upsert":
            return "made" if (await upsert_contact(workspace, values))[1] else "changed"
        if step == "update":
            await update_contact(workspace, first or 0, values)
        else:
            await delete_contacts(workspace, [first or 0])
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
async def test_any_sequence_of_writes_agrees_with_a_plain_model(database: str, steps: list) -> None:
    workspace = await new_workspace()
    for key in ("x", "y"):
        await fields.create(workspace, key=key, label=key, kind=FieldType.TEXT)
    model = Model()
    shown = "SELECT id, external_id, email, phone, score, tags, attributes FROM contacts WHERE workspace_id = $1 ORDER BY id"
    for step, values in steps:
        rows = await db.fetch(shown, workspace.workspace_id)
        first = rows[0]["id"] if rows else None
        assert await write(workspace, step, values, first) == model.apply(step, values)
    rows = await db.fetch(shown, workspace.workspace_id)
    stored = [{**row, "attributes": db.load_json(row["attributes"])} for row in rows]
    for contact in stored:
        del contact["id"]
    assert stored == model.contacts
    assert set(await tags.find(workspace, None, 100)) >= {tag for contact in stored for tag in contact["tags"]}


async def test_an_update_that_touches_no_key_does_not_wait_for_a_new_activity(workspace: Scope) -> None:
    contact = await create_contact(workspace, {"phone": "+34600111222"})
    recorded, may_end = asyncio.Event(), asyncio.Event()

    async def record() -> None:
        async with db.transaction():
            await activities.record(workspace, [NewActivity("visit", contact["id"])])
            recorded.set()
            await may_end.wait()

    recording = asyncio.create_task(record())
    await recorded.wait()
    try:
        async with asyncio.timeout(5):
            await add_tags(workspace, [contact["id"]], ["vip"])
    finally:
        may_end.set()
        await recording
