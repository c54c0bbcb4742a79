"""Changes of rules are listed for a day; a process that knows less reads all rules again."""

from models import db
from models.membership import compiled_rules, engine_lock, rebuild, rule_epochs, stored_rules
from models.segments import segments
from models.segments.segments import SegmentKind
from tests.kit.segments import TAGGED_VIP, dynamic_segment
from tests.kit.workspaces import new_workspace


async def compiled(scope):
    async with db.transaction():
        lock = await engine_lock.take(scope.workspace_id)
        return await compiled_rules.current(scope.workspace_id, lock.epoch)


async def numbered_elsewhere(scope):
    """Numbers captured changes as another process does it."""
    async with db.transaction():
        await engine_lock.take(scope.workspace_id)
        assert await rule_epochs.number(scope.workspace_id)


async def contents(scope):
    """All that the engine knows of the workspace's rules, in a form that can be compared."""
    rules = await compiled(scope)
    marks = [await _marks(statement) for statement in rules.crossers]
    names = {name for rule in rules.rules.values() for name in rule.reads}
    names |= {f"{what}:{segment_id}" for segment_id in rules.rules for what in ("rule", "time")}
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
    return [mark for value in values if isinstance(value, list) for mark in value if str(mark).startswith("time:")]


async def assert_as_if_read_again(scope):
    kept = await contents(scope)
    compiled_rules.forget()
    assert kept == await contents(scope)


async def test_after_unlisted_changes_all_rules_are_read_again(database):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    before = await compiled(scope)
    await segments.update(scope, segment.id, {"rule": {"tags": {"operator": "HAS_ANY", "tags": ["silver"]}}})
    await numbered_elsewhere(scope)
    await db.execute(
        "DELETE FROM rule_changes WHERE epoch = (SELECT min(epoch) FROM rule_changes WHERE epoch > $1)",
        before.epoch.number,
    )
    await rebuild.rebuild(scope.workspace_id, segment.id)
    assert await compiled(scope) is not before
    await assert_as_if_read_again(scope)


async def test_after_a_restored_backup_all_rules_are_read_again(database):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    backup = await db.fetch_value("SELECT epoch FROM rule_epochs WHERE workspace_id = $1", scope.workspace_id)
    rule = await db.fetch_value("SELECT active_rule FROM segments WHERE id = $1", segment.id)
    other = '{"tags": {"tags": ["silver"], "operator": "HAS_ANY"}}'
    await db.execute("UPDATE segments SET active_rule = $2 WHERE id = $1", segment.id, other)
    before = await compiled(scope)
    async with db.transaction():
        await db.execute("UPDATE segments SET active_rule = $2 WHERE id = $1", segment.id, rule)
        await db.execute("DELETE FROM rule_changes WHERE epoch > $1", backup)
        await db.execute("UPDATE rule_epochs SET epoch = $1", backup)
    await segments.create(scope, SegmentKind.DYNAMIC, name="made after the backup was restored", rule=TAGGED_VIP)
    after = await compiled(scope)
    assert after is not before
    assert after.rules[segment.id].rule.tags == ("vip",)


async def test_changes_older_than_a_day_are_deleted(database):
    scope = await new_workspace()
    await dynamic_segment(scope)
    old = await db.fetch_value("SELECT max(epoch) FROM rule_changes") - stored_rules.KEPT_MICROSECONDS
    await db.execute(
        "INSERT INTO rule_changes VALUES ($1, $2, 0, 1), ($1, $3, $2, 1)", scope.workspace_id, old - 1, old
    )
    await compiled(scope)
    assert await db.fetch_value("SELECT min(epoch) FROM rule_changes") == old
