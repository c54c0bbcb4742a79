"""Updating or creating contacts by their keys."""

import asyncio
from collections import Counter

import pytest

from models import db
from models.contacts.create import create_contact
from models.contacts.keys import KEYS
from models.contacts.upsert import upsert_contact
from models.errors import Problems, Required, Taken
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


async def test_many_upserts_at_once_make_one_contact(workspace: Scope) -> None:
    given = [
        {"external_id": "1", "email": "ana@example.com", "score": n, "tags": ["Vip" if n % 2 else "VIP"]}
        for n in range(24)
    ]
    outcomes = await asyncio.gather(*(upsert_contact(workspace, values) for values in given))
    assert Counter(made for _, made in outcomes) == {True: 1, False: 23}
    assert len({row["id"] for row, _ in outcomes}) == 1
    assert len({row["tags"][0] for row, _ in outcomes}) == 1
    assert await db.fetch_value("SELECT count(*) FROM contacts") == 1


async def test_upserts_by_different_keys_at_once_make_one_contact(workspace: Scope) -> None:
    whole = {"external_id": "1", "email": "ana@example.com", "phone": "+34600111222"}
    parts = [{key: whole[key] for key in some} for some in (KEYS, KEYS[:2], KEYS[1:], ("phone", "external_id"))]
    outcomes = await asyncio.gather(*(upsert_contact(workspace, part) for part in parts * 5), return_exceptions=True)
    stored = await db.fetch("SELECT external_id, email, phone FROM contacts")
    for key in KEYS:
        values = [row[key] for row in stored if row[key] is not None]
        assert len(values) == len(set(values))
    assert all(isinstance(outcome, tuple | Problems) for outcome in outcomes), outcomes
    assert any(isinstance(outcome, tuple) for outcome in outcomes)


async def test_an_upsert_needs_a_key(workspace: Scope) -> None:
    for values in ({}, {"name": "Ana"}, {"email": None, "phone": " "}):
        with pytest.raises(Required):
            await upsert_contact(workspace, values)


@pytest.mark.parametrize("key", ["email", "phone"])
async def test_an_external_id_is_not_taken_away_unless_it_is_asked_for(workspace: Scope, key: str) -> None:
    value = {"email": "ana@example.com", "phone": "+34600111222"}[key]
    made = await create_contact(workspace, {"external_id": "1", key: value})
    with pytest.raises(Problems) as refused:
        await upsert_contact(workspace, {"external_id": "2", key: value, "name": "Ana"})
    [error] = refused.value.errors
    assert (type(error), error.path) == (Taken, ("externalId",))
    assert await db.fetch_value("SELECT name FROM contacts") is None
    row, created = await upsert_contact(workspace, {"external_id": "2", key: value}, replace_external_id=True)
    assert (row["id"], row["external_id"], created) == (made["id"], "2", False)


async def test_a_contact_without_an_external_id_gets_one(workspace: Scope) -> None:
    await create_contact(workspace, {"email": "ana@example.com"})
    row, created = await upsert_contact(workspace, {"external_id": "2", "email": "ana@example.com"})
    assert (row["external_id"], created) == ("2", False)
    kept, _ = await upsert_contact(workspace, {"external_id": None, "email": "ana@example.com"})
    assert kept["external_id"] is None
