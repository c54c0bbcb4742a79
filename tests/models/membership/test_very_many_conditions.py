"""Rules that say as much as they may, in as many segments as somebody likes: the engine's statements take all of them."""

from datetime import UTC, datetime

from models import db
from models.membership import compiled_rules
from models.membership.compiled_rules import CompiledRule
from models.membership.crossers import Crossers
from models.membership.evaluate import evaluate
from models.membership.statements import LOOKUPS_AT_ONCE
from models.rules.catalogue import Catalogue
from models.rules.check import MAX_CONDITIONS, check
from models.rules.crossings import crossings_of
from tests.kit.workspaces import new_workspace

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def test_rules_with_more_values_than_a_statement_takes_are_asked_in_several(database):
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


async def test_the_lines_of_very_many_rules_are_looked_up_in_statements_that_are_not_too_deep_for_the_stack(database):
    """The statements are only read: planning thousands of looks takes seconds."""
    rules = [
        check({"field": {"field": "created_at", "operator": "MORE_THAN_AGO", "value": f"PT{n}M"}}, Catalogue())
        for n in range(2_000)
    ]
    made = Crossers(1, "UTC", [(n, crossings_of(rule)) for n, rule in enumerate(rules)]).statements()
    assert len(made) == 2_000 / LOOKUPS_AT_ONCE
    async with db.transaction():
        for statement in made:
            await db.execute(f"PREPARE lines AS {statement.sql} LIMIT 1")
            await db.execute("DEALLOCATE lines")
