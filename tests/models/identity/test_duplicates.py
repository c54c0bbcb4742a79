"""Pairs that may be one person."""

import pytest

from models.contacts.create import create_contact
from models.errors import Invalid, NotFound
from models.identity import alike, duplicates
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def pairs(scope: Scope) -> list[tuple[int, int]]:
    return [(row["older_id"], row["id"]) for row in await duplicates.pairs(scope, 50)]


async def test_names_alike_with_another_hint_are_a_pair(scope: Scope) -> None:
    made = [
        (await create_contact(scope, values))["id"]
        for values in (
            {"name": "María Fernández López", "date_of_birth": "1990-05-01"},
            {"name": "Maria Fernandez Lopez", "date_of_birth": "1990-05-01"},
            {"name": "María Fernández López", "date_of_birth": "1991-05-01", "email": "mfl@one.example"},
            {"name": "María Fernández", "email": "mfl@two.example"},
            {"name": "Pedro Pascal", "date_of_birth": "1990-05-01"},
        )
    ]
    found = await duplicates.pairs(scope, 50)
    assert [(row["older_id"], row["id"], row["reasons"]) for row in found] == [
        (made[0], made[1], ["They were born on the same day."]),
        (made[2], made[3], ["Their e-mail addresses begin alike."]),
    ]
    assert all(0.5 <= row["likeness"] <= 1 for row in found)


async def test_a_dismissed_pair_does_not_come_again(scope: Scope) -> None:
    one, other = [
        (await create_contact(scope, {"name": "Ana García", "date_of_birth": "1990-05-01"}))["id"] for _ in range(2)
    ]
    assert await pairs(scope) == [(one, other)]
    await duplicates.dismiss(scope, other, one)
    await duplicates.dismiss(scope, one, other)
    assert await pairs(scope) == []
    with pytest.raises(Invalid):
        await duplicates.dismiss(scope, one, one)
    with pytest.raises(NotFound):
        await duplicates.dismiss(scope, one, 10**9)


async def test_a_hint_that_everybody_shares_is_none(scope: Scope) -> None:
    for n in range(alike.MOST_WITH_A_HINT + 1):
        await create_contact(scope, {"name": "Front office", "email": f"info@{n}.example"})
    assert await pairs(scope) == []
