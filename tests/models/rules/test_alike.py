"""Rules that are alike are joined with the contacts, and say what they say alone."""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import clock, db
from models.membership.statements import evaluation
from models.rules.alike import FEWEST, in_groups
from models.rules.catalogue import Catalogue, custom_field
from models.rules.check import check
from models.rules.parameters import Parameters
from models.rules.tree import FieldType
from tests.kit.oracle import holds
from tests.kit.workspaces import new_workspace
from tests.kit.worlds import World

EXAMPLES = int(os.environ.get("MUSTER_TEST_EXAMPLES", "40"))
CATALOGUE = Catalogue(
    custom={
        field.key: field
        for field in (
            custom_field("city", "City", FieldType.TEXT),
            custom_field("born", "Born", FieldType.DATE),
            custom_field("flag", "Flag", FieldType.BOOLEAN),
        )
    }
)


def equals(field, value):
    return {"field": {"field": field, "operator": "EQUALS", "value": value}}


def tagged(*tags):
    return {"tags": {"operator": "HAS_ANY", "tags": list(tags)}}


def checked(rules):
    return {number: check(rule, CATALOGUE) for number, rule in enumerate(rules)}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.integers(0, 2**32))
async def test_a_join_agrees_with_the_oracle(database, seed):
    world = World(seed)
    await world.store(seed + 1)
    rules = [world.rule() for _ in range(150)]
    equalities = [rule for rule in rules if rule.get("field", {}).get("operator") == "EQUALS"]
    rules += [{"all": [world.random.choice(equalities), rule]} for rule in rules if equalities]
    p = Parameters(seed + 1, world.timezone)
    groups = in_groups({number: check(rule, world.catalogue) for number, rule in enumerate(rules)}, p, fewest=1)
    found = await _found(world, p, groups)
    for number in [number for group in groups for number in group.segment_ids]:
        expected = {c["id"] for c in world.contacts if holds(rules[number], c, world.kinds, world.now, world.timezone)}
        assert found.get(number, set()) == expected, (seed, rules[number])


async def _found(world, p, groups):
    joins = [
        f"SELECT c.id, v.segment_id FROM contacts AS c JOIN ({group.table}) AS v ON {group.condition}"
        f" WHERE c.workspace_id = {p.workspace}"
        for group in groups
    ]
    found = {}
    for contact_id, number in await db.fetch(" UNION ALL ".join(joins), *await p.values(world.now)) if joins else ():
        found.setdefault(number, set()).add(contact_id)
    return found


def test_rules_are_joined_that_ask_for_equality_and_read_the_contact_alone():
    p = Parameters(1, "UTC")
    equal = [equals("attributes.city", f"City {n}") for n in range(FEWEST)]
    both = [{"all": [equals("score", n), tagged("vip", f"t{n}")]} for n in range(FEWEST)]
    others = [
        *({"not": rule} for rule in equal),
        *({"any": [rule, tagged("vip")]} for rule in equal),
        *(equals("attributes.flag", True) for _ in range(FEWEST)),
        *({"all": [rule, {"activity": {"kind": "visit", "operator": "GTE", "value": 1}}]} for rule in equal),
        *([equals("attributes.born", "2000-01-01")] * (FEWEST - 1)),
    ]
    groups = in_groups(checked([*equal, *both, *others]), p)
    assert [tuple(group.segment_ids) for group in groups] == [
        tuple(range(FEWEST)),
        tuple(range(FEWEST, 2 * FEWEST)),
    ]


def test_another_value_is_the_same_statement():
    made = [
        evaluation(1, "UTC", range(20), list(checked([equals("score", n * factor) for n in range(20)]).values()))
        for factor in (1, 7)
    ]
    assert made[0].sql == made[1].sql


async def test_lists_of_values_arrive_as_they_are(database):
    scope = await new_workspace()
    tags = ["a,b", '"quoted"', "back\\slash", "{brace}", "NULL", " spaced ", "plain", "Ünïcode"]
    contact_ids = [
        await db.fetch_value(
            "INSERT INTO contacts (workspace_id, score, tags) VALUES ($1, 1, $2) RETURNING id",
            scope.workspace_id,
            [tag],
        )
        for tag in tags
    ]
    rules = checked([{"all": [equals("score", 1), tagged(tag, "nobody's")]} for tag in tags])
    assert in_groups(rules, Parameters(1, "UTC"))
    statement = evaluation(scope.workspace_id, "UTC", list(rules), list(rules.values()))
    rows = await db.fetch(statement.sql, *await statement.parameters.values(clock.now(), contact_ids=contact_ids))
    assert [(row["contact_id"], row["segment_id"]) for row in rows] == list(zip(contact_ids, rules, strict=True))
