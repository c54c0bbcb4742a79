"""The migration that composes what was stored before."""

from typing import Any

import pytest

from models import db
from models.db.migrations import FOLDER
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace

E = "e\u0301"
"""Not composed."""


async def migrated() -> None:
    async with db.transaction():
        await db.execute((FOLDER / "0029_composed_texts.sql").read_text())


async def insert(scope: Scope, **values: Any) -> None:
    names = ", ".join(values)
    places = ", ".join(f"${place}" for place in range(2, len(values) + 2))
    await db.execute(
        f"INSERT INTO contacts (workspace_id, {names}) VALUES ($1, {places})", scope.workspace_id, *values.values()
    )


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def test_contacts_are_composed(scope: Scope) -> None:
    attributes = {"a": f"x\n\u0301 {E}", "b": [E, 1.50, None], "c": True}
    await insert(scope, name=f"Zo{E}", first_name=f"Zo{E}", last_name="Ek", attributes=db.dump_json(attributes))
    await insert(scope, name="Zoé")
    await migrated()
    row, other = await db.fetch("SELECT name, first_name, last_name, attributes FROM contacts ORDER BY id")
    assert row["name"] == row["first_name"] == other["name"] == "Zoé"
    assert db.load_json(row["attributes"]) == {"a": "x\n\u0301 é", "b": ["é", 1.5, None], "c": True}


async def test_tags_that_become_one_have_the_composed_spelling(scope: Scope) -> None:
    for name in ("Été", f"E\u0301t{E}", f"caf{E}"):
        await db.execute("INSERT INTO tags VALUES ($1, lower($2), $2)", scope.workspace_id, name)
    await insert(scope, tags=["a", f"E\u0301t{E}", "Été", f"caf{E}"])
    await insert(scope, tags=["Été"])
    await migrated()
    assert [row["tags"] for row in await db.fetch("SELECT tags FROM contacts ORDER BY id")] == [
        ["a", "Été", "café"],
        ["Été"],
    ]
    assert [tuple(row) for row in await db.fetch("SELECT key, name FROM tags ORDER BY key")] == [
        ("café", "café"),
        ("été", "Été"),
    ]


async def test_an_external_id_that_another_contact_has_stays(scope: Scope) -> None:
    for external_id in (f"{E}1", "é2", f"{E}2", f"{E}\u0323", "e\u0323\u0301"):
        await insert(scope, external_id=external_id)
    await migrated()
    stored = [row["external_id"] for row in await db.fetch("SELECT external_id FROM contacts ORDER BY id")]
    assert stored == ["é1", "é2", f"{E}2", "\u1eb9\u0301", "e\u0323\u0301"]


async def test_activities_fields_and_segments_are_composed_and_rules_built_again(scope: Scope) -> None:
    await insert(scope, name="Ana")
    await db.execute(
        "INSERT INTO activities (workspace_id, contact_id, kind, occurred_at, properties)"
        " SELECT $1, id, 'a', now(), $2 FROM contacts",
        scope.workspace_id,
        db.dump_json({f"caf{E}": [f"th{E}"]}),
    )
    await db.execute(
        "INSERT INTO contact_fields (workspace_id, key, label, type, choices) VALUES ($1, 'k', $2, 'CHOICE', $3)",
        scope.workspace_id,
        f"Caf{E}",
        [f"th{E}", "b"],
    )
    where = {"property": "a", "operator": "CONTAINS", "value": "x"}
    rules = [
        {"field": {"field": "name", "operator": "EQUALS", "value": f"zo{E}"}},
        {"not": {"activity": {"kind": "a", "operator": "EQUALS", "value": 0, "where": [where]}}},
        {"field": {"field": "name", "operator": "EQUALS", "value": "zoé"}},
    ]
    for rule in rules:
        await db.execute(
            "INSERT INTO segments (workspace_id, name, kind, rule) VALUES ($1, $2, 'DYNAMIC_PLUS', $3)",
            scope.workspace_id,
            f"Caf{E}",
            db.dump_json(rule),
        )
    await migrated()
    assert db.load_json(await db.fetch_value("SELECT properties FROM activities")) == {"café": ["thé"]}
    assert tuple(await db.fetch_row("SELECT label, choices FROM contact_fields")) == ("Café", ["thé", "b"])  # type: ignore[arg-type]
    assert [tuple(row) for row in await db.fetch("SELECT name, status FROM segments ORDER BY id")] == [
        ("Café", "BUILDING"),
        ("Café", "BUILDING"),
        ("Café", "READY"),
    ]
