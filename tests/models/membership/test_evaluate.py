"""Rules are evaluated in as few statements as PostgreSQL takes."""

from datetime import UTC, datetime

from models import db
from models.membership import compiled_rules
from models.membership.compiled_rules import CompiledRule
from models.membership.evaluate import affected, evaluate
from models.rules.catalogue import Catalogue
from models.rules.check import MAX_CONDITIONS, check
from models.rules.depends import dependencies
from tests.kit.segments import TAGGED_VIP
from tests.kit.workspaces import new_workspace

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def test_rules_with_too_many_values_for_one_statement_are_evaluated_in_several(database):
    scope = await new_workspace()
    ids = [
        await db.fetch_value("INSERT INTO contacts (workspace_id, email) VALUES ($1, $2) RETURNING id", scope.workspace_id, email)
        for email in ("1.7@example.com", "339.99@example.com")
    ]  # fmt: skip
    rules = [check(_any_email(f"{n}.{{}}@example.com"), Catalogue()) for n in range(340)]
    compiled = compiled_rules.make(
        scope.workspace_id, 1, "UTC", [CompiledRule(n, rule, frozenset(), ()) for n, rule in enumerate(rules)], ()
    )
    assert (await evaluate(compiled, [], ids, NOW)).segment_ids == []
    found = await evaluate(compiled, range(340), ids, NOW)
    assert list(zip(found.segment_ids, found.contact_ids, found.entered, strict=True)) == [
        (1, ids[0], True),
        (339, ids[1], True),
    ]


def _any_email(pattern):
    leaves = [
        {"field": {"field": "email", "operator": "EQUALS", "value": pattern.format(n)}} for n in range(MAX_CONDITIONS)
    ]
    return {"any": leaves}


def test_contacts_that_concern_the_same_segments_are_evaluated_together(monkeypatch):
    monkeypatch.setattr("models.membership.evaluate.WORTH_A_STATEMENT", -1)
    tags, email = (check(rule, Catalogue()) for rule in (TAGGED_VIP, _any_email("{}@example.com")))
    rules = [CompiledRule(n, rule, dependencies(rule), ()) for n, rule in enumerate((tags, email, tags), start=1)]
    compiled = compiled_rules.make(1, 1, "UTC", rules, ())
    marks = {
        10: frozenset({"tags"}),
        11: frozenset({"tags", "name"}),
        12: frozenset({"email"}),
        13: frozenset({"name"}),
    }
    assert affected(compiled, 0, marks) == {(1, 3): [10, 11], (2,): [12]}


def test_a_few_needless_evaluations_save_a_statement():
    tags, email = (check(rule, Catalogue()) for rule in (TAGGED_VIP, _any_email("{}@example.com")))
    rules = [CompiledRule(n, rule, dependencies(rule), ()) for n, rule in enumerate((tags, email), start=1)]
    compiled = compiled_rules.make(1, 1, "UTC", rules, ())
    marks = {10: frozenset({"tags"}), 12: frozenset({"email"})}
    assert affected(compiled, 0, marks) == {(1, 2): [10, 12]}
