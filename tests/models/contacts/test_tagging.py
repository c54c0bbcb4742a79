"""Tags of many contacts."""

import asyncio

import pytest

from models import db
from models.contacts.create import create_contact
from models.contacts.tagging import add_tags
from models.contacts.upsert import upsert_contact
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


async def test_writers_of_the_same_tags_do_not_deadlock(workspace: Scope) -> None:
    ids = [(await create_contact(workspace, {"external_id": str(n)}))["id"] for n in range(6)]
    names = ["a", "b", "c", "d"]
    work = []
    for turn in range(20):
        some = ids if turn % 2 else ids[::-1]
        work.append(add_tags(workspace, some, names if turn % 3 else [name.upper() for name in names[::-1]]))
        work.append(upsert_contact(workspace, {"external_id": str(turn % 6), "tags": names[:: -1 if turn % 2 else 1]}))
    await asyncio.gather(*work)
    assert await db.fetch_value("SELECT count(*) FROM tags") == 4
