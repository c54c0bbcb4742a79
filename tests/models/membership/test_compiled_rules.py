"""Compiled rules are brought up to date by what changed, and are then what they would be if everything was read again."""

import asyncio
import os
from contextlib import suppress
from random import Random

import pytest

from models import db
from models.accounts import workspaces
from models.errors import DomainError, Problems
from models.membership import (
    builds,
    compiled_rules,
    engine_lock,
    rebuild,
)
from models.rules.contact_changes import ChangeOf, read, rule_to_evaluate, threshold_crossed
from models.segments import segments
from models.segments.segments import SegmentKind
from tests.kit.engine import settled
from tests.kit.segments import TAGGED_VIP, dynamic_segment, in_segment, members_of, new_contacts
from tests.kit.workspaces import new_workspace

HISTORIES = int(os.environ.get("MUSTER_TEST_EXAMPLES", "6"))


async def compiled(scope):
    async with db.transaction():
        lock = await engine_lock.take(scope.workspace_id)
        return await compiled_rules.current(scope.workspace_id, lock.epoch)


async def contents(scope):
    """All that the engine knows of the workspace's rules, in a form that can be compared."""
    rules = await compiled(scope)
    marks = [await _marks(statement) for statement in rules.crossers]
    names = {name for rule in rules.rules.values() for name in rule.reads}
    names |= {word(segment_id) for segment_id in rules.rules for word in (rule_to_evaluate, threshold_crossed)}
    return {
        "rules": dict(rules.rules),
        "conditions": dict(rules.conditions),
        "levels": [frozenset(level) for level in rules.levels],
        "readers": {name: [rules.readers(level, {name}) for level in range(len(rules.levels))] for name in names},
        "builds": {build.segment_id: build for build in rules.builds},
        "thresholds": dict(rules.thresholds.segments_of),
        "looked up": set().union(*marks),
        "timezone": rules.timezone,
    }


async def _marks(statement):
    row = await db.fetch_row("SELECT now() AS now")
    values = await statement.parameters.values(row["now"], row["now"])
    return [mark for value in values if isinstance(value, list) for mark in value if is_crossing(mark)]


def is_crossing(value):
    return isinstance(value, str) and read(value).of is ChangeOf.THRESHOLD


async def assert_as_if_read_again(scope):
    kept = await contents(scope)
    compiled_rules.forget()
    assert kept == await contents(scope)


# ---------------------------------------------------------------- any history


