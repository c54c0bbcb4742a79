"""Runs the engine inside a test, and computes from the rules alone what is right."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from types import ModuleType
from typing import Any

import pytest

from models import clock, db
from models.changelog.members import MEMBERS
from models.changelog.read import read_page
from models.membership import batches, rebuild, swap
from models.rule_catalogue.loading import load_catalogue
from models.rules.check import check
from models.rules.compile import where
from models.rules.parameters import Parameters
from models.segments import segments
from models.segments.segments import Segment, SegmentKind
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace
from tests.kit.worlds import World


class Pause:
    """Stops the callers of a coroutine function until `go_on`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, module: ModuleType = swap) -> None:
        self.reached, self.go = asyncio.Event(), asyncio.Event()
        original = getattr(module, name)

        async def paused(*args: Any, **named: Any) -> Any:
            self.reached.set()
            await self.go.wait()
            return await original(*args, **named)

        monkeypatch.setattr(module, name, paused)

    async def reach(self) -> None:
        """Wait until a caller has stopped."""
        await asyncio.wait_for(self.reached.wait(), 10)

    def go_on(self) -> None:
        """Let this and all later callers pass."""
        self.go.set()


async def settled(scope: Scope, limit: int = 500) -> int:
    """Process all marks. Returns the number of changes logged."""
    changes = 0
    while True:
        done = await batches.process_batch(scope.workspace_id, limit)
        changes += done.changes
        if not done.more:
            return changes


async def plus_segment(scope: Scope, rule: dict, name: str = "By what they did") -> Segment:
    """A DYNAMIC_PLUS segment, computed."""
    made = await segments.create(scope, SegmentKind.DYNAMIC_PLUS, name=name, rule=rule)
    await rebuild.rebuild(scope.workspace_id, made.segment.id)
    return await segments.get(scope, made.segment.id)


async def stored(world: World) -> Scope:
    """The workspace of a random world, with fields and contacts that no segment has evaluated yet."""
    scope = await new_workspace(timezone=world.timezone)
    for key, kind in world.kinds.items():
        choices = world.choices if "CHOICE" in kind else None
        await db.execute(
            "INSERT INTO contact_fields (workspace_id, key, label, type, choices) VALUES ($1, $2, $2, $3, $4)",
            scope.workspace_id,
            key.removeprefix("attributes."),
            kind.value,
            choices,
        )
    for contact in world.contacts:
        contact["segments"] = set()
    await world.store(scope.workspace_id)
    return scope


async def stored_members(scope: Scope) -> dict[int, set[int]]:
    """The rows of memberships, by segment that is not deleted."""
    rows = await db.fetch(
        """
        SELECT s.id, m.contact_id FROM segments s
        LEFT JOIN memberships m ON m.workspace_id = s.workspace_id AND m.segment_id = s.id
        WHERE s.workspace_id = $1 AND s.deleted_at IS NULL
        """,
        scope.workspace_id,
    )
    return _by_segment((row["id"], row["contact_id"]) for row in rows)


async def right_members(scope: Scope, now: datetime | None = None) -> dict[int, set[int]]:
    """The members that the active rules want, from the ground up: segment by segment, each contact asked on its own.

    A rule that mentions another segment takes that one's stored members: if those are right too, all is right.
    """
    rows = await db.fetch(
        "SELECT id, kind, active_rule FROM segments WHERE workspace_id = $1 AND deleted_at IS NULL",
        scope.workspace_id,
    )
    stored = await stored_members(scope)
    right = {}
    for row in rows:
        if row["active_rule"] is None:
            right[row["id"]] = stored[row["id"]] if row["kind"] == "STATIC" else set()
            continue
        right[row["id"]] = await _who(scope, db.load_json(row["active_rule"]), now) - await _said(
            scope, row["id"], "EXCLUDE"
        )
        right[row["id"]] |= await _said(scope, row["id"], "INCLUDE")
    return right


async def _who(scope: Scope, rule_json: object, now: datetime | None) -> set[int]:
    p = Parameters(scope.workspace_id, scope.timezone)
    condition = where(check(rule_json, await load_catalogue(scope, rule_json), stored=True), p)
    rows = await db.fetch(
        f"SELECT c.id FROM contacts c WHERE c.workspace_id = {p.workspace} AND ({condition})",
        *await p.values(now or clock.now()),
    )
    return {row["id"] for row in rows}


async def _said(scope: Scope, segment_id: int, word: str) -> set[int]:
    rows = await db.fetch(
        "SELECT contact_id FROM membership_overrides WHERE workspace_id = $1 AND segment_id = $2 AND override = $3",
        scope.workspace_id,
        segment_id,
        word,
    )
    return {row["contact_id"] for row in rows}


async def replayed_members(scope: Scope) -> dict[int, set[int]]:
    """The members according to the log alone, in which each step must make sense."""
    members: dict[int, set[int]] = {segment_id: set() for segment_id in await stored_members(scope)}
    position: int | None = None
    while True:
        page = await read_page(scope, MEMBERS, position, 1000)
        assert [c.position for c in page.entries] == list(range((position or 0) + 1, page.position + 1))
        for change in page.entries:
            of_segment = members.setdefault(change.segment_id, set())
            assert (change.contact_id in of_segment) == (change.kind == "LEFT"), f"told twice: {change}"
            (of_segment.add if change.kind == "ENTERED" else of_segment.discard)(change.contact_id)
        position = page.position
        if not page.more:
            return members


async def counted_members(scope: Scope) -> dict[int, int]:
    """`member_count` of every segment that is not deleted."""
    rows = await db.fetch(
        "SELECT id, member_count FROM segments WHERE workspace_id = $1 AND deleted_at IS NULL", scope.workspace_id
    )
    return {row["id"]: row["member_count"] for row in rows}


async def assert_all_is_right(scope: Scope, now: datetime | None = None) -> None:
    """Members, counts and log agree with the rules and with each other, and nothing waits."""
    stored = await stored_members(scope)
    assert stored == await right_members(scope, now)
    assert {segment_id: len(who) for segment_id, who in stored.items()} == await counted_members(scope)
    replayed = await replayed_members(scope)
    assert {segment_id: replayed[segment_id] for segment_id in stored} == stored
    assert await db.fetch_value("SELECT count(*) FROM dirty_contacts WHERE workspace_id = $1", scope.workspace_id) == 0


def _by_segment(pairs: Iterable[tuple[int, int | None]]) -> dict[int, set[int]]:
    members: dict[int, set[int]] = {}
    for segment_id, contact_id in pairs:
        of_segment = members.setdefault(segment_id, set())
        if contact_id is not None:
            of_segment.add(contact_id)
    return members
