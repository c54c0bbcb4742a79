"""A rule that cannot be evaluated is set aside, and the other segments go on."""

import pytest

from models import db
from models.membership import batches, compiled_rules, quarantine, rebuild
from models.membership.statements import Statement
from models.segments import segments
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.segments import TAGGED_VIP, dynamic_segment, members_of, new_contacts
from tests.kit.workspaces import new_workspace


async def test_a_rule_that_fails_in_the_database_is_set_aside_and_stops_no_other(database, monkeypatch):
    scope = await new_workspace()
    broken, whole = await dynamic_segment(scope), await dynamic_segment(scope)
    compile_statement = compiled_rules.evaluation

    def with_a_flaw(workspace_id, timezone, segment_ids, rules):
        made = compile_statement(workspace_id, timezone, segment_ids, rules)
        return Statement(made.sql + " LIMIT 1 / 0", made.parameters) if broken.id in segment_ids else made

    monkeypatch.setattr(compiled_rules, "evaluation", with_a_flaw)
    ids = await new_contacts(scope, 2, tags=["vip"])
    with pytest.raises(db.PostgresError) as error:
        await batches.process_batch(scope.workspace_id, 100)
    assert db.is_data_error(error.value)
    assert await quarantine.isolate(scope.workspace_id, 100) == [broken.id]
    await settled(scope)
    assert await members_of(scope, whole) == set(ids)
    assert await db.fetch_value("SELECT status FROM segments WHERE id = $1", broken.id) == "FAILED"
    monkeypatch.undo()
    await rebuild.rebuild(scope.workspace_id, broken.id, again=True)
    await assert_all_is_right(scope)
    assert await members_of(scope, broken) == set(ids)


async def test_a_rule_that_fails_in_python_is_set_aside_too(database, monkeypatch):
    scope = await new_workspace()
    broken, whole = await dynamic_segment(scope), await dynamic_segment(scope)
    compile_statement = compiled_rules.evaluation

    def with_a_bug(workspace_id, timezone, segment_ids, rules):
        return (
            compile_statement(workspace_id, timezone, segment_ids, rules) if broken.id not in segment_ids else {}["x"]
        )

    monkeypatch.setattr(compiled_rules, "evaluation", with_a_bug)
    ids = await new_contacts(scope, 2, tags=["vip"])
    with pytest.raises(KeyError) as error:
        await batches.process_batch(scope.workspace_id, 100)
    assert quarantine.is_a_rules_fault(error.value)
    assert await quarantine.isolate(scope.workspace_id, 100) == [broken.id]
    await settled(scope)
    assert await members_of(scope, whole) == set(ids)


async def test_a_rule_set_aside_before_its_next_is_built_is_not_failed(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    ids = await new_contacts(scope, 2, tags=["vip"])
    await segments.update(scope, vips.id, {"rule": {"not": {"not": TAGGED_VIP}}})
    await quarantine.set_aside(scope.workspace_id, vips.id)
    await rebuild.rebuild(scope.workspace_id, vips.id)
    assert await members_of(scope, vips) == set(ids)
    assert (await segments.get(scope, vips.id)).status == "READY"
