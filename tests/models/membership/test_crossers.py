"""Thresholds are looked up in as few statements as PostgreSQL takes."""

from models import db
from models.membership.crossers import Crossers
from models.membership.statements import LOOKUPS_AT_ONCE
from models.rules.catalogue import Catalogue
from models.rules.check import check
from models.rules.crossings import crossings_of


async def test_statements_for_very_many_thresholds_fit_the_stack_of_postgresql(database):
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


def _older_than(minutes):
    rule = {"field": {"field": "created_at", "operator": "MORE_THAN_AGO", "value": f"PT{minutes}M"}}
    return crossings_of(check(rule, Catalogue()))


def test_a_threshold_that_segments_share_is_looked_up_once():
    crossers = Crossers(1, "UTC", [(7, _older_than(5)), (8, _older_than(5))])
    assert list(crossers.segments_of.values()) == [{7, 8}]
    crossers.remove(7, _older_than(5))
    assert list(crossers.segments_of.values()) == [{8}]
    crossers.remove(8, _older_than(5))
    assert not crossers
    assert crossers.statements() == ()


def test_a_change_makes_only_the_statement_of_its_group_again(monkeypatch):
    monkeypatch.setattr("models.membership.statements.LOOKUPS_AT_ONCE", 2)
    crossers = Crossers(1, "UTC", [(n, _older_than(n)) for n in range(1, 7)])
    before = crossers.statements()
    crossers.add(99, _older_than(1))
    after = crossers.statements()
    assert sum(old is not new for old, new in zip(before, after, strict=True)) == 1