class History:
    """A workspace whose rules, fields and zone change at random, by the functions of the API and by SQL."""

    def __init__(self, scope, seed):
        self.scope, self.random, self.segments = scope, Random(seed), []

    async def go_on(self):
        steps = [
            self.new,
            self.new,
            self.edit,
            self.edit,
            self.delete,
            self.restore,
            self.build,
            self.build,
            self.build,
        ]
        steps += [self.begin, self.fail, self.field, self.zone, self.by_sql, self.remove, self.cycle, self.together]
        with suppress(DomainError, Problems):
            await self.random.choice(steps)()

    def one(self):
        return self.random.choice(self.segments) if self.segments else 0

    def rule(self):
        random = self.random
        leaves = [
            TAGGED_VIP,
            {"field": {"field": "score", "operator": "GTE", "value": random.randint(1, 3)}},
            {"field": {"field": "subscribed_at", "operator": "WITHIN_LAST", "value": f"P{random.randint(1, 3)}D"}},
            {"field": {"field": "created_at", "operator": "MORE_THAN_AGO", "value": f"P{random.randint(1, 3)}D"}},
            {"field": {"field": f"attributes.f{random.randint(1, 3)}", "operator": "IS_SET"}},
            {"activity": {"kind": "visit", "within": f"P{random.randint(1, 2)}D", "operator": "GTE", "value": 1}},
        ]
        if self.segments:
            leaves += [{"segment": {"segmentId": self.one(), "member": random.random() < 0.5}}] * 4
        return {random.choice(["all", "any"]): random.sample(leaves, random.randint(1, 2))}

    async def new(self):
        made = await segments.create(self.scope, SegmentKind.DYNAMIC_PLUS, name="s", rule=self.rule())
        self.segments.append(made.segment.id)

    async def edit(self):
        await segments.update(self.scope, self.one(), {"rule": self.rule()})

    async def delete(self):
        await segments.delete(self.scope, self.one(), force=True)

    async def restore(self):
        await segments.restore(self.scope, self.one())

    async def build(self):
        for workspace_id, segment_id in list(await builds.wanted())[:2]:
            if workspace_id == self.scope.workspace_id:
                await rebuild.rebuild(workspace_id, segment_id)

    async def begin(self):
        async with db.transaction():
            await engine_lock.take(self.scope.workspace_id)
            await builds.begin(self.scope.workspace_id, self.one())

    async def fail(self):
        await self.sql(
            "UPDATE segments SET status = 'FAILED', active_rule = NULL WHERE workspace_id = $1 AND id = $2", self.one()
        )

    async def field(self):
        key = f"f{self.random.randint(1, 3)}"
        if await self.sql("DELETE FROM contact_fields WHERE workspace_id = $1 AND key = $2", key) == 0:
            kind = self.random.choice(["TEXT", "NUMBER", "DATE"])
            await self.sql(
                "INSERT INTO contact_fields (workspace_id, key, label, type) VALUES ($1, $2, $2, $3)", key, kind
            )

    async def zone(self):
        zone = self.random.choice(["UTC", "Europe/Madrid"])
        await self.sql("UPDATE workspaces SET timezone = $2 WHERE id = $1", zone)

    async def by_sql(self):
        rule = db.dump_json(self.rule())
        await self.sql(
            "UPDATE segments SET rule = $3, active_rule = $3 WHERE workspace_id = $1 AND id = $2", self.one(), rule
        )

    async def remove(self):
        await self.sql("DELETE FROM segments WHERE workspace_id = $1 AND id = $2", self.one())

    async def cycle(self):
        rule = db.dump_json({"segment": {"segmentId": self.one(), "member": True}})
        await self.sql("UPDATE segments SET active_rule = $3 WHERE workspace_id = $1 AND id = $2", self.one(), rule)

    async def together(self):
        async with db.transaction():
            for _ in range(3):
                await self.random.choice([self.by_sql, self.remove, self.field, self.zone, self.cycle])()

    async def sql(self, statement, *arguments):
        return await db.execute(statement, self.scope.workspace_id, *arguments)


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_after_any_history_updated_rules_equal_rules_read_anew(database, seed):
    history = History(await new_workspace(), seed)
    for step in range(60):
        await history.go_on()
        if history.random.random() < 0.7:
            await compiled(history.scope)
        if step % 6 == 0:
            await assert_as_if_read_again(history.scope)
    await assert_as_if_read_again(history.scope)


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_after_parallel_changes_updated_rules_equal_rules_read_anew(database, seed):
    scope = await new_workspace()
    histories = [History(scope, seed * 10 + number) for number in range(4)]
    for history in histories:
        history.segments = histories[0].segments

    async def go_on(history):
        for _ in range(15):
            with suppress(*db.Busy, *db.Contended):
                await history.go_on()
            await compiled(scope)

    for _ in range(2):
        await asyncio.gather(*map(go_on, histories))
        await assert_as_if_read_again(scope)


# ---------------------------------------------------------------- what is read


async def test_only_what_changed_is_read_and_compiled_again(database):
    scope = await new_workspace()
    one = await dynamic_segment(scope)
    other = await dynamic_segment(scope, in_segment(one))
    before = await compiled(scope)
    rules = dict(before.rules)
    statement = before.statement((other.id,))
    await segments.update(scope, one.id, {"rule": {"tags": {"operator": "HAS_ANY", "tags": ["silver"]}}})
    await rebuild.rebuild(scope.workspace_id, one.id)
    after = await compiled(scope)
    assert after is before
    assert after.rules[one.id] != rules[one.id]
    assert after.rules[other.id] is rules[other.id]
    assert after.statement((other.id,)) is statement


async def test_rules_that_mention_a_deleted_segment_are_compiled_again(database):
    scope = await new_workspace()
    one = await dynamic_segment(scope)
    other = await dynamic_segment(scope, in_segment(one))
    before = (await compiled(scope)).rules[other.id]
    await segments.delete(scope, one.id, force=True)
    after = await compiled(scope)
    assert one.id not in after.rules
    assert not before.rule.deleted
    assert after.rules[other.id].rule.deleted


async def test_a_deleted_workspace_has_no_rules(database):
    scope = await new_workspace()
    await dynamic_segment(scope)
    assert (await compiled(scope)).rules
    await db.execute("DELETE FROM workspaces WHERE id = $1", scope.workspace_id)
    assert await workspaces.find_system_scope(scope.workspace_id) is None
    assert not (await compiled(scope)).rules


async def test_an_unreadable_rule_keeps_its_members_and_stops_no_other(database):
    scope = await new_workspace()
    broken, whole = await dynamic_segment(scope), await dynamic_segment(scope)
    ids = await new_contacts(scope, 2, tags=["vip"])
    await settled(scope)
    await db.execute("UPDATE segments SET active_rule = '{\"all\": 5}' WHERE id = $1", broken.id)
    more = await new_contacts(scope, 1, tags=["vip"])
    await settled(scope)
    assert await members_of(scope, broken) == set(ids)
    assert await members_of(scope, whole) == {*ids, *more}
